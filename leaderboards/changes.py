"""What changed from one revision of a board to another: who moved, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from challenges.models import Correction, Target
from leaderboards.provenance import Provenance, provenance_of
from leaderboards.shown import ShownStanding
from leaderboards.visible import VisibleBoard
from leaderboards.visible_scores import board_values


@dataclass(frozen=True, slots=True)
class Move:
    """One entry on both boards; None where it is not on one of them."""

    line: ShownStanding
    old: ShownStanding | None
    new: ShownStanding | None
    reasons: tuple[str, ...]

    @property
    def places(self) -> int | None:
        """How many places it went up; below zero is down."""
        old, new = self.old and self.old.rank, self.new and self.new.rank
        return old - new if old and new else None

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing at all changed for it."""
        return not self.reasons and self.places == 0


@dataclass(frozen=True, slots=True)
class TargetMove:
    """An entry's value on one target, by the metric that ranks; None is a missing value."""

    line: ShownStanding
    target: str
    old: float | None
    new: float | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What lies between two revisions."""

    events: tuple[str, ...]
    moves: list[Move]
    targets: list[TargetMove]


@dataclass(frozen=True, slots=True)
class History:
    """What some revisions of one board were computed from, and what happened to their round."""

    scored: Mapping[int, Provenance]  # by scoring run
    events: Sequence[tuple[datetime, str]]


def history_of(boards: Sequence[VisibleBoard]) -> History:
    """Read the history of some revisions of one board, in three queries."""
    if not boards:
        return History({}, [])
    round_ = boards[0].round
    events = [
        (at, _("Correction in force: %s") % reason)
        for at, reason in Correction.objects.filter(
            round=round_, in_force_at__isnull=False
        ).values_list("in_force_at", "reason")
        if at is not None
    ]
    events += [
        (at, _("Target %(slug)s cancelled: %(reason)s") % {"slug": slug, "reason": reason})
        for at, slug, reason in Target.objects.filter(
            round=round_, cancelled_at__isnull=False
        ).values_list("cancelled_at", "slug", "cancel_reason")
        if at is not None
    ]
    if round_.revealed_at:
        events.append((round_.revealed_at, _("The round was revealed.")))
    return History(provenance_of(*boards), sorted(events))


def changes_between(old: VisibleBoard, new: VisibleBoard, history: History) -> Changes:
    """Compare two revisions of one board, entries in the order of the newer.

    An entry is a method of a team; its submission may be another one than before.
    """
    before, after = _by_entry(old.lines), _by_entry(new.lines)
    moves = [
        Move(line, before.get(key), line, _reasons(before.get(key), line, history.scored))
        for key, line in after.items()
    ]
    moves += [
        Move(line, line, None, (_("not on the board any more"),))
        for key, line in before.items()
        if key not in after
    ]
    return Changes(_events(old, new, history), moves, _target_moves(old, new, moves))


def _target_moves(old: VisibleBoard, new: VisibleBoard, moves: Sequence[Move]) -> list[TargetMove]:
    """Return what became different on single targets, in the order of targets and of the board.

    Only of submissions that were scored again: another file has other values anyway.
    """
    again = [
        move
        for move in moves
        if move.old
        and move.new
        and move.old.submission_id == move.new.submission_id
        and move.old.run_id != move.new.run_id
    ]
    if not again or new.revision is None or old.revision is None or not new.revision.columns:
        return []
    key = new.revision.columns[0]["key"]  # the metric that ranks comes first
    before, after = _values(old, key), _values(new, key)
    slugs = dict.fromkeys([*new.revision.target_slugs, *old.revision.target_slugs])
    found = [
        TargetMove(
            move.line,
            slug,
            before.get((move.line.submission_id, slug)),
            after.get((move.line.submission_id, slug)),
        )
        for slug in slugs
        for move in again
    ]
    return [each for each in found if each.old != each.new]


def _values(board: VisibleBoard, key: str) -> dict[tuple[int, str], float]:
    return {
        (line, slug): value
        for line, metric, slug, value in board_values(board)
        if metric == key and slug is not None
    }


def _by_entry(lines: Sequence[ShownStanding]) -> dict[tuple[Any, ...], ShownStanding]:
    return {_entry(line): line for line in lines}


def _entry(line: ShownStanding) -> tuple[Any, ...]:
    method = line.submission.method
    return line.team_id, method.slug or method.title, line.submission.entry_kind


def _reasons(
    old: ShownStanding | None,
    new: ShownStanding,
    scored: Mapping[int, Provenance],
) -> tuple[str, ...]:
    if old is None:
        return (_("new entry"),)
    found = []
    if old.submission_id != new.submission_id:
        found.append(_("a newer submission counts"))
    was, now = scored.get(old.run_id or 0), scored.get(new.run_id or 0)
    if was is not None and now is not None:
        found += _rescored(was, now)
    if not found and old.value != new.value:
        found.append(_("computed over other targets or by another rule"))
    return tuple(found)


def _rescored(was: Provenance, now: Provenance) -> list[str]:
    answers = sorted(
        slug
        for slug, version in now.references.items()
        if was.references.get(slug, version) != version
    )
    found = []
    if answers:
        found.append(_("scored against corrected answers of %s") % ", ".join(answers))
    metrics = sorted(
        key for key in now.metrics if key in was.metrics and was.metrics[key] != now.metrics[key]
    )
    if metrics:
        found.append(_("scored with other versions of %s") % ", ".join(metrics))
    if was.engine != now.engine:
        found.append(_("scored with engine version %s") % now.engine)
    return found


def _events(old: VisibleBoard, new: VisibleBoard, history: History) -> tuple[str, ...]:
    """Return what happened to the round in between, oldest first."""
    if old.revision is None or new.revision is None:
        return ()
    start, end = old.revision.created_at, new.revision.created_at
    rules = [
        _("The rule changed: %(key)s from %(old)s to %(new)s")
        % {"key": key, "old": old.revision.rule.get(key), "new": new.revision.rule.get(key)}
        for key in new.revision.rule
        if old.revision.rule.get(key) != new.revision.rule.get(key)
    ]
    return (*(text for at, text in history.events if start < at <= end), *rules)
