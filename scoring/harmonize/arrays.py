"""Mending arrays: which file they are in, their names, axes, number types and unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import BinaryIO

import numpy as np

from scoring.contract import JsonValue, TargetSpec
from scoring.harmonize.array_files import ArrayFile, LooseArray, load, save
from scoring.harmonize.axes import Change, Fit, in_order, ways
from scoring.harmonize.conversion import any_outside, conversion_for, note_unknown_unit
from scoring.harmonize.names import match_names, shifted_indices
from scoring.harmonize.records import MendingLog, agreed
from scoring.harmonize.spelling import note_shift, note_spelling
from scoring.readers.base import AnyArray
from scoring.readers.checks import shape_text, shown
from scoring.readers.npy_format import FORTRAN_LIMIT_BYTES
from scoring.readers.units import Conversion, Units, declared_units, unit_name

_UNIT_NAMES = ("unit", "units")
_TEXT_BYTES = 4096
_WAYS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class _Answer:
    """One array that the mended file will hold, and the targets it answers."""

    array: LooseArray
    shape: tuple[int | None, ...]  # what it should have
    targets: tuple[TargetSpec, ...]
    stacked: bool = False

    @property
    def label(self) -> str:
        return shown(self.array.name)[1:-1] if self.array.name else "the array"


def mended_arrays(
    handle: BinaryIO,
    log: MendingLog,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
    archive: bool,
    limit_bytes: int,
) -> Callable[[BinaryIO], None]:
    """Return what writes the mended file: a .npz if `archive`, else a .npy.

    Values are looked at only where all of them together are smaller than `limit_bytes`.
    """
    found, unit = _without_text(load(handle), log, units=declared_units(options["units"]))
    arrays = [replace(array, name=_base(array.name)) for array in found.arrays]
    _note_folders(log, found.arrays)
    if archive:
        answers = _named_answers(arrays, log, targets=targets)
    else:
        answers = _single_answer(found, arrays, log, options=options, targets=targets)
    _note_types(answers, log)
    fits = _fits(answers, log)
    readers = {
        answer.array.name: _reader(answer, fits.get(answer.array.name)) for answer in answers
    }
    small = sum(answer.array.size_bytes for answer in answers) <= limit_bytes
    conversion = _conversion(answers, readers, log, options=options, unit=unit) if small else None
    if conversion is not None:
        readers = {name: _converted(read, conversion) for name, read in readers.items()}
    return lambda out: save(out, readers, archive=archive, compress=found.is_compressed)


def _base(name: str) -> str:
    return PurePosixPath(name).name


def _note_folders(log: MendingLog, arrays: Sequence[LooseArray]) -> None:
    nested = [array.name for array in arrays if _base(array.name) != array.name]
    if nested:
        message = "Arrays lie in a folder of the archive; they are put at its top."
        log.note("FOLDER", message, changes=[(shown(name), shown(_base(name))) for name in nested])


def _without_text(
    file: ArrayFile, log: MendingLog, *, units: Units | None
) -> tuple[ArrayFile, str]:
    """Take out text, which is no prediction, and return the unit if that is what it says."""
    text = [array for array in file.arrays if array.dtype.kind == "U"]
    labels = [
        array
        for array in text
        if array.name in _UNIT_NAMES and array.shape == () and array.size_bytes <= _TEXT_BYTES
    ]
    unit = unit_name(str(labels[0].read())) if labels else ""
    note_unknown_unit(log, units, named=unit)
    if text and not (units and unit in units.accepts):
        changes = [(shown(array.name), "") for array in text]
        log.note("TEXT_ARRAYS", f"{len(text)} array(s) hold text; left out.", changes=changes)
    numbers = tuple(array for array in file.arrays if array.dtype.kind != "U")
    return replace(file, arrays=numbers), unit


def _named_answers(
    arrays: Sequence[LooseArray], log: MendingLog, *, targets: Sequence[TargetSpec]
) -> list[_Answer]:
    specs = {target.slug: target for target in targets}
    arrays = _as_named(arrays, log, targets=targets)
    names = [array.name for array in arrays]
    shifted = shifted_indices(names, list(specs))
    if shifted:
        new: Mapping[str, str] = shifted if note_shift(log, shifted) else {}
    else:
        new = match_names(names, list(specs))
        note_spelling(log, new)
    arrays = [replace(array, name=new.get(array.name, array.name)) for array in arrays]
    arrays = _without_extra(arrays, log, known=set(specs))
    return [
        _Answer(array, specs[array.name].shape, (specs[array.name],))
        if array.name in specs
        else _Answer(array, array.shape, ())
        for array in arrays
    ]


def _as_named(
    arrays: Sequence[LooseArray], log: MendingLog, *, targets: Sequence[TargetSpec]
) -> list[LooseArray]:
    """Give arrays without a name of their own those of the targets."""
    if len(arrays) == 1 and not arrays[0].name and len(targets) > 1:
        return _taken_apart(arrays[0], log, targets=targets)
    nameless = all(
        array.name in ("", f"arr_{place}") for place, array in enumerate(arrays)
    ) and len(arrays) == len(targets)
    if not nameless or {array.name for array in arrays} == {target.slug for target in targets}:
        return list(arrays)
    names = [target.slug for target in targets]
    changes = [(array.name or "the array", name) for array, name in zip(arrays, names, strict=True)]
    if len(targets) == 1:
        if not arrays[0].name:
            log.note("CONTAINER", "The file is one .npy array; it is put into a .npz archive.")
        else:
            log.note("NAMES", "The array has no name; it gets the target's.", changes=changes)
    elif not log.note(
        "TARGET_ORDER",
        "The arrays have no names; they could be in the order in which the round lists its "
        "targets.",
        changes=changes,
        decide=agreed("TARGET_ORDER"),
    ):
        return list(arrays)
    return [replace(array, name=name) for array, name in zip(arrays, names, strict=True)]


def _taken_apart(
    array: LooseArray, log: MendingLog, *, targets: Sequence[TargetSpec]
) -> list[LooseArray]:
    """Cut one array along its first axis into one for each target, if a person agrees."""
    shapes = {target.shape for target in targets}
    if array.shape != (len(targets), *next(iter(shapes))) or len(shapes) > 1:
        return [array]
    changes = [(f"index {place}", target.slug) for place, target in enumerate(targets)]
    if not log.note(
        "TARGET_ORDER",
        "The file is one .npy array; its first axis could run over the targets in the round's "
        "order.",
        changes=changes,
        decide=agreed("TARGET_ORDER"),
    ):
        return [array]
    return [
        replace(array, name=target.slug, shape=array.shape[1:], read=_part(array.read, place))
        for place, target in enumerate(targets)
    ]


def _part(read: Callable[[], AnyArray], place: int) -> Callable[[], AnyArray]:
    return lambda: np.asarray(read()[place])


def _without_extra(
    arrays: list[LooseArray], log: MendingLog, *, known: set[str]
) -> list[LooseArray]:
    """Leave out arrays that are no target's: at once if all targets have theirs."""
    extra = [array.name for array in arrays if array.name not in known]
    if not extra or len(extra) == len(arrays):
        return arrays
    complete = known <= {array.name for array in arrays}
    leave_out = log.note(
        "EXTRA_ARRAYS",
        f"{len(extra)} array(s) have names that no target has; left out.",
        changes=[(shown(name), "") for name in extra],
        decide="" if complete else agreed("EXTRA_ARRAYS"),
    )
    return [array for array in arrays if array.name in known] if leave_out else arrays


