"""When what a round withholds is shown: the one predicate that every reader asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from challenges.models import Round, Target
from challenges.models.disclosure import BoardPolicy, ShownFrom


class Kind(StrEnum):
    """Kinds of information about results, each with a clock of its own."""

    BOARD = "board"  # values, ranks, how many entries there are
    NAMES = "names"
    TARGET_SCORES = "target_scores"
    PREDICTIONS = "predictions"
    ABSTRACTS = "abstracts"


def is_disclosed(round: Round, kind: Kind, moment: datetime) -> bool:
    """Tell whether information of this kind is for everyone at `moment`."""
    shown_from = shown_from_of(round, kind)
    if shown_from in {ShownFrom.ALWAYS, ShownFrom.NEVER}:
        return shown_from is ShownFrom.ALWAYS
    starts = disclosed_at(round, kind)
    return starts is not None and starts <= moment


def shown_from_of(round: Round, kind: Kind) -> ShownFrom:
    """Return the event or date from which information of this kind is for everyone."""
    if kind is not Kind.BOARD:
        return ShownFrom(getattr(round, f"{kind.value}_shown"))
    hidden = {BoardPolicy.CLOSE: ShownFrom.CLOSE, BoardPolicy.REVEAL: ShownFrom.REVEAL}
    return hidden.get(BoardPolicy(round.board_policy), ShownFrom.ALWAYS)


def disclosed_at(round: Round, kind: Kind) -> datetime | None:
    """Return the moment of the event or date, None while nobody knows it."""
    shown_from = shown_from_of(round, kind)
    if shown_from is ShownFrom.CLOSE:
        return takes_none_from(round)
    if shown_from is ShownFrom.REVEAL:
        return round.revealed_at
    date: datetime | None = getattr(round, f"{kind.value}_shown_at", None)
    return date


def takes_none_from(round: Round) -> datetime:
    """Return from when on no prediction can come in: the closing date and its grace."""
    return round.closes_at + timedelta(minutes=round.grace_minutes)


def is_revealed(round: Round, moment: datetime) -> bool:
    """Tell whether the round's answers, and what was kept with them, are for everyone."""
    return round.revealed_at is not None and round.revealed_at <= moment


def has_private_targets(round: Round) -> bool:
    """Tell whether some targets are kept from the board until the reveal."""
    return Target.objects.filter(round=round, is_private=True, cancelled_at__isnull=True).exists()
