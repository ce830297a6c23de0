"""Webhooks: adding, changing, testing, rotating, removing, and sending something again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from community.addresses import check_url
from community.errors import AddressRefused, WebhookRefused
from community.models import CHOOSABLE, UNFINISHED, Delivery, DeliveryState, Event, Kind, Webhook
from community.models.webhook import new_salt
from community.services.record import PATIENCE, to_webhook
from community.signing import secret_of

MOST = 5
# A person may have so many tests and repeats on their way at once.
MOST_BY_HAND = 10


@transaction.atomic
def add_webhook(person: User, *, url: str, kinds: Sequence[str]) -> tuple[Webhook, str]:
    """Add a webhook and return it with its secret, which is shown this once.

    Raises
    ------
    WebhookRefused
        If the address or a kind is not allowed, or the person has as many as they may.
    """
    User.objects.select_for_update().get(pk=person.pk)  # so that counting is not a race
    if Webhook.objects.filter(owner=person).count() >= MOST:
        raise WebhookRefused(
            _("You have %(most)s webhooks.") % {"most": MOST}, _("Remove one first.")
        )
    hook = Webhook.objects.create(owner=person, url=_url(url), kinds=_kinds(kinds))
    return hook, secret_of(hook)


def change_webhook(
    hook: Webhook, *, url: str | None = None, kinds: Sequence[str] | None = None,
    is_active: bool | None = None,
) -> None:  # fmt: skip
    """Change what is named. Switched on again, a webhook begins without its failures.

    Raises
    ------
    WebhookRefused
        If the address or a kind is not allowed.
    """
    if url is not None:
        hook.url = _url(url)
    if kinds is not None:
        hook.kinds = _kinds(kinds)
    if is_active is not None:
        hook.is_active = is_active
    if is_active or url is not None:
        hook.failures = hook.given_up = 0
        hook.paused_until = None
    if hook.is_active:
        hook.off_reason = ""
    hook.save()


def rotate_secret(hook: Webhook) -> str:
    """Give a webhook another secret and return it; the old one signs along for a day."""
    hook.old_salt, hook.salt, hook.rotated_at = hook.salt, new_salt(), timezone.now()
    hook.save(update_fields=["old_salt", "salt", "rotated_at"])
    return secret_of(hook)


@transaction.atomic
def send_test(hook: Webhook) -> Delivery:
    """Send a test to a webhook.

    Raises
    ------
    WebhookRefused
        If it is switched off, or many are on their way.
    """
    _may_send_by_hand(hook)
    event = Event.objects.create(
        kind=Kind.TEST, key=f"test:{hook.code}:{secrets.token_hex(8)}", at=timezone.now()
    )
    delivery = to_webhook(event, hook)
    delivery.save()
    Webhook.objects.filter(pk=hook.pk).update(paused_until=None)
    return delivery


def redeliver(delivery: Delivery) -> None:
    """Send what was delivered or given up to a webhook once more, under the same id.

    Raises
    ------
    WebhookRefused
        If it is still on its way, or its webhook is switched off.
    """
    if delivery.webhook is None:
        raise WebhookRefused(_("Only what goes to a webhook is sent again."))
    _may_send_by_hand(delivery.webhook)
    now = timezone.now()
    again = Delivery.objects.filter(
        pk=delivery.pk, state__in=[DeliveryState.DELIVERED, DeliveryState.GIVEN_UP]
    ).update(
        state=DeliveryState.QUEUED,
        attempts=0,
        finished_at=None,
        next_attempt_at=now,
        give_up_at=now + PATIENCE,
    )
    if again != 1:
        raise WebhookRefused(_("This is on its way, or was dropped."), _("Wait for its end."))
    Webhook.objects.filter(pk=delivery.webhook.pk).update(paused_until=None)


def _may_send_by_hand(hook: Webhook) -> None:
    if not hook.is_active:
        raise WebhookRefused(_("The webhook is switched off."), _("Switch it on first."))
    if hook.deliveries.filter(state__in=UNFINISHED).count() >= MOST_BY_HAND:
        raise WebhookRefused(
            _("%(most_by_hand)s deliveries are on their way.") % {"most_by_hand": MOST_BY_HAND},
            _("Wait for them."),
        )


def _url(url: str) -> str:
    url = url.strip()
    if len(url) > 500:
        raise WebhookRefused(_("The address is longer than 500 characters."))
    try:
        check_url(url)
    except AddressRefused as error:
        raise WebhookRefused(error.message, error.remedy) from None
    return url


def _kinds(kinds: Sequence[str]) -> list[str]:
    unknown = sorted(set(kinds) - {kind.value for kind in CHOOSABLE})
    if unknown:
        known = ", ".join(kind.value for kind in CHOOSABLE)
        raise WebhookRefused(
            _("There is no kind %(unknown)s.") % {"unknown": repr(unknown[0])},
            _("Kinds: %(known)s.") % {"known": known},
        )
    if not kinds:
        raise WebhookRefused(_("A webhook that is told nothing does nothing."), _("Name a kind."))
    return [kind.value for kind in CHOOSABLE if kind.value in kinds]
