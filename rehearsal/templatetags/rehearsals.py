"""What the checklist of a draft says of its rehearsal."""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from challenges.models import Round
from challenges.services.bundles import fingerprint_of
from rehearsal.drafts import last_rehearsal
from rehearsal.models import RoundRehearsal

register = template.Library()


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The newest rehearsal of a draft against what the draft is now."""

    row: RoundRehearsal | None
    changed: bool = False
    errors: int = 0
    warnings: int = 0


@register.simple_tag
def rehearsed(round: Round) -> Rehearsed:
    """Return what is known of a draft from rehearsing it."""
    row = last_rehearsal(round)
    if row is None or row.report is None:
        return Rehearsed(row)
    severities = [each["severity"] for each in row.report["findings"]]
    return Rehearsed(
        row,
        changed=row.bundle_sha256 != fingerprint_of(round),
        errors=severities.count("error"),
        warnings=severities.count("warning"),
    )
