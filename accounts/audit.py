"""The audit trail: who did what to what, when and why, in a chain that shows any change.

A row is appended in the transaction of the act, so that there is never one without the other.
Rows refuse UPDATE and DELETE in the database. Whoever can write past that still breaks the
chain, unless all rows after it are forged too; against that, note the head somewhere else:
`manage.py audit_verify` prints it and checks against an earlier one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import AuditEvent, AuditHead, User
from accounts.trace import request_id

Act = AuditEvent.Act
DOMAIN = b"audit/v1\0"
GENESIS = "0" * 64
HEAD = 1


_ASKING: ContextVar[HttpRequest | None] = ContextVar("asking", default=None)


class AuditMiddleware:
    """Tell the trail whose request an act belongs to."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _ASKING.set(request)
        try:
            return self.get_response(request)
        finally:
            _ASKING.reset(token)


def record(
    act: AuditEvent.Act,
    subject: models.Model | str,
    *,
    by: User | None = None,
    challenge: int | None = None,
    before: object = None,
    after: object = None,
    reason: str = "",
) -> AuditEvent:
    """Append one event, in the transaction that is open or in one of its own.

    Call it last in a transaction: until that ends no other event can be appended.

    Parameters
    ----------
    subject : model instance or str
        What was acted on; of a row its kind and number are kept, never its content.
    by : User, optional
        Who; without it the person whose request this is, or nobody: the platform itself.
    challenge : int, optional
        The number of the challenge whose organizers may see the event.
    before, after : anything that JSON can hold, optional
        How it was and how it is. Only digests are kept.
    """
    with transaction.atomic():
        head, _ = AuditHead.objects.select_for_update().get_or_create(pk=HEAD)
        event = AuditEvent(
            seq=head.seq + 1,
            at=timezone.now(),
            act=act,
            actor=by or _person(),
            subject=subject if isinstance(subject, str) else f"{subject._meta.label}:{subject.pk}",
            challenge=challenge,
            before=digest_of(before),
            after=digest_of(after),
            reason=reason,
            request_id=(request_id() or "")[:64],
            previous_hash=head.hash,
        )
        event.hash = hash_of(event)
        event.save(force_insert=True)
        head.seq, head.hash = event.seq, event.hash
        head.save()
    return event


def digest_of(facts: object) -> str:
    """Return the SHA-256 of facts in canonical JSON; nothing has no digest."""
    return "" if facts is None else hashlib.sha256(_canonical(facts)).hexdigest()


def hash_of(event: AuditEvent) -> str:
    """Return the hash of an event: of the hash before it and of all its fields."""
    facts = {
        "seq": event.seq,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "act": str(event.act),
        "actor": event.actor_id,
        "subject": event.subject,
        "challenge": event.challenge,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
        "request_id": event.request_id,
    }
    previous = bytes.fromhex(event.previous_hash)
    return hashlib.sha256(DOMAIN + previous + _canonical(facts)).hexdigest()


def head() -> AuditHead:
    """Return the end of the chain: number and hash of the last event."""
    return AuditHead.objects.filter(pk=HEAD).first() or AuditHead(pk=HEAD)


def faults(*, noted: tuple[int, str] | None = None) -> list[str]:
    """Return what is wrong with the chain: nothing, if all of it holds.

    Parameters
    ----------
    noted : (number, hash), optional
        A head that was written down earlier: the chain must still run through it.
    """
    found: list[str] = []
    previous, expected, hashes = GENESIS, 1, {0: GENESIS}
    for event in AuditEvent.objects.order_by("seq").iterator():
        if event.seq != expected:
            found.append(f"event {expected} is missing")
        elif event.previous_hash != previous:
            found.append(f"event {event.seq} does not follow the one before it")
        if hash_of(event) != event.hash:
            found.append(f"event {event.seq} does not have its hash")
        previous, expected = event.hash, event.seq + 1
        if noted and event.seq == noted[0]:
            hashes[event.seq] = event.hash
    end = head()
    if (end.seq, end.hash) != (expected - 1, previous):
        found.append(f"the chain ends at event {expected - 1}, its head says {end.seq}")
    if noted and hashes.get(noted[0]) != noted[1]:
        found.append(f"event {noted[0]} is not the one that was noted")
    return found


def staff_signed_in(sender: object, user: User, **kwargs: object) -> None:
    """Write down that somebody with more rights than a participant signed in."""
    if user.is_staff:
        record(Act.SIGN_IN, user, by=user)


def _person() -> User | None:
    request = _ASKING.get()
    return request.user if request is not None and isinstance(request.user, User) else None


def _canonical(facts: object) -> bytes:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=str)
    return text.encode()
