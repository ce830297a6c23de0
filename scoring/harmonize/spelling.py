"""How changed names are told."""

from __future__ import annotations

from collections.abc import Mapping

from scoring.harmonize.records import MendingLog, agreed
from scoring.readers.checks import shown


def note_shift(log: MendingLog, new: Mapping[str, str]) -> bool:
    """Note that names count from another number; return whether they are to be changed."""
    return log.note(
        "INDEX_BASE",
        "All names fit if they count from one number higher or lower than the round does.",
        changes=new.items(),
        decide=agreed("INDEX_BASE"),
    )


def note_spelling(log: MendingLog, new: Mapping[str, str]) -> None:
    """Note names that are spelled differently."""
    if new:
        log.note(
            "ID_SPELLING",
            f"{len(new)} name(s) are spelled differently from the round's.",
            changes=[(shown(before), shown(after)) for before, after in new.items()],
        )
