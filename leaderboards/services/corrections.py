"""What a correction does to a board, seen before it is done and done at once."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from challenges.models import Correction
from leaderboards.entries import entries_of, rule_of
from leaderboards.lines import ranked_lines
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission
from submissions.services import shadow


@dataclass(frozen=True, slots=True)
class Move:
    """An entry's place and value as they are and as they would be; None is unranked."""

    submission: Submission
    old_rank: int | None
    new_rank: int | None
    old_value: float | None
    new_value: float | None

    @property
    def changes_place(self) -> bool:
        return self.old_rank != self.new_rank


def who_moves(correction: Correction) -> list[Move]:
    """Return every entry's place now and under an open correction, in the new order.

    Entries that are not scored under it yet have no new place.
    """
    round_ = correction.round
    rule = rule_of(round_)
    old = {line.entry.submission.pk: line for line in ranked_lines(entries_of(round_, rule), rule)}
    new_rule = rule_of(round_, correction=correction)
    new = ranked_lines(entries_of(round_, new_rule, correction=correction), new_rule)
    return [
        Move(
            submission=line.entry.submission,
            old_rank=old[line.entry.submission.pk].rank,
            new_rank=line.rank,
            old_value=old[line.entry.submission.pk].value.value,
            new_value=line.value.value,
        )
        for line in new
        if line.entry.submission.pk in old
    ]


@transaction.atomic
def publish_correction(correction: Correction, *, by: User) -> None:
    """Put a correction in force with its scores and the board of them: all, or nothing.

    The revision of the board before stays readable, and so do the runs.

    Raises
    ------
    CorrectionRefused
        If an entry is not scored under it yet, or it is not open any more.
    """
    shadow.publish_correction(correction, by=by)
    refresh_board(correction.round)
