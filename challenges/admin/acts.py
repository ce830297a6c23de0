"""The acts on a round as the admin offers them: what each means, and who does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from accounts.models import User
from challenges.models import Round, RoundState
from challenges.services.rounds import (
    close_round_now,
    finalize_round,
    publish_round,
    reveal_round,
)


class RoundService(Protocol):
    def __call__(self, round: Round, *, by: User) -> Round: ...


@dataclass(frozen=True, slots=True)
class Act:
    """One button."""

    slug: str
    label: str
    done: str
    meaning: str
    state: RoundState  # in which it is offered
    do: RoundService


ACTS: dict[str, Act] = {
    act.slug: act
    for act in (
        Act(
            "publish",
            "Publish this round",
            "Published",
            "The rules are frozen under a hash that everybody can see: dates, targets, metrics, "
            "limits and the commitments to the answers. From then on they cannot be changed. "
            "The round opens by itself at its date.",
            RoundState.DRAFT,
            publish_round,
        ),
        Act(
            "close",
            "Close this round now",
            "Closed",
            "The round stops taking predictions at this moment, before its planned date. "
            "Uploads that have begun still count. This cannot be undone.",
            RoundState.OPEN,
            close_round_now,
        ),
        Act(
            "reveal",
            "Reveal scores and answers",
            "Revealed",
            "All scores of this round become public, and the answers may be given out. "
            "This cannot be undone.",
            RoundState.CLOSED,
            reveal_round,
        ),
        Act(
            "finalize",
            "Declare the results final",
            "Final",
            "The results stand, and the credit of the round is booked from them. Answers and "
            "targets cannot be corrected any more. This cannot be undone.",
            RoundState.REVEALED,
            finalize_round,
        ),
    )
}


def available_acts(round: Round) -> list[Act]:
    """Return the acts that fit the state the round is in."""
    return [act for act in ACTS.values() if act.state is round.state]
