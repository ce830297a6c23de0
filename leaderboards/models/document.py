"""What boards are read from: their lines as text, beside the rows and never instead of them."""

from __future__ import annotations

from django.db import models

from challenges.models import Round
from leaderboards.models.board import Board


class ShownChange(models.Model):
    """Something changed that a round's boards show and no revision holds, like a team's name.

    Triggers write these (see the migration), so no way to write a name can forget it. How many
    there are is part of the key of stored documents. Numbers in the order of writing would not do:
    an earlier one may be committed later.
    """

    # Without a constraint: whoever deletes a round need not know of this.
    round = models.ForeignKey(
        Round, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )

    def __str__(self) -> str:
        return f"change {self.pk} of what is shown in round {self.round_id}"


class BoardDocument(models.Model):
    """Some lines of a board as everyone may have them, as JSON: dropped and written again at will.

    It is found by a key of all that decides what it holds, so one that is out of date is not
    found.
    """

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="documents")
    key = models.CharField(max_length=120, help_text="What decides what may be shown.")
    start = models.PositiveIntegerField(help_text="How many lines come before these.")
    total = models.PositiveIntegerField(help_text="How many lines the board has.")
    head = models.TextField(help_text="The revision's own part of the document.")
    lines = models.TextField(help_text="A line of JSON for each line of the board.")

    class Meta:
        ordering = ["board", "start"]
        constraints = [
            models.UniqueConstraint(fields=["board", "key", "start"], name="board_document_once"),
            models.CheckConstraint(
                condition=models.Q(start__lt=models.F("total")), name="board_document_has_lines"
            ),
        ]

    def __str__(self) -> str:
        return f"lines from {self.start + 1} of {self.board}"
