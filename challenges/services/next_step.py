"""What the organizers of a round do next: one sentence, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.models import Challenge, Dispute, Round, RoundState
from challenges.selectors import Viewer, organized_challenges
from challenges.services.readiness import unmet_before_publishing

SHOWN_ROUNDS = 5  # of one challenge: the newest


@dataclass(frozen=True, slots=True)
class NextStep:
    """The step of one round; `act` names a page of the round's, empty for its form."""

    round: Round
    state: RoundState
    sentence: str
    act: str = ""
    disputes: int = 0


@dataclass(frozen=True, slots=True)
class OwnChallenge:
    """A challenge of the viewer with the next steps of its rounds."""

    challenge: Challenge
    steps: tuple[NextStep, ...]


def own_challenges(user: Viewer) -> list[OwnChallenge]:
    """Return the challenges that the person organizes, with what is next in each."""
    is_open = Q(targets__disputes__state=Dispute.State.OPEN)
    disputes = Count("targets__disputes", filter=is_open)
    found: dict[int, list[Round]] = {}
    challenges = list(organized_challenges(user).order_by("title"))
    rounds = Round.objects.filter(challenge__in=challenges).select_related("challenge")
    for round in rounds.annotate(open_disputes=disputes).order_by("-opens_at"):
        found.setdefault(round.challenge_id, []).append(round)
    return [OwnChallenge(each, _steps(found.get(each.pk, ()))) for each in challenges]


def _steps(rounds: Iterable[Round]) -> tuple[NextStep, ...]:
    now = timezone.now()
    return tuple(next_step(round, now) for round in list(rounds)[:SHOWN_ROUNDS])


def next_step(round: Round, now: datetime) -> NextStep:
    """Return what the organizers of a round do next."""
    state = round.state_at(now)
    disputes = getattr(round, "open_disputes", 0)
    if state is RoundState.DRAFT:
        number = len(unmet_before_publishing(round))
        if number == 0:
            return NextStep(round, state, _("Complete: look at it as a participant and publish."))
        sentence = ngettext(
            "%(number)d thing is missing before it can open.",
            "%(number)d things are missing before it can open.",
            number,
        ) % {"number": number}
        return NextStep(round, state, sentence)
    said = {
        RoundState.UPCOMING: (_("Opens %(opens)s UTC by itself."), ""),
        RoundState.OPEN: (_("Takes predictions until %(closes)s UTC."), ""),
        RoundState.CLOSED: (_("Closed: look over the entries, then reveal."), "reveal"),
        RoundState.REVEALED: (
            _("Settle disputes, then declare the results final."),
            "finalize",
        ),
        RoundState.FINAL: (_("Done. Begin another round like it?"), "clone"),
    }
    sentence, act = said[state]
    dates = {
        "opens": f"{round.opens_at:%Y-%m-%d %H:%M}",
        "closes": f"{round.closes_at:%Y-%m-%d %H:%M}",
    }
    return NextStep(round, state, sentence % dates, act, disputes)
