"""Objecting to a declared input after the reveal, and ruling on it."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from catalog.models import LineageEdge
from challenges.models import Round
from leaderboards.errors import ObjectionRefused
from leaderboards.lineage_review import (
    can_rule,
    comment_until,
    edges_in,
    is_open_to_comment,
    makers_in,
)
from leaderboards.models import CreditBook, LineageObjection
from leaderboards.services.ledger import post_book
from scoring.credit.export import from_json

logger = logging.getLogger(__name__)

LONGEST_TEXT = 2000
LONGEST_REASON = 300
Status = LineageEdge.Status


@transaction.atomic
def object_to_edge(edge: LineageEdge, *, round_: Round, reason: str, by: User) -> LineageObjection:
    """Object to an input that a method or dataset of the round declares.

    Raises
    ------
    ObjectionRefused
        Outside of the comment period, without a reason, or if it was objected to before.
    """
    reason = _checked(reason, _("An objection needs a reason of up to %(limit)s characters."))
    if not is_open_to_comment(round_, timezone.now()):
        until = comment_until(round_)
        raise ObjectionRefused(
            _("Inputs are objected to from the reveal on, for 21 days.")
            if until is None
            else _("The comment period of this round ended on %(until)s.")
            % {"until": f"{until:%Y-%m-%d}"}
        )
    locked = LineageEdge.objects.select_for_update().get(pk=edge.pk)
    book = round_.credit_books.order_by("-number").first()
    if book is None or locked not in edges_in(from_json(book.export).round):
        raise ObjectionRefused(_("This input is not in the lineage that the round credits."))
    if locked.status == Status.REJECTED:
        raise ObjectionRefused(_("This input is struck already."))
    if LineageObjection.objects.filter(round=round_, edge=locked).exists():
        raise ObjectionRefused(
            _("Somebody objected to this input before; its ruling stands beside it.")
        )
    LineageEdge.objects.filter(pk=locked.pk).update(status=Status.DISPUTED)
    made = LineageObjection.objects.create(round=round_, edge=locked, reason=reason, raised_by=by)
    logger.info("lineage objection=%s edge=%s round=%s", made.pk, locked.pk, round_.pk)
    return made


@transaction.atomic
def rule_on(
    objection: LineageObjection, *, stands: bool, ruling: str, by: User
) -> list[CreditBook]:
    """Rule that an input stands or is struck, with reasons that everybody reads.

    A struck input leads to a new book of every round it had a part in: the old lines are
    reversed, the new ones posted. Returns these books.

    Raises
    ------
    ObjectionRefused
        If the person is no steward or is involved, gives no reasons, or it is ruled already.
    """
    if not can_rule(by, objection):
        raise ObjectionRefused(
            _(
                "An operator of the site or an owner of the challenge rules on it, who neither"
                " objected nor declared the input nor has a part in the work at either end."
            )
        )
    ruling = _checked(ruling, _("A ruling needs a reason of up to %(limit)s characters."))
    state = LineageObjection.State.UPHELD if stands else LineageObjection.State.REJECTED
    ruled = LineageObjection.objects.filter(
        pk=objection.pk, state=LineageObjection.State.OPEN
    ).update(state=state, ruling=ruling, ruled_by=by, ruled_at=timezone.now())
    if ruled != 1:
        raise ObjectionRefused(_("This objection is ruled already."))
    edge = objection.edge
    _set_status(edge, stands=stands)
    books = [] if stands else _books_without(edge)
    audit.record(
        audit.Act.ADMIN,
        objection,
        by=by,
        challenge=objection.round.challenge_id,
        after=state.value,
        reason=ruling[:LONGEST_REASON],
    )
    objection.refresh_from_db()
    return books


def _checked(text: str, wanted: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise ObjectionRefused(wanted % {"limit": LONGEST_TEXT})
    return text


def _set_status(edge: LineageEdge, *, stands: bool) -> None:
    """An input that another round still discusses stays disputed; a struck one is struck."""
    waits = LineageObjection.objects.filter(edge=edge, state=LineageObjection.State.OPEN).exists()
    status = (Status.DISPUTED if waits else Status.UPHELD) if stands else Status.REJECTED
    LineageEdge.objects.filter(pk=edge.pk).exclude(status=Status.REJECTED).update(status=status)


def _books_without(edge: LineageEdge) -> list[CreditBook]:
    """Post the books again of every round in whose lineage the edge's lower end stands."""
    reason = f"The input {edge.parent} of {edge.child} was struck after an objection."
    posted = []
    for round_ in Round.objects.filter(credit_books__isnull=False).distinct():
        newest = round_.credit_books.order_by("-number").first()
        if newest is None:
            continue
        in_it = makers_in(from_json(newest.export).round).values()
        if edge.child in in_it:
            posted.append(post_book(round_, reason=reason[:LONGEST_REASON]))
    return [book for book in posted if book is not None]
