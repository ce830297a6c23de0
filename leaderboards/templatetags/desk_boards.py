"""What organizers see of a board that others do not yet."""

from __future__ import annotations

from django import template
from django.utils import timezone

from challenges.models import Round
from leaderboards.last_winners import LastWinner, missing_winners_of
from leaderboards.shaken import SoFar, shaken_so_far
from leaderboards.visible import whole_board

register = template.Library()


@register.simple_tag
def public_against_private(round: Round) -> SoFar | None:
    """Return the shake-up so far; only for pages that organizers of the round alone get."""
    if not round.is_frozen or round.revealed_at is not None:
        return None
    return shaken_so_far(whole_board(round, timezone.now()))


@register.simple_tag
def missing_winners(round: Round) -> list[LastWinner]:
    """Return whom of the round before the baselines of this one lack; for organizers' pages."""
    return missing_winners_of(round)
