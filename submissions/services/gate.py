"""The one gate: who may submit to a round at a moment. Pages, API and client all pass it."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Team, User
from accounts.selectors import active_members_of, is_member
from challenges.models import Round, RoundState
from challenges.selectors import can_organize, insiders
from submissions.errors import GateClosed, NotAllowed
from submissions.models import Submission

EntryKind = Submission.EntryKind

# What an organizer may still add when participants no longer can: a baseline that was
# forgotten, an entry that came late.
_ORGANIZERS_STATES = {RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED}


def check_gate(
    *,
    round: Round,
    team: Team,
    by: User,
    at: datetime,
    entry_kind: str = EntryKind.PARTICIPANT,
) -> None:
    """Refuse unless the person may submit for the team to the round, uploading from `at` on.

    Raises
    ------
    GateClosed
        If the round takes no such entry at that moment.
    NotAllowed
        If the person is not in the team, made the targets, or asks for an entry kind that is
        for organizers.
    """
    if entry_kind not in EntryKind.values:
        raise NotAllowed("UNKNOWN_ENTRY_KIND", f"There is no entry kind {entry_kind!r}.")
    if not by.is_active:
        raise NotAllowed("ACCOUNT_CLOSED", "This account is closed.")
    if entry_kind == EntryKind.PARTICIPANT:
        _check_participant(round, team, by=by, at=at)
    else:
        _check_organizer(round, by=by, at=at, entry_kind=entry_kind)


def _check_participant(round: Round, team: Team, *, by: User, at: datetime) -> None:
    if not is_member(by, team):
        raise NotAllowed("NOT_A_MEMBER", f"You are not in the team {team.name}.")
    state = round.state_at(at)
    if state in {RoundState.DRAFT, RoundState.UPCOMING}:
        raise GateClosed(
            "ROUND_NOT_OPEN",
            "The round is not open yet.",
            f"It opens at {round.opens_at:%Y-%m-%d %H:%M} UTC.",
        )
    if not round.takes_predictions_at(at):
        grace = f" and {round.grace_minutes} minutes of grace" if round.grace_minutes else ""
        raise GateClosed(
            "ROUND_CLOSED",
            f"The round closed at {round.closes_at:%Y-%m-%d %H:%M} UTC.",
            f"An upload counts if it starts before that moment{grace}.",
        )
    makers = insiders(round)
    if makers and active_members_of(team).filter(pk__in=makers).exists():
        raise NotAllowed(
            "MADE_THE_TARGETS",
            "Someone in this team made the targets of the round, so it cannot be ranked here.",
            "Ask the organizers to enter the predictions unranked.",
        )


def _check_organizer(round: Round, *, by: User, at: datetime, entry_kind: str) -> None:
    label = EntryKind(entry_kind).label.lower()
    if not can_organize(by, round.challenge):
        raise NotAllowed(
            "ENTRY_KIND_OF_ORGANIZERS", f"Only organizers may make an entry of kind {label}."
        )
    allowed = _ORGANIZERS_STATES - ({RoundState.OPEN} if entry_kind == EntryKind.LATE else set())
    state = round.state_at(at)
    if state not in allowed:
        raise GateClosed(
            "WRONG_STATE", f"The round is {state.label.lower()} and takes no {label} entry now."
        )
