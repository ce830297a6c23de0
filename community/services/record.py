"""Recording: each happening once, together with all deliveries that come of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from community.happened import Happening, happenings
from community.models import Channel, Delivery, DeliveryState, Event, Mark, Pace, Webhook
from community.recipients import recipients_of, wishes_of
from community.verified import verified_addresses

logger = logging.getLogger(__name__)

MARK = "happenings"
# Rows are looked at again for so long: a transaction may commit long after its rows' times.
OVERLAP = timedelta(hours=1)
# What could not be sent in this time is given up.
PATIENCE = timedelta(days=1)
BATCH = 500


def record_new() -> int:
    """Write down what happened since the last look, and return how much of it is new.

    Any number of processes may do this at once, or stop in the middle: an event is written in
    one transaction with its deliveries, and its key is unique.
    """
    now = timezone.now()
    mark, made = Mark.objects.get_or_create(
        name=MARK, defaults={"started_at": now, "reached_at": now}
    )
    if made:
        logger.info("what happens from now on is told")
    since = max(mark.started_at, mark.reached_at - OVERLAP)
    recorded = sum(_record(each) for each in _unknown(since, now))
    Mark.objects.filter(pk=MARK, reached_at__lt=now).update(reached_at=now)
    return recorded


def _unknown(since: datetime, now: datetime) -> Iterator[Happening]:
    found = list(happenings(since=since, now=now))
    for start in range(0, len(found), BATCH):
        part = found[start : start + BATCH]
        keys = Event.objects.filter(key__in=[each.key for each in part])
        known = set(keys.values_list("key", flat=True))
        yield from (each for each in part if each.key not in known)


def _record(happening: Happening) -> bool:
    """Record one happening; False if another process was first."""
    try:
        with transaction.atomic():
            event = Event.objects.create(
                kind=happening.kind,
                key=happening.key,
                at=happening.at,
                round=happening.round,
                submission=happening.submission,
                note=happening.note,
            )
            rows = list(_deliveries(event, list(recipients_of(happening))))
            Delivery.objects.bulk_create(rows, batch_size=BATCH)
    except IntegrityError:
        return False
    logger.info("recorded event=%s deliveries=%d", event.pk, len(rows))
    return True


def _deliveries(event: Event, people: Sequence[User]) -> Iterator[Delivery]:
    wishes = wishes_of([person.pk for person in people], [event.kind])
    mailed = verified_addresses([person.pk for person in people])
    for person in people:
        wish = wishes[person.pk, event.kind]
        if wish.site:
            yield on_site(event, person)
        if person.pk in mailed and wish.email is not Pace.NEVER:
            yield by_mail(event, person, later=wish.email is Pace.DAILY)
    for hook in Webhook.objects.filter(owner__in=people, is_active=True).select_related("owner"):
        if event.kind in hook.kinds:
            yield to_webhook(event, hook)


def on_site(event: Event, person: User) -> Delivery:
    """Return the row that puts an event on a person's page and into their feed."""
    now = timezone.now()
    return Delivery(
        event=event,
        recipient=person,
        channel=Channel.SITE,
        state=DeliveryState.DELIVERED,
        made_at=now,
        finished_at=now,
        give_up_at=now,
    )


def by_mail(event: Event, person: User, *, later: bool = False) -> Delivery:
    """Return the row that mails an event: by itself, or with the rest of the day."""
    row = _queued(event, person, Channel.EMAIL)
    row.state = DeliveryState.LATER if later else DeliveryState.QUEUED
    return row


def to_webhook(event: Event, hook: Webhook) -> Delivery:
    """Return the row that sends an event to a webhook."""
    return _queued(event, hook.owner, Channel.WEBHOOK, webhook=hook)


def _queued(
    event: Event, person: User, channel: Channel, *, webhook: Webhook | None = None
) -> Delivery:
    now = timezone.now()
    return Delivery(
        event=event,
        recipient=person,
        channel=channel,
        webhook=webhook,
        made_at=now,
        next_attempt_at=now,
        give_up_at=now + PATIENCE,
    )
