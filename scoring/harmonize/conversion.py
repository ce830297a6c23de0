"""Which unit a file is in, by its own word, by a person's, or by the range its values miss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from scoring.contract import TargetSpec
from scoring.harmonize.records import MendingLog, agreed
from scoring.readers.base import AnyArray
from scoring.readers.checks import shown
from scoring.readers.units import Conversion, Units, unit_name

Example = Callable[[Conversion], tuple[str, str]]
Misses = Callable[[Conversion | None], bool]


def conversion_for(
    log: MendingLog, units: Units | None, *, named: str, misses: Misses, example: Example
) -> Conversion | None:
    """Return how the values are to be converted, after noting why; None if they are not.

    Parameters
    ----------
    named : str
        The unit the file itself names, or nothing.
    misses : callable
        Whether any value would be outside its target's range under a conversion, or none.
    example : callable
        One value before and after a conversion.
    """
    if units is None:
        return None
    said = unit_name(log.decisions.unit or named)
    if said:
        return _of_unit(log, units, said=said, example=example)
    if not misses(None):
        return None
    for conversion in units.accepts.values():
        if not misses(conversion):
            log.note(
                "UNIT_GUESS",
                f"Values are out of range in {units.unit}, the unit of the round, and all of them "
                f"in range if they are in {conversion.unit} ({conversion} gives {units.unit}).",
                changes=[example(conversion)],
                decide=f"--unit {conversion.unit}",
            )
    return None


def one_unit(names: Iterable[str]) -> str:
    """Return the unit that all places of a file name; all that is said where they disagree.

    >>> one_unit(["km", " km"]), one_unit(["m", "km"]), one_unit(["km", ""]), one_unit([""])
    ('km', 'km, m', 'km, no unit', '')
    """
    told = {unit_name(name) for name in names}
    named = sorted(told - {""})
    return ", ".join([*named, "no unit"] if named and "" in told else named)


def note_unknown_unit(log: MendingLog, units: Units | None, *, named: str) -> None:
    """Note a unit that the round does not convert: mending would hide what the file says."""
    if named and not (units and units.knows(named)):
        log.note(
            "UNKNOWN_UNIT",
            f"The file names the unit {shown(named)}, which the round does not convert."
            + (f" The round takes {units.unit}." if units else ""),
            decide=agreed("UNKNOWN_UNIT"),
            blocks=True,
        )


def _of_unit(log: MendingLog, units: Units, *, said: str, example: Example) -> Conversion | None:
    conversion = units.accepts.get(said)
    if conversion is None:
        return None
    log.note(
        "UNIT",
        f"The values are in {said}, the round takes {units.unit}: {conversion}.",
        changes=[example(conversion)],
    )
    return conversion


def any_outside(
    values: AnyArray, targets: Sequence[TargetSpec], conversion: Conversion | None
) -> bool:
    """Tell whether a value is outside the range of any of the targets it is for."""
    finite = values[np.isfinite(values)] if values.size else values
    if not finite.size:
        return False
    ends = np.array([finite.min(), finite.max()], dtype=np.float64)
    if conversion is not None:
        ends = np.sort(np.asarray(conversion.apply(ends)))
    return any(
        (target.low is not None and ends[0] < target.low)
        or (target.high is not None and ends[1] > target.high)
        for target in targets
    )
