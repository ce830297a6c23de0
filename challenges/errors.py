"""What the services of challenges refuse, with facts a person can act on.

None of these carries a value of a reference, a path of the host or a storage key.
"""

from __future__ import annotations

from collections.abc import Sequence

from scoring.contract import Problem


class ChallengeError(Exception):
    """Base of the refusals: what is wrong and how to mend it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}".strip())


class NotOrganizer(ChallengeError):
    """The person has no role in the challenge."""


class NotProvider(ChallengeError):
    """The person may not do this for the target."""


class RoundFrozen(ChallengeError):
    """The round is published, so what was asked for would change its rules."""


class AmendmentRefused(ChallengeError):
    """A rule of a published round that cannot change any more, or not without a reason."""


class RoundNotReady(ChallengeError):
    """The act belongs to another state of the round."""


class PublishRefused(ChallengeError):
    """The round cannot open yet; `unmet` says everything that is missing."""

    def __init__(self, unmet: Sequence[str]) -> None:
        self.unmet = tuple(unmet)
        super().__init__("The round cannot be published yet.", " ".join(unmet))


class ReferenceRefused(ChallengeError):
    """An answer that does not fit its target or is no plain finite array."""


class ReferenceUnavailable(ChallengeError):
    """An answer's file is not in storage, or not what was put there."""


class AnswersRefused(ChallengeError):
    """A file with the answers of several targets that cannot be read; says everything wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{problem.message}." for problem in problems))


class TargetRefused(ChallengeError):
    """A target that cannot be changed in this way."""


class CorrectionRefused(ChallengeError):
    """A correction that cannot be proposed, put in force or withdrawn."""


class DisputeRefused(ChallengeError):
    """A dispute that cannot be opened or answered."""


class ScheduleRefused(ChallengeError):
    """A calendar of releases that does not fit the round."""


class RoundFileRefused(ChallengeError):
    """A file that cannot be added to the round."""


class AnnouncementRefused(ChallengeError):
    """An announcement that cannot be posted."""


class TemplateRefused(ChallengeError):
    """A challenge that cannot be begun from a template."""


class CloneRefused(ChallengeError):
    """A round that cannot be cloned in this way."""
