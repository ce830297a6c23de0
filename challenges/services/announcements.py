"""Announcements of a round: posted once, never changed; a mistake is corrected by another."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from challenges.errors import AnnouncementRefused, NotOrganizer
from challenges.models import Announcement, Round
from challenges.selectors import can_organize

logger = logging.getLogger(__name__)

LONGEST_TITLE = 160
LONGEST_TEXT = 10_000


@transaction.atomic
def announce(
    round: Round, *, title: str, text: str, by: User, corrects: Announcement | None = None
) -> Announcement:
    """Tell everybody something about a published round.

    Parameters
    ----------
    corrects : Announcement, optional
        An earlier one of this round that this one puts right; it stays, with a link to this one.

    Raises
    ------
    NotOrganizer
        If `by` does not organize the challenge.
    AnnouncementRefused
        If there is no title or text or it is too long, the round is a draft, or `corrects` is
        of another round.
    """
    if not can_organize(by, round.challenge):
        raise NotOrganizer(
            _("%(username)s does not organize %(challenge)s.")
            % {"username": by.username, "challenge": round.challenge}
        )
    title, text = title.strip(), text.strip()
    if not 0 < len(title) <= LONGEST_TITLE or not 0 < len(text) <= LONGEST_TEXT:
        raise AnnouncementRefused(
            _(
                "An announcement has a title of up to %(longest_title)s characters and a text "
                "of up to %(longest_text)s."
            )
            % {"longest_title": LONGEST_TITLE, "longest_text": LONGEST_TEXT}
        )
    if corrects is not None and corrects.round_id != round.pk:
        raise AnnouncementRefused(_("An announcement corrects one of the same round."))
    locked = Round.objects.select_for_update().get(pk=round.pk)
    if not locked.is_frozen:
        raise AnnouncementRefused(
            _("%(locked)s is a draft, so nobody could read an announcement of it.")
            % {"locked": locked},
            _("Publish it first."),
        )
    last = Announcement.objects.filter(round=locked).first()
    made = Announcement.objects.create(
        round=locked,
        number=last.number + 1 if last else 1,
        title=title,
        text=text,
        posted_by=by,
        corrects=corrects,
    )
    logger.info("announced round=%s number=%d by=%s", locked.pk, made.number, by.pk)
    return made
