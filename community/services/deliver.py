"""Sending: a delivery is taken by a lease, tried, and its end written if the lease still holds.

Whoever is killed between sending and writing leaves a lease that runs out; the delivery is then
tried again under the same Message-ID or webhook-id, by which the receiver knows it.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from community.addresses import Resolve
from community.mailing import gathered_for, send_by_mail
from community.messages import is_in_sight
from community.models import UNFINISHED, Channel, Delivery, DeliveryState, Kind, Pace, Webhook
from community.outbound import Outcome
from community.posting import send_to_webhook
from community.recipients import wishes_of
from community.services.daily import drop_gathered

logger = logging.getLogger(__name__)

# Far longer than one attempt may take.
LEASE = timedelta(minutes=3)
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 4 * 3600.0
# A webhook is switched off after so many deliveries in a row that were given up.
GIVEN_UP_MOST = 3
KEPT_ATTEMPTS = 20
_MOST_RACES = 50


@dataclass(frozen=True, slots=True)
class _Held:
    """A delivery in our hands."""

    delivery: Delivery
    token: str

    def end(self, **fields: Any) -> bool:
        """Write how it ended, if it is still ours."""
        rows = Delivery.objects.filter(
            pk=self.delivery.pk, state=DeliveryState.SENDING, lease_token=self.token
        )
        with transaction.atomic():
            ended = rows.update(lease_token="", lease_until=None, **fields) == 1
            if ended and fields["state"] not in UNFINISHED:
                told = {name: fields[name] for name in ("state", "finished_at", "last_error")}
                gathered_for(self.delivery).update(**told)
        return ended


def deliver_due(*, within_s: float = 20.0, resolve: Resolve | None = None) -> int:
    """Send what is due until nothing is, or the time is over; return how many were tried."""
    deadline, tried = time.monotonic() + within_s, 0
    while time.monotonic() < deadline:
        held = _claim()
        if held is None:
            break
        _try(held, resolve=resolve)
        tried += 1
    return tried


def _due() -> QuerySet[Delivery]:
    """Return what may be taken: it waits and its time has come, or its sender is gone."""
    paused = Webhook.objects.filter(paused_until__gt=Now()).values("pk")
    return Delivery.objects.filter(
        Q(state__in=UNFINISHED),
        Q(state=DeliveryState.QUEUED, next_attempt_at__lte=Now())
        | Q(state=DeliveryState.SENDING, lease_until__lt=Now()),
        Q(webhook__isnull=True) | ~Q(webhook__in=paused),
    )


def _claim() -> _Held | None:
    """Take the next one: what was never tried comes before what failed already."""
    for _race in range(_MOST_RACES):
        candidate = _due().order_by("attempts", "next_attempt_at", "pk").first()
        if candidate is None:
            return None
        token = secrets.token_hex(16)
        taken = (
            _due()
            .filter(pk=candidate.pk, attempts=candidate.attempts)
            .update(
                state=DeliveryState.SENDING,
                attempts=F("attempts") + 1,
                lease_token=token,
                lease_until=Now() + LEASE,
            )
        )
        if taken == 1:
            row = Delivery.objects.select_related(
                "event__round__challenge", "event__submission__team", "recipient", "webhook__owner"
            ).get(pk=candidate.pk)
            return _Held(row, token)
    return None


def _try(held: _Held, *, resolve: Resolve | None) -> None:
    delivery = held.delivery
    drop_gathered(delivery, _unwanted)
    unwanted = _unwanted(delivery)
    if unwanted:
        held.end(state=DeliveryState.DROPPED, finished_at=Now(), last_error=unwanted)
        return
    if delivery.attempts > 1 and timezone.now() > delivery.give_up_at:
        # Whoever tried it was killed each time.
        held.end(state=DeliveryState.GIVEN_UP, finished_at=Now(), last_error="Not sent in a day.")
        return
    outcome = _send(delivery, resolve=resolve)
    logger.info(
        "delivery=%s channel=%s attempt=%d ok=%s",
        *(delivery.code, delivery.channel, delivery.attempts, outcome.ok),
    )
    if outcome.ok:
        held.end(
            state=DeliveryState.DELIVERED,
            finished_at=Now(),
            last_error="",
            log=_logged(delivery, outcome),
        )
        _note_success(delivery.webhook)
    else:
        _failed(held, outcome)


def _send(delivery: Delivery, *, resolve: Resolve | None) -> Outcome:
    try:
        if delivery.channel == Channel.EMAIL:
            return send_by_mail(delivery)
        return send_to_webhook(delivery, resolve=resolve)
    except Exception:
        # One that cannot be written must not keep all others from being sent.
        logger.exception("delivery=%s was not sent", delivery.code)
        return Outcome(ok=False, text="The site failed to send it.")


def _unwanted(delivery: Delivery) -> str:
    """Return why a delivery is not sent after all: things change while it waits."""
    person, event = delivery.recipient, delivery.event
    if not person.is_active:
        return "The account is closed."
    if not is_in_sight(event, person):
        return "It is out of the recipient's sight now."
    if event.kind == Kind.DAILY:
        return "" if gathered_for(delivery).exists() else "Nothing of it is wanted any more."
    if delivery.channel == Channel.EMAIL:
        wishes = wishes_of([person.pk], [event.kind])
        if wishes[person.pk, event.kind].email is Pace.NEVER:
            return "The recipient has switched this mail off."
    elif delivery.webhook is not None and not delivery.webhook.is_active:
        return "The webhook is switched off."
    return ""


def _failed(held: _Held, outcome: Outcome) -> None:
    delivery, hook = held.delivery, held.delivery.webhook
    fields = {"last_error": outcome.text, "log": _logged(delivery, outcome)}
    failures = max(delivery.attempts, 1 if hook is None else hook.failures + 1)
    pause = timedelta(seconds=_pause_s(failures))
    is_over = outcome.is_final or timezone.now() + pause >= delivery.give_up_at
    if is_over:
        ended = held.end(state=DeliveryState.GIVEN_UP, finished_at=Now(), **fields)
    else:
        ended = held.end(state=DeliveryState.QUEUED, next_attempt_at=Now() + pause, **fields)
    if hook is not None and ended:
        _note_failure(hook, outcome, pause=pause, given_up=is_over)


def _pause_s(failures: int) -> float:
    """Return how long to wait: doubled each time, spread so that not all come at once."""
    whole = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 20))
    return whole * random.uniform(0.75, 1.25)  # noqa: S311  # nothing secret


def _logged(delivery: Delivery, outcome: Outcome) -> list[dict[str, Any]]:
    entry = {
        "at": timezone.now().isoformat(timespec="seconds"),
        "status": outcome.status,
        "text": outcome.text,
    }
    return [*delivery.log, entry][-KEPT_ATTEMPTS:]


def _note_success(hook: Webhook | None) -> None:
    if hook is not None:
        Webhook.objects.filter(pk=hook.pk).update(failures=0, given_up=0, paused_until=None)


def _note_failure(hook: Webhook, outcome: Outcome, *, pause: timedelta, given_up: bool) -> None:
    """Let a webhook rest after a failure, and switch it off when it does not come back."""
    rows = Webhook.objects.filter(pk=hook.pk)
    rows.update(
        failures=F("failures") + 1,
        given_up=F("given_up") + int(given_up),
        # A refused address costs nobody a wait.
        paused_until=None if outcome.is_final else Now() + pause,
    )
    gone = outcome.status == 410
    off = f"Switched off after {GIVEN_UP_MOST} deliveries in a row were given up: {outcome.text}"
    if gone:
        off = "Switched off because the address answered that it is gone (410)."
    too_many = rows.filter(is_active=True) if gone else rows.filter(given_up__gte=GIVEN_UP_MOST)
    if too_many.filter(is_active=True).update(is_active=False, off_reason=off[:200]):
        logger.warning("webhook=%s is switched off", hook.code)
