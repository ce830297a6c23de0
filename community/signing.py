"""Secrets of webhooks and the signatures made with them, as Standard Webhooks has it.

A secret is worked out of the site's secret key and a salt in the row: whoever reads the database
alone can sign nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

from django.utils import timezone
from django.utils.crypto import salted_hmac

from community.models import Webhook

PREFIX = "whsec_"
# After a rotation both secrets are signed with for so long.
OLD_SECRET_LIVES = timedelta(days=1)


def secret_of(hook: Webhook) -> str:
    """Return the secret as the receiver keeps it."""
    return PREFIX + base64.b64encode(_key(hook, hook.salt)).decode()


def signatures(hook: Webhook, *, message_id: str, at: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: one signature, or two after a rotation."""
    salts = [hook.salt]
    if hook.old_salt and hook.rotated_at and timezone.now() < hook.rotated_at + OLD_SECRET_LIVES:
        salts.append(hook.old_salt)
    signed = f"{message_id}.{at}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(_key(hook, salt), signed, hashlib.sha256)).decode()
        for salt in salts
    )


def _key(hook: Webhook, salt: str) -> bytes:
    return salted_hmac("community.webhook", f"{hook.code}:{salt}", algorithm="sha256").digest()
