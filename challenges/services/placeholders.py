"""Prompts that templates leave in texts: until they are written over, a round cannot open."""

from __future__ import annotations

PROMPT = "TO WRITE:"


def prompts_in(text: str) -> list[str]:
    """Return what the prompts still in a text ask for, in their order."""
    found = []
    for line in text.splitlines():
        before, mark, asked = line.partition(PROMPT)
        if mark and not before.strip(" >*#-_"):
            found.append(asked.strip(" *_") or "a text")
    return found


def is_written(text: str) -> bool:
    """Tell whether there is a text, and no prompt in it any more."""
    return bool(text.strip()) and not prompts_in(text)
