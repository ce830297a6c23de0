"""What one viewer may see of a round's results at one moment: decided here, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from challenges.disclosure import Kind, is_disclosed, is_revealed
from challenges.models import Round, Target
from challenges.models.disclosure import BoardPolicy
from challenges.selectors import Viewer, organized_challenges


@dataclass(frozen=True, slots=True)
class Sight:
    """What is open to the viewer; whatever is False does not leave the selectors."""

    everything: bool  # an organizer of the challenge
    revealed: bool
    board: bool  # values, ranks and how many entries there are
    names: bool
    target_scores: bool
    predictions: bool
    abstracts: bool
    public_sheet: bool  # only what is computed for everyone: public targets, Ladder, rounded
    public_targets: bool  # only scores on these
    ladder: bool  # values are what the Ladder lets out
    decimals: int | None
    delay: timedelta | None

    @property
    def credit(self) -> bool:
        """Credit is worked out from whole values on all targets, and names people."""
        return self.board and self.names and not self.public_sheet

    @property
    def parts(self) -> bool:
        """Tell whether a board may be ranked again by a part of its targets or another metric."""
        return self.target_scores and not self.ladder

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is withheld from this viewer."""
        return self.credit and self.target_scores and self.delay is None


def sight_of(round_: Round, viewer: Viewer, moment: datetime) -> Sight:
    """Return what this viewer may see of the round's results at `moment`."""
    return sights_of([round_], viewer, moment)[round_.pk]


def whole_sight(round_: Round, moment: datetime) -> Sight:
    """Return the sight from which nothing is withheld."""
    return _sight(round_, moment, everything=True, is_split=False)


def sight_for_everyone(round_: Round, moment: datetime, *, is_split: bool) -> Sight:
    """Return the sight of who has no role; `is_split`: some of the round's targets are private."""
    return _sight(round_, moment, everything=False, is_split=is_split)


def sights_of(rounds: Sequence[Round], viewer: Viewer, moment: datetime) -> dict[int, Sight]:
    """Return what this viewer may see of each round, in a fixed number of queries."""
    mine = set(organized_challenges(viewer).values_list("pk", flat=True)) if rounds else set()
    split = set(
        Target.objects.filter(round__in=rounds, is_private=True, cancelled_at__isnull=True)
        .order_by()
        .values_list("round", flat=True)
    )
    return {
        each.pk: _sight(
            each, moment, everything=each.challenge_id in mine, is_split=each.pk in split
        )
        for each in rounds
    }


def needs_public_sheet(round_: Round, *, is_split: bool) -> bool:
    """Tell whether everyone sees other values before the reveal than those that are ranked."""
    rounded = round_.shown_decimals is not None
    return is_split or rounded or round_.board_policy == BoardPolicy.LADDER


def _sight(round_: Round, moment: datetime, *, everything: bool, is_split: bool) -> Sight:
    revealed = is_revealed(round_, moment)
    ladder = round_.board_policy == BoardPolicy.LADDER
    open_to = {kind: everything or is_disclosed(round_, kind, moment) for kind in Kind}
    withheld = not (everything or revealed)
    hours = round_.board_delay_hours
    return Sight(
        everything=everything,
        revealed=revealed,
        board=open_to[Kind.BOARD],
        names=open_to[Kind.NAMES],
        # What the Ladder keeps back could be read from the scores on single targets.
        target_scores=open_to[Kind.BOARD]
        and open_to[Kind.TARGET_SCORES]
        and not (ladder and withheld),
        # A file tells with whom its numbers stand on the board, so names come first.
        predictions=everything or (open_to[Kind.PREDICTIONS] and open_to[Kind.NAMES]),
        abstracts=open_to[Kind.ABSTRACTS],
        public_sheet=withheld and needs_public_sheet(round_, is_split=is_split),
        public_targets=withheld and is_split,
        ladder=ladder and withheld,
        decimals=round_.shown_decimals if withheld else None,
        delay=timedelta(hours=hours) if withheld and hours is not None else None,
    )
