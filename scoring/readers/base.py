"""What a reader is, what it hands over, and how it collects everything that is wrong.

A reader turns an open, seekable, binary handle into a `Prediction`: one array source per target.
It never sees a path or an address, so it can run where there is neither.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import Any, BinaryIO, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scoring.contract import JsonValue, Problem, TargetSpec
from scoring.errors import MissingPackageError, PredictionFormatError, ReaderOptionError

PROBLEM_LIMIT = 50
CHUNK_BYTES = 4 * 2**20
# A piece of this size, and what is made of it, stays in a processor's own cache.
SLAB_BYTES = 512 * 2**10

AnyArray = NDArray[Any]


@runtime_checkable
class ArraySource(Protocol):
    """One array that can be read whole, or in pieces along its first axis.

    A source that reads from a file is valid for as long as that file stays open, and one source
    of a file is read at a time.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def read(self) -> AnyArray:
        """Return the whole array."""

    def chunks(self, max_bytes: int = CHUNK_BYTES) -> Iterator[AnyArray]:
        """Yield consecutive blocks along the first axis, each of about `max_bytes` at most.

        A block holds at least one step of the first axis, however large that is. A scalar (0-d)
        comes as one 0-d block; an array without elements comes as no block.
        """


class MemorySource:
    """An array source over an array in memory: scalars and small arrays."""

    def __init__(self, values: AnyArray | float) -> None:
        self._array = np.asarray(values)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._array.dtype

    def read(self) -> AnyArray:
        return self._array

    def chunks(self, max_bytes: int = CHUNK_BYTES) -> Iterator[AnyArray]:
        if self._array.ndim == 0:
            yield self._array
            return
        step = rows_per_chunk(self.shape, itemsize=self.dtype.itemsize, max_bytes=max_bytes)
        for start in range(0, self.shape[0] if self._array.size else 0, step):
            yield self._array[start : start + step]


