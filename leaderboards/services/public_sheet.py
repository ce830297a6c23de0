"""The public sheet of a board: what everyone may know of it before the reveal.

It is computed of public targets alone, or as the Ladder lets it out, or rounded, and stored as
revisions of its own. A new one is written only when what it shows is different, so that neither
its number nor its date tells of anything hidden.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from challenges.disclosure import has_private_targets
from challenges.models import Round
from challenges.models.disclosure import BoardPolicy
from leaderboards.entries import Entry, Rule
from leaderboards.ladders import ladder_lines
from leaderboards.lines import Line, ranked_lines
from leaderboards.models import Board, BoardRevision, Standing
from leaderboards.rules import column_documents, rule_document
from leaderboards.sight import needs_public_sheet
from leaderboards.slices import cut, standings_from
from scoring.contract import Aggregate

SHARE_DECIMALS = 2  # of the bootstrap's draws in which an entry was first


@dataclass(frozen=True, slots=True)
class PublicSheet:
    """A sheet before it is stored."""

    rule: dict[str, Any]
    columns: list[dict[str, Any]]
    targets: list[str]
    standings: list[Standing]

    @property
    def digest(self) -> str:
        """Return a digest of all that the sheet shows."""
        shown = [_content(row) for row in self.standings]
        text = json.dumps([self.rule, self.columns, self.targets, shown], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def public_sheet(round_: Round, rule: Rule, entries: Sequence[Entry]) -> PublicSheet | None:
    """Compute what everyone sees before the reveal; None where that is the whole board."""
    is_split = has_private_targets(round_)
    if not needs_public_sheet(round_, is_split=is_split):
        return None
    public = public_rule(rule) if is_split else rule
    document = rule_document(public) | {"sheet": BoardRevision.Sheet.PUBLIC.value}
    if round_.board_policy == BoardPolicy.LADDER:
        public = replace(public, metrics=(public.primary,))
        lines = ladder_lines(round_, public, [cut(entry, public) for entry in entries])
        document |= {"entry": "what the Ladder let out of each team", "step": round_.ladder_step}
    else:
        lines = ranked_lines([cut(entry, public) for entry in entries], public)
    return PublicSheet(
        rule=document,
        columns=column_documents(public),
        targets=[target.slug for target in public.targets],
        standings=_rounded(lines, round_.shown_decimals),
    )


def public_rule(rule: Rule) -> Rule:
    """Return a rule without the private targets, nor metrics that need all targets at once."""
    metrics = tuple(each for each in rule.metrics if each.aggregate != Aggregate.POOLED)
    targets = tuple(each for each in rule.targets if not each.is_private)
    return replace(rule, metrics=metrics, targets=targets)


def store_public_sheet(board: Board, sheet: PublicSheet | None, *, after: BoardRevision) -> None:
    """Store a sheet as a revision if it shows anything new. The board's row is locked."""
    if sheet is None:
        return
    newest = board.current_public
    if newest is not None and newest.inputs_sha256 == sheet.digest:
        return
    revision = BoardRevision.objects.create(
        board=board,
        sheet=BoardRevision.Sheet.PUBLIC,
        number=newest.number + 1 if newest else 1,
        created_at=after.created_at,
        inputs_sha256=sheet.digest,
        watermark="",
        rule=sheet.rule,
        columns=sheet.columns,
        target_slugs=sheet.targets,
    )
    for row in sheet.standings:
        row.revision = revision
    Standing.objects.bulk_create(sheet.standings)
    board.current_public = revision
    board.save(update_fields=["current_public"])


def _rounded(lines: Sequence[Line], decimals: int | None) -> list[Standing]:
    """Return lines as standings in which no value has more decimals than are shown."""
    rows = standings_from(lines)
    for row in rows:
        if row.first_probability is not None:
            row.first_probability = round(row.first_probability, SHARE_DECIMALS)
        if decimals is None:
            continue
        for name in ("value", "value_low", "value_high"):
            value = getattr(row, name)
            setattr(row, name, None if value is None else round(value, decimals) + 0.0)
        row.values = {
            key: None if value is None else round(value, decimals) + 0.0
            for key, value in row.values.items()
        }
    return rows


def _content(row: Standing) -> list[Any]:
    names = (
        "submission_id", "position", "status", "value", "rank", "rank_low", "rank_high",
        "first_probability", "value_low", "value_high", "tie_group", "answered", "offered",
        "submissions_used", "values",
    )  # fmt: skip
    return [getattr(row, name) for name in names]
