"""From a line of the bundle that a draft was written as to the place in its forms."""

from __future__ import annotations

import re

from challenges.models import Round
from heldout.bundle.source import ROOT_FILE
from rehearsal.findings import Finding

_KEY = re.compile(r"^( *)((?:- )*)([a-z_]+):(.*)$")
_PARTS = {
    "targets": "targets",
    "schedule": "targets",
    "metrics": "metrics",
    "tracks": "tracks",
    "files": "files",
    "references": "answers",
    "target_set": "target_set",
}


def place_of(finding: Finding, text: str, round: Round) -> str:
    """Return the place as `challenges.admin.places` understands it; empty if there is none."""
    if finding.file != ROOT_FILE or finding.line is None:
        return "answers" if "/answers/" in finding.file else ""
    keys, target = _keys_at(text, finding.line)
    if not keys or keys[0] == "bundle":
        return ""
    if keys[0] == "artifacts":
        return "target_set"
    key = keys[1] if len(keys) > 1 else "slug"
    if keys[0] == "challenge":
        return f"challenge.{key}"
    if key == "targets" and target:
        row = round.targets.filter(slug=target).first()
        return f"target.{row.pk}" if row else "targets"
    if key == "design_items":
        return f"round.design_{keys[2] if len(keys) > 2 else 'mission'}"
    return _PARTS.get(key, f"round.{key}")


def _keys_at(text: str, line: int) -> tuple[list[str], str]:
    """Return the keys that lead to a line, outermost first, and the slug of its target."""
    stack: list[tuple[int, str]] = []
    target = ""
    for raw in text.splitlines()[:line]:
        found = _KEY.match(raw)
        if found is None:
            continue
        indent, key = len(found[1]) + len(found[2]), found[3]
        while stack and stack[-1][0] >= indent:
            stack.pop()
        stack.append((indent, key))
        if key == "slug" and len(stack) > 1 and stack[-2][1] == "targets":
            target = found[4].strip(" '\"")
    return [key for _, key in stack], target