def rows_per_chunk(shape: tuple[int, ...], *, itemsize: int, max_bytes: int) -> int:
    """Return how many steps of the first axis fit into `max_bytes`, one at least."""
    row_bytes = itemsize
    for length in shape[1:]:
        row_bytes *= length
    return max(1, max_bytes // max(1, row_bytes))


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a file predicts: array sources by target slug, and what else it says of itself.

    A target that the file does not answer has no source; whether that matters is the round's
    rule, not the reader's.
    """

    sources: Mapping[str, ArraySource]
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    checked: bool = True  # False: values are still to be looked at, by whoever reads them

    @property
    def answered(self) -> tuple[str, ...]:
        return tuple(self.sources)


class ProblemLog:
    """Collects problems up to a limit and counts the rest.

    Parameters
    ----------
    limit : int
        How many problems are kept; a person mends the first ones and uploads again.
    """

    def __init__(self, limit: int = PROBLEM_LIMIT) -> None:
        self._limit = limit
        self._problems: list[Problem] = []
        self._left_out = 0

    def add(self, code: str, message: str, *, where: str = "", remedy: str = "") -> None:
        """Note one problem."""
        self.append(Problem(code=code, message=message, where=where, remedy=remedy))

    def append(self, problem: Problem) -> None:
        """Note one problem that is already a record."""
        if len(self._problems) < self._limit:
            self._problems.append(problem)
        else:
            self._left_out += 1

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(self._problems)

    @property
    def left_out(self) -> int:
        return self._left_out

    @property
    def is_full(self) -> bool:
        """True once the limit is reached: what comes now is only counted."""
        return len(self._problems) >= self._limit

    def __len__(self) -> int:
        return len(self._problems) + self._left_out

    def raise_if_any(self) -> None:
        """Raise `PredictionFormatError` with everything noted, if anything was."""
        if self._problems:
            raise PredictionFormatError(self.problems, self._left_out)


@dataclass(frozen=True, slots=True)
class ReaderOption:
    """One option of a reader: what an organizer may declare, and what it means."""

    name: str
    help: str
    default: JsonValue = None
    kind: type | tuple[type, ...] = str  # what a declared value must be an instance of
    choices: tuple[JsonValue, ...] = ()


REQUIRE_ALL = ReaderOption(
    "require_all",
    "Refuse a file that leaves a target unanswered. Without it such a file is read, and the "
    "round's rule for missing predictions decides.",
    default=False,
    kind=bool,
)


# What every round may declare. Readers make no use of it: it helps to mend a file beforehand.
HARMONIZING_OPTIONS = (
    ReaderOption(
        "units",
        "The unit of the values, and others that a person may convert a file from before handing "
        "it in: {unit: kcal/mol, accepts: {kJ/mol: 0.2390057}}. With an offset: "
        "{unit: K, accepts: {degC: {factor: 1, offset: 273.15}}}.",
        default={},
        kind=dict,
    ),
    ReaderOption(
        "synonyms",
        "Other names under which files may have a column: {value: [logP, logp_pred]}.",
        default={},
        kind=dict,
    ),
)


class OptionCheck(Protocol):
    """What declared options must agree on beyond their types. They are complete."""

    def __call__(self, options: Mapping[str, JsonValue], /) -> None:
        """Raise `ReaderOptionError` if the options contradict each other or cannot be meant."""


class ReadFunction(Protocol):
    """The work of a reader. `options` are complete: every declared option has a value."""

    def __call__(
        self,
        handle: BinaryIO,
        *,
        options: Mapping[str, JsonValue],
        targets: Sequence[TargetSpec],
    ) -> Prediction: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """A registered file format: how it is named, explained, set up and read."""

    slug: str
    title: str
    help: str  # plain words for the person who writes such a file
    extensions: tuple[str, ...]  # with the dot: (".npz",)
    read_function: ReadFunction
    options: tuple[ReaderOption, ...] = (REQUIRE_ALL,)
    open_function: ReadFunction | None = None  # the same, without looking at values
    check_options: OptionCheck | None = None
    extra: str = ""  # what installs the packages it needs: pip install 'heldout[extra]'
    packages: tuple[str, ...] = ()  # modules it needs beyond those of the engine

    @property
    def is_installed(self) -> bool:
        """Tell whether the packages that it needs are there."""
        return all(_is_installed(name) for name in self.packages)

    def load_packages(self) -> None:
        """Import the packages that it needs, as a process does that will fork to read files."""
        if self.is_installed:
            for name in self.packages:
                importlib.import_module(name)

    def open(
        self,
        handle: BinaryIO,
        *,
        options: Mapping[str, JsonValue] | None = None,
        targets: Sequence[TargetSpec],
    ) -> Prediction:
        """Open a prediction file for someone who looks at the values while using them.

        As `read`, but if the format allows, values are neither read nor checked yet; then
        ``checked`` of the result is False, and damage may show only when a source is read.
        """
        work = self.open_function or self.read_function
        return work(handle, options=self.complete(options or {}), targets=targets)

    def read(
        self,
        handle: BinaryIO,
        *,
        options: Mapping[str, JsonValue] | None = None,
        targets: Sequence[TargetSpec],
    ) -> Prediction:
        """Read a prediction file.

        Parameters
        ----------
        handle : binary file
            Open and seekable; must stay open while the sources of the result are in use.
        options : mapping, optional
            Values for the reader's declared `options`; the others take their defaults.
        targets : sequence of TargetSpec
            What is public about the targets of the round.

        Raises
        ------
        PredictionFormatError
            With every problem found in the file, up to `PROBLEM_LIMIT`.
        ReaderOptionError
            If the options themselves are wrong, which is the organizer's to mend.
        MissingPackageError
            If the format needs a package that is not installed.
        """
        return self.read_function(handle, options=self.complete(options or {}), targets=targets)

    def complete(self, options: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Check declared options and fill in the defaults of the others.

        Raises
        ------
        ReaderOptionError
            If one is unknown, of another kind, or contradicts another.
        MissingPackageError
            If the format needs a package that is not installed.
        """
        if not self.is_installed:
            raise MissingPackageError(
                f"reader {self.slug} needs one more package: pip install 'heldout[{self.extra}]'"
            )
        known = {option.name: option for option in (*self.options, *HARMONIZING_OPTIONS)}
        for name, value in options.items():
            if name not in known:
                raise ReaderOptionError(
                    f"reader {self.slug} has no option {name!r}; it has {', '.join(sorted(known))}"
                )
            _check_option(self.slug, known[name], value=value)
        complete = {name: options.get(name, option.default) for name, option in known.items()}
        if self.check_options is not None:
            self.check_options(complete)
        return complete


@cache
def _is_installed(package: str) -> bool:
    return find_spec(package) is not None


def _check_synonyms(reader: str, synonyms: Mapping[str, JsonValue]) -> None:
    for name, words in synonyms.items():
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ReaderOptionError(
                f"reader {reader}: option synonyms must name a list of words for {name}"
            )


def _check_option(reader: str, option: ReaderOption, *, value: JsonValue) -> None:
    kinds = option.kind if isinstance(option.kind, tuple) else (option.kind,)
    # bool is an int to Python, but a "yes" is not a column number.
    fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
    if not fits and value != option.default:
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise ReaderOptionError(f"reader {reader}: option {option.name} must be {expected}")
    if option.choices and value not in option.choices:
        allowed = ", ".join(repr(choice) for choice in option.choices)
        raise ReaderOptionError(f"reader {reader}: option {option.name} must be one of {allowed}")
