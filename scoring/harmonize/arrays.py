"""Mending arrays: which file they are in, their names, axes, number types and unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from scoring.harmonize.array_files import ArrayFile, LooseArray, Part
from scoring.harmonize.array_forms import ArrayForm
from scoring.harmonize.array_names import Answer, asked_for, named_answers, single_answer
from scoring.harmonize.axes import Change, Fit, in_order, ways
from scoring.harmonize.conversion import (
    any_outside,
    conversion_for,
    note_unknown_unit,
    one_unit,
)
from scoring.harmonize.records import MendingLog, agreed
from scoring.readers.base import AnyArray
from scoring.readers.checks import shape_text, shown
from scoring.readers.npy_format import FORTRAN_LIMIT_BYTES
from scoring.readers.units import Conversion, Units, unit_name

_UNIT_NAMES = ("unit", "units")
_TEXT_BYTES = 4096
_WAYS_SHOWN = 4


def mended_arrays(
    handle: BinaryIO,
    log: MendingLog,
    *,
    form: ArrayForm,
    units: Units | None,
    limit_bytes: int,
) -> Callable[[BinaryIO], None]:
    """Return what writes the mended file.

    Values are looked at only where all of them together are smaller than `limit_bytes`.
    """
    whole = form.load(handle)
    found, unit = _without_text(whole, log, units=units)
    if form.is_single:
        answers = single_answer(found, found.arrays, log, order=form.order, targets=form.targets)
    else:
        answers = named_answers(
            found.arrays,
            log,
            targets=form.targets,
            path=form.path,
            synonyms=form.synonyms,
            strict=form.strict,
        )
    _note_types(answers, log)
    fits = _fits(answers, log)
    readers = {
        answer.array.name: _reader(answer, fits.get(answer.array.name)) for answer in answers
    }
    unit = unit or _unit_of(answers, log, units=units)
    small = sum(answer.array.size_bytes for answer in answers) <= limit_bytes
    conversion = _conversion(answers, readers, log, units=units, unit=unit, small=small)
    if not form.strict:
        answers = asked_for(answers, log)
    parts = [_part(answer, readers[answer.array.name], conversion, units) for answer in answers]
    return lambda out: form.save(whole)(out, parts)


def _part(
    answer: Answer,
    read: Callable[[], AnyArray],
    conversion: Conversion | None,
    units: Units | None,
) -> Part:
    if conversion is None or units is None:
        return Part(answer.array.name, read, answer.array.unit)
    unit = units.unit if answer.array.unit else ""
    return Part(answer.array.name, _converted(read, conversion), unit)


def _unit_of(answers: Sequence[Answer], log: MendingLog, *, units: Units | None) -> str:
    """Return the unit that the arrays themselves name, if it is one to convert from.

    Another unit is none of ours: it is written again beside the array, so nothing is hidden.
    """
    if units is None:
        return ""
    named = {unit_name(each.array.unit) for each in answers if each.targets}
    if not named & set(units.accepts):
        return units.unit if units.unit in named else ""
    unit = one_unit(named)
    note_unknown_unit(log, units, named=unit)
    return unit if units.knows(unit) else ""


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


def _note_types(answers: Sequence[Answer], log: MendingLog) -> None:
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


def _fits(answers: Sequence[Answer], log: MendingLog) -> dict[str, Fit]:
    """Return how each array is brought into shape, after noting it by kind of change."""
    chosen: dict[str, Fit] = {}
    groups: dict[tuple[Change, str], list[tuple[Answer, Fit]]] = {}
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


def _fit(answer: Answer, log: MendingLog) -> tuple[Fit | None, str]:
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


def _reader(answer: Answer, fit: Fit | None) -> Callable[[], AnyArray]:
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
    answers: Sequence[Answer],
    readers: Mapping[str, Callable[[], AnyArray]],
    log: MendingLog,
    *,
    units: Units | None,
    unit: str,
    small: bool,
) -> Conversion | None:
    answers = [answer for answer in answers if answer.targets and answer.array.size_bytes]

    def misses(conversion: Conversion | None) -> bool:
        return small and any(
            _misses(each, readers[each.array.name](), conversion) for each in answers
        )

    def example(conversion: Conversion) -> tuple[str, str]:
        if not small:
            return f"{answers[0].label}: {conversion.unit}", units.unit if units else ""
        first = float(readers[answers[0].array.name]().flat[0])
        after = f"{float(conversion.apply(first)):.6g} {units.unit if units else ''}"
        return f"{answers[0].label}: {first:.6g} {conversion.unit}", after

    if not answers:
        return None
    return conversion_for(log, units, named=unit, misses=misses, example=example)


def _misses(answer: Answer, values: AnyArray, conversion: Conversion | None) -> bool:
    if not answer.stacked:
        return any_outside(values, answer.targets, conversion)
    if values.shape[:1] != (len(answer.targets),):
        return True
    pairs = zip(values, answer.targets, strict=True)
    return any(any_outside(np.asarray(part), [target], conversion) for part, target in pairs)
