"""Reads: what a person is told of, what they chose, and what became of deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.selectors import readable_teams_of
from challenges.models import Challenge, Round
from challenges.selectors import visible_challenges, visible_rounds
from community.messages import STATE_OF, Message, message_of
from community.models import (
    UNFINISHED,
    Channel,
    Delivery,
    DeliveryState,
    FeedAddress,
    Follow,
    Webhook,
)
from submissions.models import Submission
from submissions.selectors import visible_submissions


@dataclass(frozen=True, slots=True)
class News:
    """One thing that a person is told of, in words."""

    code: str
    kind: str
    at: datetime
    message: Message


def deliveries_on_site(person: User) -> QuerySet[Delivery]:
    """Return what a person is told of and may still see, newest first.

    A team that was left, a submission that was withdrawn and a round that was taken back take
    their news along.
    """
    of_submission = Q(pk__in=[])
    seen = visible_submissions(person).order_by()
    for kind, state in STATE_OF.items():
        of_submission |= Q(
            event__kind=kind, event__submission__in=seen.filter(state=state).values("pk")
        )
    return (
        Delivery.objects.filter(recipient=person, channel=Channel.SITE)
        .filter(Q(event__submission__isnull=True) | of_submission)
        .filter(event__round__in=visible_rounds(person).order_by().values("pk"))
        .select_related("event__round__challenge", "event__submission__team")
        .select_related("event__submission__round__challenge")
        .order_by("-made_at", "-pk")
    )


def news_of(delivery: Delivery) -> News:
    """Return a delivery in words."""
    event = delivery.event
    return News(str(delivery.code), event.kind, event.at, message_of(event))


def followed_challenges(person: User) -> QuerySet[Challenge]:
    """Return the challenges a person follows and may see."""
    rows = Follow.objects.filter(user=person).order_by().values("challenge")
    return visible_challenges(person).filter(pk__in=rows).order_by("title")


def feed_made_at(person: User) -> datetime | None:
    """Return when a person's secret feed address was made; None if there is none."""
    return FeedAddress.objects.filter(user=person).values_list("made_at", flat=True).first()


def rounds_of(person: User) -> QuerySet[Round]:
    """Return the rounds that a person's teams entered, and all of followed challenges."""
    entered = Submission.objects.filter(team__in=readable_teams_of(person)).order_by()
    followed = Follow.objects.filter(user=person).order_by()
    return (
        visible_rounds(person)
        .filter(published_at__isnull=False)
        .filter(Q(pk__in=entered.values("round")) | Q(challenge__in=followed.values("challenge")))
        .prefetch_related("tracks")
    )


def webhooks_of(person: User) -> QuerySet[Webhook]:
    """Return a person's webhooks."""
    return Webhook.objects.filter(owner=person)


def deliveries_to(hook: Webhook) -> QuerySet[Delivery]:
    """Return what was sent to a webhook, newest first."""
    return (
        Delivery.objects.filter(webhook=hook)
        .select_related("event__round__challenge", "event__submission__team")
        .select_related("event__submission__round__challenge")
        .order_by("-made_at", "-pk")
    )


def latest_mail(person: User, *, number: int) -> list[Delivery]:
    """Return the latest mails to a person and what became of them."""
    sent = Delivery.objects.filter(recipient=person, channel=Channel.EMAIL)
    return list(sent.select_related("event__round__challenge").order_by("-made_at", "-pk")[:number])


def standing_still(*, longer_than: timedelta) -> QuerySet[Delivery]:
    """Return what nobody sends: due for long, or left behind by a sender, or not gathered."""
    now = timezone.now()
    since = now - longer_than
    resting = Webhook.objects.filter(paused_until__gt=since).values("pk")
    return Delivery.objects.filter(
        Q(state=DeliveryState.QUEUED, next_attempt_at__lt=since)
        | Q(state=DeliveryState.SENDING, lease_until__lt=since)
        # Two days: what is recorded in the very moment of a day's end comes with the next one.
        | Q(state=DeliveryState.LATER, gathered_in=None, made_at__lt=since - timedelta(days=2))
    ).filter(Q(webhook=None) | ~Q(webhook__in=resting))


def failing_mail(*, attempts: int) -> QuerySet[Delivery]:
    """Return mail that was tried so often and is to be tried again."""
    return Delivery.objects.filter(
        channel=Channel.EMAIL, state__in=UNFINISHED, attempts__gte=attempts
    )


def waiting_by_channel() -> dict[str, int]:
    """Return how many deliveries are not over, by channel."""
    rows = Delivery.objects.filter(state__in=UNFINISHED).order_by()
    found = dict.fromkeys((Channel.EMAIL.value, Channel.WEBHOOK.value), 0)
    return found | dict(rows.values_list("channel").annotate(Count("pk")))