def _single_answer(
    file: ArrayFile,
    arrays: Sequence[LooseArray],
    log: MendingLog,
    *,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
) -> list[_Answer]:
    """Return the one array that a .npy file is to hold."""
    order = list(options.get("stack") or ())
    specs = {target.slug: target for target in targets}
    if not order:
        (array,) = arrays  # a ValueError, as of anything unreadable, where there are more
        if file.is_archive:
            log.note("CONTAINER", "The file is a .npz archive; its only array is written alone.")
        return [_Answer(replace(array, name=""), targets[0].shape, (targets[0],))]
    in_order = tuple(specs[slug] for slug in order)
    shape = (len(order), *in_order[0].shape)
    if len(arrays) == 1:
        if file.is_archive:
            log.note("CONTAINER", "The file is a .npz archive; its only array is written alone.")
        return [_Answer(replace(arrays[0], name=""), shape, in_order, stacked=True)]
    by_name = {array.name: array for array in arrays}
    parts = [by_name[slug] for slug in order]
    log.note(
        "CONTAINER",
        "The file is a .npz archive; its arrays are put one behind the other by their names.",
        changes=[(slug, f"index {place}") for place, slug in enumerate(order)],
    )
    whole = LooseArray(
        "",
        (len(parts), *parts[0].shape),
        np.result_type(*(part.dtype for part in parts)),
        False,
        lambda: np.stack([part.read() for part in parts]),
    )
    return [_Answer(whole, shape, in_order, stacked=True)]


