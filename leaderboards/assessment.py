"""What assessors read: every entry's score on every target, without names until their date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.crypto import salted_hmac

from challenges.models import Round
from challenges.selectors import Viewer, can_organize, released_targets
from leaderboards.entries import Entry, Rule, entries_of, rule_of
from leaderboards.rules import column_documents


def assessment_document(
    round_: Round, *, reader: Viewer, with_names: bool, moment: datetime
) -> dict[str, Any]:
    """Return all entries with their scores by metric and target; null is a missing value.

    Entries are in the order of their code names, which tells nothing of who they are, and
    stay the same for as long as the entry's team, method and track do. What a target is called
    is told with its release, to organizers before.
    """
    if not round_.metrics.filter(is_primary=True).exists():
        nothing: dict[str, Any] = {"targets": [], "target_titles": {}, "metrics": []}
        return {"anonymous": not with_names, **nothing, "columns": [], "entries": []}
    rule = rule_of(round_)
    documents = [_entry(each, with_names=with_names) for each in entries_of(round_, rule)]
    return {
        "anonymous": not with_names,
        "targets": [target.slug for target in rule.targets],
        "target_titles": _titles(round_, rule, reader=reader, moment=moment),
        "metrics": [metric.key for metric in rule.metrics],
        "columns": column_documents(rule),
        "entries": sorted(documents, key=lambda each: str(each["entry"])),
    }


def _titles(round_: Round, rule: Rule, *, reader: Viewer, moment: datetime) -> dict[str, str]:
    known = {target.pk for target in rule.targets}
    if not can_organize(reader, round_.challenge):
        known = released_targets(round_, moment)
    return {target.slug: target.title for target in rule.targets if target.pk in known}


def code_name(entry: Entry) -> str:
    """Return the name under which an entry is shown to who may not know its team."""
    submission = entry.submission
    facts = (
        submission.round_id,
        submission.team_id,
        submission.method.slug,
        submission.track_id,
        submission.entry_kind,
    )
    digest = salted_hmac("heldout.assessment", repr(facts), algorithm="sha256").hexdigest()
    return f"E-{digest[:8]}"


def _entry(entry: Entry, *, with_names: bool) -> dict[str, Any]:
    submission = entry.submission
    scores = {
        key: {row.target or "": row.value for row in rows} for key, rows in entry.rows.items()
    }
    document: dict[str, Any] = {
        "entry": code_name(entry),
        "track": submission.track and submission.track.slug,
        "track_title": submission.track and submission.track.title,
        "competes": entry.ranks,
        "scores": scores,
    }
    if with_names:
        document |= {
            "submission": submission.code,
            "team": submission.team.slug,
            "team_name": submission.team.name,
            "method": submission.method.slug,
            "method_title": submission.method.title,
            "entry_kind": submission.entry_kind,
        }
    return document
