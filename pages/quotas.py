"""What each of a visitor's teams may still submit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Team
from challenges.models import Round, RoundState
from submissions.services.quota import Quota, quota_of


def quotas_of(teams: Iterable[Team], round_: Round, at: datetime) -> list[tuple[Team, Quota]]:
    """Return each team's quota of the day; nothing while the round is not open."""
    if round_.state_at(at) is not RoundState.OPEN:
        return []
    return [(team, quota_of(team, round_, at)) for team in teams]
