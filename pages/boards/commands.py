"""The commands with which anyone computes a line of a board again."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from leaderboards.provenance import Provenance
from pages.boards.lines import Line
from pages.boards.seen import SeenBoard


@dataclass(frozen=True, slots=True)
class Commands:
    """What to type; empty where what it needs is not public yet."""

    rank: str
    score: str


def commands_for(seen: SeenBoard, line: Line, scored: Provenance | None) -> Commands:
    """Return the commands that give a line's rank and value once more."""
    revision, sight = seen.visible.revision, seen.visible.sight
    if revision is None:
        return Commands("", "")
    rule = revision.rule
    rank = (
        f"heldout rank --scores {seen.name}-scores.csv --rule {seen.name}-rule.json "
        f"--bootstrap {rule['bootstrap_resamples']} --seed {rule['bootstrap_seed']}"
    )
    score = (
        f"heldout score --bundle {quote(seen.round.challenge.slug)}.zip "
        f"--round {quote(seen.round.slug)} "
        f"--prediction {line.standing.submission.code} --per-target"
    )
    is_whole = sight.target_scores and not sight.public_sheet
    return Commands(
        rank if is_whole else "", score if is_whole and sight.revealed and scored else ""
    )
