"""The engine's errors. Each carries facts; none carries a reference value."""

from __future__ import annotations

from scoring.contract import Problem


class ScoringError(Exception):
    """Base of everything the engine raises on purpose."""


class MetricInputError(ScoringError, ValueError):
    """A metric was called with arrays or parameters outside its domain."""


class MetricUndefinedError(ScoringError):
    """A metric has no value for this input (a constant input to a correlation); says why."""


class UnknownMetricError(ScoringError, LookupError):
    """No metric of this slug and version is registered."""


class ReferenceFaultError(ScoringError):
    """The references do not fit the round's targets: the organizer's to mend."""


class UnknownReaderError(ScoringError, LookupError):
    """No reader of this slug is registered."""


class ReaderOptionError(ScoringError, ValueError):
    """A round declares reader options that the reader does not have: the organizer's to mend."""


class MissingPackageError(ReaderOptionError):
    """A format needs a package that is not installed here: the operator's to mend."""


class PredictionFormatError(ScoringError, ValueError):
    """A file could not be read as declared; lists every problem found, up to a limit."""

    def __init__(self, problems: tuple[Problem, ...], left_out: int = 0) -> None:
        self.problems = problems
        self.left_out = left_out
        super().__init__("; ".join(problem.message for problem in problems))


class UnfitValuesError(ScoringError):
    """A prediction was found to hold values that are not accepted, while it was being used."""
