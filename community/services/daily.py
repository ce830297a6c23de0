"""The daily mail: what somebody wants to hear of once a day, gathered into one delivery.

It is an event of its own, whose key names person and day, and a delivery like any other: so it is
made once however many gather at once, and sent by the same senders, leases and repeats.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from community.mailing import gathered_for
from community.models import Delivery, DeliveryState, Event, Kind
from community.services.record import by_mail

logger = logging.getLogger(__name__)

# When the day of the daily mail ends.
HOUR_UTC = 6


def end_of_day(now: datetime) -> datetime:
    """Return the last moment at which a day of the daily mail ended."""
    ended = now.replace(hour=HOUR_UTC, minute=0, second=0, microsecond=0)
    return ended if ended <= now else ended - timedelta(days=1)


def gather_due(*, now: datetime | None = None) -> int:
    """Make the daily mails of the day that ended last; return how many are new.

    It may be asked at any time: what was missed while nothing ran is made up for, and of a day
    that somebody has had a mail of nothing more comes.
    """
    until = end_of_day(now or timezone.now())
    waiting = _waiting(until).order_by().values_list("recipient", flat=True).distinct()
    return sum(_gather(person, until) for person in User.objects.filter(pk__in=waiting))


def drop_gathered(mail: Delivery, why_not: Callable[[Delivery], str]) -> None:
    """Take out of a daily mail what is out of sight or not wanted any more."""
    for row in gathered_for(mail):
        reason = why_not(row)
        if reason:
            Delivery.objects.filter(pk=row.pk, state=DeliveryState.LATER).update(
                state=DeliveryState.DROPPED, finished_at=timezone.now(), last_error=reason
            )


def _waiting(until: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        state=DeliveryState.LATER, gathered_in__isnull=True, made_at__lt=until
    )


def _gather(person: User, until: datetime) -> bool:
    """Gather what one person waits for; False if another process was first."""
    key = f"daily:{person.pk}:{until:%Y-%m-%d}"
    if Event.objects.filter(key=key).exists():
        return False  # what was recorded late comes with the next one
    try:
        with transaction.atomic():
            mail = by_mail(Event.objects.create(kind=Kind.DAILY, key=key, at=until), person)
            mail.save(force_insert=True)
            found = _waiting(until).filter(recipient=person).update(gathered_in=mail)
    except IntegrityError:
        return False
    logger.info("gathered delivery=%s events=%d", mail.code, found)
    return True
