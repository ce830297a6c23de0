"""Keep beside each board the text of what everyone may have of it, for those who read it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from challenges.models import Round
from leaderboards.documents import PIECE, as_text, key_of, revision_document, standing_document
from leaderboards.models import BoardDocument
from leaderboards.sight import sights_of
from leaderboards.visible import VisibleBoard, changes_in, newest_revisions


def store_documents(rounds: Sequence[Round]) -> list[Round]:
    """Store what is not stored of the boards as everyone may have them now; return of which.

    A clock that passed, or a name that changed, leaves a board without: until this has looked
    again, its answers are made line by line.
    """
    now, nobody = timezone.now(), AnonymousUser()
    sights = sights_of(rounds, nobody, now)
    changes = changes_in(rounds)
    revisions = newest_revisions(rounds, sights, now)
    wanted: dict[str, VisibleBoard] = {}
    for each in rounds:
        found = changes.get(each.pk, 0)
        board = VisibleBoard(each, sights[each.pk], now, revisions.get(each.pk), found)
        key = key_of(board)
        if key is not None:
            wanted[key] = board
    stored = set(BoardDocument.objects.filter(key__in=wanted).values_list("key", flat=True))
    return [
        board.round for key, board in wanted.items() if key not in stored and _store(board, key)
    ]


def _store(board: VisibleBoard, key: str) -> bool:
    """Store the pieces of a board in the place of those with another key."""
    lines, revision = board.lines, board.revision
    whole = [line.position for line in lines] == list(range(1, len(lines) + 1))
    if revision is None or not lines or not whole:
        return False
    texts = [as_text(standing_document(line)) for line in lines]
    head = as_text(revision_document(board))[1:-1]
    with transaction.atomic():
        BoardDocument.objects.filter(board=revision.board_id).exclude(key=key).delete()
        BoardDocument.objects.bulk_create(
            (
                BoardDocument(
                    board_id=revision.board_id,
                    key=key,
                    start=start,
                    total=len(texts),
                    head=head,
                    lines="\n".join(texts[start : start + PIECE]),
                )
                for start in range(0, len(texts), PIECE)
            ),
            ignore_conflicts=True,  # another worker wrote the same
        )
    return True
