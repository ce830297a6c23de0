"""The checks that every reader makes in the same words, wherever the values come from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeGuard

import numpy as np

from scoring.contract import TargetSpec, fits
from scoring.readers.base import SLAB_BYTES, AnyArray, ArraySource, ProblemLog

# Plain numbers only: no objects (pickles), text, records, dates, complex or extended floats.
ALLOWED_DTYPES = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
_NAME_SHOWN = 60
_NAMES_SEARCHED = 2000


def shown(text: str) -> str:
    """Return a participant's text as it may be quoted: escaped, and of bounded length."""
    quoted = ascii(text)
    return quoted if len(quoted) <= _NAME_SHOWN else quoted[: _NAME_SHOWN - 4] + "...'"


def shape_text(shape: Sequence[int | None]) -> str:
    """Return a shape in words: "a single number", "64 x 32" or "any number x 2"."""
    lengths = ("any number" if length is None else str(length) for length in shape)
    return " x ".join(lengths) if shape else "a single number"


def is_fixed(shape: Sequence[int | None]) -> TypeGuard[Sequence[int]]:
    """Tell whether the length of every axis is declared."""
    return None not in shape


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest known name, or nothing."""
    known = list(known)[:_NAMES_SEARCHED]
    folded = {candidate.casefold().strip(): candidate for candidate in reversed(known)}
    exact = folded.get(name.casefold().strip())
    near = [exact] if exact else get_close_matches(name[:200], known, n=1, cutoff=0.6)
    return f" Did you mean {shown(near[0])}?" if near else ""


def check_dtype(log: ProblemLog, dtype: np.dtype[Any], *, where: str) -> bool:
    """Note a number type that is not accepted; return whether it is."""
    if dtype.kind + str(dtype.itemsize) in ALLOWED_DTYPES and dtype.fields is None:
        return True
    log.add(
        "BAD_DTYPE",
        f"{where} has type {shown(str(dtype))}, which is not a plain number type",
        where=where,
        remedy="convert it to float64 or float32 before saving, e.g. array.astype('float64')",
    )
    return False


def check_shape(
    log: ProblemLog, target: TargetSpec, *, shape: Sequence[int], where: str = ""
) -> bool:
    """Note a shape other than the target's; return whether it fits."""
    expected = tuple(target.shape)
    if fits(shape, expected):
        return True
    where = where or f"target {target.slug}"
    remedy = f"save it with shape {shape_text(target.shape)}"
    if not is_fixed(expected):
        pass  # what could be meant is only plain where every length is declared
    elif sorted(shape) == sorted(expected):
        remedy += "; the axes seem to be in another order"
    elif math.prod(shape) == math.prod(expected):
        remedy += "; the number of values is right, so a reshape may be all it needs"
    log.add(
        "BAD_SHAPE",
        f"{where}: expected {shape_text(target.shape)}, found {shape_text(shape)}",
        where=where,
        remedy=remedy,
    )
    return False


def check_unknown_target(
    log: ProblemLog, name: str, *, targets: Sequence[TargetSpec], where: str
) -> bool:
    """Note a name that is no target of the round; return whether it is one."""
    known = [target.slug for target in targets]
    if name in known:
        return True
    # Searching for a near name is slow: not for a file that is wrong in thousands of places.
    hint = "" if log.is_full else suggestion(name, known)
    log.add(
        "UNKNOWN_TARGET",
        f"{shown(name)} is not a target of this round.{hint}",
        where=where,
        remedy="use the target names of the round exactly: same case, no added spaces",
    )
    return False


def note_duplicate(log: ProblemLog, name: str, *, where: str, first: str = "") -> None:
    """Note a second answer for one target."""
    earlier = f", first in {first}" if first else ""
    log.add(
        "DUPLICATE_TARGET",
        f"{where}: target {shown(name)} is answered a second time{earlier}",
        where=where,
        remedy="keep exactly one answer for each target",
    )


