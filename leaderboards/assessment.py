"""What assessors read: every entry's score on every target, without names until their date."""

from __future__ import annotations

from typing import Any

from django.utils.crypto import salted_hmac

from challenges.models import Round
from leaderboards.entries import Entry, entries_of, rule_of


def assessment_document(round_: Round, *, with_names: bool) -> dict[str, Any]:
    """Return all entries with their scores by metric and target; null is a missing value.

    Entries are in the order of their code names, which tells nothing of who they are, and
    stay the same for as long as the entry's team, method and track do.
    """
    if not round_.metrics.filter(is_primary=True).exists():
        return {"anonymous": not with_names, "targets": [], "metrics": [], "entries": []}
    rule = rule_of(round_)
    documents = [_entry(each, with_names=with_names) for each in entries_of(round_, rule)]
    return {
        "anonymous": not with_names,
        "targets": [target.slug for target in rule.targets],
        "metrics": [metric.key for metric in rule.metrics],
        "entries": sorted(documents, key=lambda each: str(each["entry"])),
    }


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
        "competes": entry.ranks,
        "scores": scores,
    }
    if with_names:
        document |= {
            "submission": submission.code,
            "team": submission.team.slug,
            "method": submission.method.slug,
            "entry_kind": submission.entry_kind,
        }
    return document
