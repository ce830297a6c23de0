"""A delivery as a POST, signed as Standard Webhooks has it."""

from __future__ import annotations

import json
import time
from typing import Any

from community.addresses import Resolve
from community.messages import message_of
from community.models import Delivery
from community.outbound import Outcome, post
from community.signing import signatures


def send_to_webhook(delivery: Delivery, *, resolve: Resolve | None = None) -> Outcome:
    """Send a delivery to its webhook and tell how it ended."""
    hook = delivery.webhook
    if hook is None:
        return Outcome(ok=False, text="There is no webhook.", is_final=True)
    body = json.dumps(payload_of(delivery), ensure_ascii=False, separators=(",", ":")).encode()
    message_id, now = str(delivery.code), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "heldout-webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signatures(hook, message_id=message_id, at=now, body=body),
    }
    return post(hook.url, body, headers, resolve=resolve)


def payload_of(delivery: Delivery) -> dict[str, Any]:
    """Return what a webhook is told. Scores are not in it: they are read where they may be."""
    message = message_of(delivery.event)
    return {
        "type": str(delivery.event.kind),
        "timestamp": delivery.event.at.isoformat(),
        "data": {"title": message.title, "text": message.text, "url": message.url, **message.facts},
    }