def check_complete(
    log: ProblemLog,
    answered: Iterable[str],
    *,
    targets: Sequence[TargetSpec],
    options: Mapping[str, Any],
) -> None:
    """Note each unanswered target, if the round's reader options ask for all of them."""
    if not options.get("require_all"):
        return
    there = set(answered)
    for target in targets:
        if target.slug not in there:
            log.add(
                "MISSING_TARGET",
                f"there is no prediction for target {target.slug}",
                where=f"target {target.slug}",
                remedy="add it; this round accepts complete predictions only",
            )


def check_values(
    log: ProblemLog, target: TargetSpec, *, source: ArraySource, where: str = ""
) -> None:
    """Read a source in pieces; note values that are not finite or outside the target's range.

    Each kind of problem is told once for an array, with how many values and where the first is.
    """
    where = where or f"target {target.slug}"
    tallies = {"NOT_FINITE": _Tally(), "OUT_OF_RANGE": _Tally()}
    row = 0
    for block in source.chunks(SLAB_BYTES):
        if not all_right(block, target):
            finite = np.isfinite(block)
            tallies["NOT_FINITE"].count(~finite, row=row)
            tallies["OUT_OF_RANGE"].count(_outside(block, target) & finite, row=row)
        row += block.shape[0] if block.ndim else 0
    _note_tally(
        log,
        tallies["NOT_FINITE"],
        code="NOT_FINITE",
        where=where,
        what="not finite (NaN or infinite)",
        remedy="replace them by finite numbers, or leave the target out",
    )
    _note_tally(
        log,
        tallies["OUT_OF_RANGE"],
        code="OUT_OF_RANGE",
        where=where,
        what=f"outside the range {range_text(target)}",
        remedy="check the unit and the sign",
    )


def check_range(log: ProblemLog, target: TargetSpec, *, value: float, where: str) -> bool:
    """Note one number outside the target's range; return whether it is inside."""
    if not bool(_outside(np.asarray(value), target)):
        return True
    log.add(
        "OUT_OF_RANGE",
        f"{where}: the value is outside the range {range_text(target)}",
        where=where,
        remedy="check the unit and the sign",
    )
    return False


def range_text(target: TargetSpec) -> str:
    """Return the accepted range of a target in words."""
    low = "" if target.low is None else f"from {target.low:g}"
    high = "" if target.high is None else f"up to {target.high:g}"
    return " ".join(part for part in (low, high) if part)


class _Tally:
    """How many values of an array are at fault, and the index of the first."""

    def __init__(self) -> None:
        self.total = 0
        self.first: tuple[int, ...] = ()

    def count(self, fault: AnyArray, *, row: int) -> None:
        found = int(np.count_nonzero(fault))
        if found and not self.total and fault.ndim:
            index = np.unravel_index(int(np.argmax(fault)), fault.shape)
            self.first = (int(index[0]) + row, *(int(i) for i in index[1:]))
        self.total += found


def all_right(block: AnyArray, target: TargetSpec) -> bool:
    """Tell whether all values are finite and in range, by the extremes: both keep a NaN."""
    if not block.size:
        return True
    extremes = np.array([block.min(), block.max()])
    return bool(np.isfinite(extremes).all()) and not _outside(extremes, target).any()


def _outside(block: AnyArray, target: TargetSpec) -> AnyArray:
    fault = np.zeros(block.shape, dtype=bool)
    if target.low is not None:
        fault |= block < target.low
    if target.high is not None:
        fault |= block > target.high
    return fault


def _note_tally(
    log: ProblemLog, tally: _Tally, *, code: str, where: str, what: str, remedy: str
) -> None:
    if not tally.total:
        return
    if not tally.first:
        log.add(code, f"{where}: the value is {what}", where=where, remedy=remedy)
        return
    index = ", ".join(str(i) for i in tally.first)
    verb = "value is" if tally.total == 1 else "values are"
    log.add(
        code,
        f"{where}: {tally.total} {verb} {what}, the first at index ({index}), counted from 0",
        where=f"{where}, index ({index})",
        remedy=remedy,
    )
