"""How changed names and separators are told."""

from __future__ import annotations

from collections.abc import Mapping

from scoring.harmonize.records import MendingLog, agreed
from scoring.readers.checks import shown

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", " ": "blanks"}


def note_delimiter(log: MendingLog, found: str, wanted: str) -> None:
    """Note that cells are separated by another mark than the round asks for."""
    if found != wanted:
        log.note(
            "DELIMITER",
            f"Cells are separated by {DELIMITERS[found]}; the round asks for {DELIMITERS[wanted]}.",
            changes=[(shown(found), shown(wanted))],
        )


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