def _note_types(answers: Sequence[_Answer], log: MendingLog) -> None:
    wide = [answer for answer in answers if _is_wide(answer.array)]
    if wide:
        log.note(
            "NUMBER_TYPE",
            "Numbers are in extended precision, which other machines do not have; they are "
            "rounded to float64.",
            changes=[(f"{each.label}: {each.array.dtype}", "float64") for each in wide],
        )
    turned = [a for a in answers if a.array.fortran_order and len(a.array.shape) > 1]
    large = [each for each in turned if each.array.size_bytes > FORTRAN_LIMIT_BYTES]
    if large:
        log.note(
            "STORAGE_ORDER",
            "Large arrays are stored in Fortran order; they are written in C order.",
            changes=[(each.label, each.label) for each in large],
        )


def _is_wide(array: LooseArray) -> bool:
    return array.dtype.kind == "f" and array.dtype.itemsize > 8


_WORDS = {
    Change.SINGLETON: ("SINGLETON_AXES", "Axes of length 1 are left out or added."),
    Change.AXES: ("AXES", "Axes are in another order; they are permuted."),
    Change.RESHAPE: (
        "RESHAPE",
        "The number of values is right; they could be in the right order, last axis fastest.",
    ),
}


def _fits(answers: Sequence[_Answer], log: MendingLog) -> dict[str, Fit]:
    """Return how each array is brought into shape, after noting it by kind of change."""
    chosen: dict[str, Fit] = {}
    groups: dict[tuple[Change, str], list[tuple[_Answer, Fit]]] = {}
    for answer in answers:
        fit, decide = _fit(answer, log)
        if fit is not None:
            groups.setdefault((fit.change, decide), []).append((answer, fit))
    for (change, decide), members in groups.items():
        code, message = _WORDS[change]
        if decide and change is Change.AXES:
            message = "Axes are in another order, and more than one would fit."
        changes = [
            (
                f"{answer.label}: {shape_text(answer.array.shape)}",
                f"{answer.label}: {shape_text(fit.shape)}",
            )
            for answer, fit in members
        ]
        where = f"{len(members)} array(s)"
        if log.note(code, message, where=where, changes=changes, decide=decide):
            chosen |= {answer.array.name: fit for answer, fit in members}
    return chosen


def _fit(answer: _Answer, log: MendingLog) -> tuple[Fit | None, str]:
    """Return the way for one array, and what a person must say before it is taken."""
    have, axes = answer.array.shape, log.decisions.axes
    if axes and answer.targets and len(axes) == len(have):
        fit = in_order(have, answer.shape, axes)
        if fit is not None:
            return fit, ""
    found = ways(have, answer.shape)
    if not found:
        return None, ""
    if found[0].change is Change.RESHAPE:
        return found[0], agreed("RESHAPE")
    if len(found) == 1:
        return found[0], ""
    orders = [",".join(map(str, way.axes)) for way in found[:_WAYS_SHOWN]]
    return found[0], " or ".join(f"--axes {order}" for order in orders)


def _reader(answer: _Answer, fit: Fit | None) -> Callable[[], AnyArray]:
    def read() -> AnyArray:
        array = answer.array.read()
        if _is_wide(answer.array):
            with np.errstate(over="ignore"):
                array = array.astype(np.float64)
        return array if fit is None else fit.apply(array)

    return read


def _converted(read: Callable[[], AnyArray], conversion: Conversion) -> Callable[[], AnyArray]:
    return lambda: np.asarray(conversion.apply(np.asarray(read(), dtype=np.float64)))


def _conversion(
    answers: Sequence[_Answer],
    readers: Mapping[str, Callable[[], AnyArray]],
    log: MendingLog,
    *,
    options: Mapping[str, JsonValue],
    unit: str,
) -> Conversion | None:
    units = declared_units(options["units"])
    answers = [answer for answer in answers if answer.targets and answer.array.size_bytes]

    def misses(conversion: Conversion | None) -> bool:
        return any(_misses(each, readers[each.array.name](), conversion) for each in answers)

    def example(conversion: Conversion) -> tuple[str, str]:
        first = float(readers[answers[0].array.name]().flat[0])
        after = f"{float(conversion.apply(first)):.6g} {units.unit if units else ''}"
        return f"{answers[0].label}: {first:.6g} {conversion.unit}", after

    if not answers:
        return None
    return conversion_for(log, units, named=unit, misses=misses, example=example)


def _misses(answer: _Answer, values: AnyArray, conversion: Conversion | None) -> bool:
    if not answer.stacked:
        return any_outside(values, answer.targets, conversion)
    if values.shape[:1] != (len(answer.targets),):
        return True
    pairs = zip(values, answer.targets, strict=True)
    return any(any_outside(np.asarray(part), [target], conversion) for part, target in pairs)
