"""The one place that writes and opens held-out answers."""

from __future__ import annotations

import hashlib
import logging
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, cast

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from accounts import audit
from accounts.models import User
from catalog.services import StoredFile, store_spooled
from challenges.errors import ReferenceRefused, ReferenceUnavailable, RoundNotReady
from challenges.models import Correction, Reference, ReferenceAccess, Round, RoundState, Target
from challenges.models.reference import reference_storage
from challenges.services.amendments import amendment
from challenges.services.canonical import write_canonical
from scoring.readers.base import ArraySource, ProblemLog
from scoring.readers.npy_format import open_array

logger = logging.getLogger(__name__)

Values = NDArray[np.generic] | ArraySource | BinaryIO

COMMITMENT_DOMAIN = b"targets/v1\0"
SALT_BYTES = 32
_CHUNK_BYTES = 1024 * 1024
_REPLACED_IN_DRAFT = "Replaced before the opening."


def commitment_of(*, salt: bytes, name: str, data_sha256: bytes, size_bytes: int) -> str:
    """Return the salted hash that is public from the opening on.

    SHA-256 of the domain, the salt, SHA-256 of the target's name, the length of the file in
    eight bytes (big-endian) and SHA-256 of the file. The salt keeps a small answer from being
    guessed; it is told with the answer at the reveal.
    """
    name_sha256 = hashlib.sha256(name.encode()).digest()
    parts = [COMMITMENT_DOMAIN, salt, name_sha256, size_bytes.to_bytes(8, "big"), data_sha256]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def set_reference(*, target: Target, values: Values, by: User, reason: str = "") -> Reference:
    """Give a target its answer, or a new version of it.

    The same answer again changes nothing. Before the round is published a new version needs
    no reason; afterwards it is a correction, and the reason is public.

    Parameters
    ----------
    values : array of the target's shape, or binary file in .npy format
        Plain finite numbers. Stored as little-endian float64, int64 or bool in C order.

    Raises
    ------
    ReferenceRefused
        If the values are not plain, not finite or not of the target's shape or range, or a
        correction has no reason.
    RoundNotReady
        If the round is final.
    """
    if target.round.state is RoundState.FINAL:
        raise RoundNotReady(
            _("%(round)s is final, so its answers stay as they are.") % {"round": target.round}
        )
    with amendment(target.round, by=by, reason=reason):
        return _store(target, values, by=by, reason=reason.strip(), in_force=True)


def propose_reference(*, target: Target, values: Values, by: User, reason: str) -> Reference:
    """Store a version of a target's answer that is not in force yet.

    Refuses what `set_reference` does; returns the answer in force where it is the same.
    """
    return _store(target, values, by=by, reason=reason, in_force=False)


def _store(
    target: Target,
    values: Values,
    *,
    by: User,
    reason: str,
    in_force: bool,
) -> Reference:
    storage = reference_storage()
    with tempfile.TemporaryFile() as spool:
        shape = write_canonical(values, spool, target=target)
        stored = store_spooled(storage, cast(BinaryIO, spool), folder=f"{target.round_id}")
    kept = False
    try:
        with transaction.atomic():
            reference = _new_version(
                target, stored, shape=shape, by=by, reason=reason, in_force=in_force
            )
        kept = reference.file.name == stored.key
    finally:
        if not kept:
            storage.delete(stored.key)
    return reference


def _new_version(
    target: Target,
    stored: StoredFile,
    *,
    shape: list[int],
    by: User,
    reason: str,
    in_force: bool,
) -> Reference:
    Target.objects.select_for_update().get(pk=target.pk)
    rows = Reference.objects.filter(target=target)
    current = rows.filter(is_current=True).first()
    if current is not None and current.sha256 == stored.sha256:
        return current
    version = (rows.aggregate(last=Max("version"))["last"] or 0) + 1
    if version > 1 and not reason:
        if target.round.is_frozen:
            raise ReferenceRefused(
                _("Target %(target)s has an answer, and the round is published.")
                % {"target": target.slug},
                _("Say why the answer changes: the reason is shown with the correction."),
            )
        reason = _REPLACED_IN_DRAFT
    if in_force:
        rows.filter(is_current=True).update(is_current=False)
    salt = secrets.token_bytes(SALT_BYTES)
    reference = Reference.objects.create(
        target=target,
        version=version,
        file=stored.key,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        shape=shape,
        salt=salt.hex(),
        commitment=commitment_of(
            salt=salt,
            name=target.slug,
            data_sha256=bytes.fromhex(stored.sha256),
            size_bytes=stored.size_bytes,
        ),
        reason=reason,
        is_current=in_force,
        created_by=by,
    )
    audit.record(
        audit.Act.SET_REFERENCE,
        target,
        by=by,
        challenge=target.round.challenge_id,
        before={"commitment": current.commitment} if current else None,
        after={"commitment": reference.commitment},
        reason=reason,
    )
    return reference


def current_references(round: Round, *, correction: Correction | None = None) -> list[Reference]:
    """Return the rows (not the files) of the current answers of the targets that count.

    With an open correction, its proposed answers stand in the place of those in force.
    """
    proposed = (
        {} if correction is None else {row.target_id: row for row in correction.references.all()}
    )
    rows = (
        Reference.objects.filter(
            target__round=round, target__cancelled_at__isnull=True, is_current=True
        )
        .select_related("target")
        .order_by("target__position", "target__slug")
    )
    return [proposed.get(row.target_id, row) for row in rows]


def current_versions(round: Round, *, correction: Correction | None = None) -> dict[str, int]:
    """Return the version of the current answer of each target that counts."""
    rows = current_references(round, correction=correction)
    return {row.target.slug: row.version for row in rows}


@contextmanager
def open_references(
    *, round: Round, purpose: str, subject: str = "", correction: Correction | None = None
) -> Iterator[dict[str, BinaryIO]]:
    """Open the current answers of the targets that count, and write down that it was done.

    Parameters
    ----------
    purpose : str
        What for: "score", "verify" ...
    subject : str
        The code of the submission, or the person.
    correction : Correction, optional
        Its proposed answers are opened in the place of those in force.

    Yields
    ------
    dict of target slug to binary file
        In .npy format, positioned at the start, closed when the context ends.

    Raises
    ------
    ReferenceUnavailable
        If a file is not in storage.
    """
    rows = current_references(round, correction=correction)
    with transaction.atomic():
        access = ReferenceAccess.objects.create(round=round, purpose=purpose, subject=subject)
        access.references.set(rows)
        audit.record(
            audit.Act.OPEN_REFERENCES,
            round,
            challenge=round.challenge_id,
            after={row.target.slug: row.version for row in rows},
            reason=f"{purpose} {subject}".strip(),
        )
    logger.info("opened references round=%s purpose=%s count=%d", round.pk, purpose, len(rows))
    with ExitStack() as stack:
        yield {row.target.slug: stack.enter_context(_open(row)) for row in rows}


@contextmanager
def open_revealed(target: Target) -> Iterator[BinaryIO]:
    """Open the current answer of a target whose round is revealed: from then on it is public.

    Raises
    ------
    RoundNotReady
        If the round is not revealed.
    ReferenceUnavailable
        If the file is not in storage.
    """
    if target.round.state not in {RoundState.REVEALED, RoundState.FINAL}:
        raise RoundNotReady(
            _("The answers of %(round)s are not revealed.") % {"round": target.round}
        )
    row = Reference.objects.select_related("target").get(target=target, is_current=True)
    with _open(row) as handle:
        yield handle


@contextmanager
def _open(row: Reference) -> Iterator[BinaryIO]:
    try:
        stored = reference_storage().open(str(row.file))
    except FileNotFoundError:
        raise ReferenceUnavailable(
            f"The answer of target {row.target.slug} (version {row.version}) is not in storage.",
            "Restore the storage area of references from its backup.",
        ) from None
    with stored:
        # The file inside Django's wrapper: local files have a descriptor to hand on.
        yield cast(BinaryIO, stored.file or stored)


def faults_of_stored(round: Round, *, subject: str) -> list[str]:
    """Read every current answer again and return what is wrong with any, without values."""
    faults: list[str] = []
    rows = {row.target.slug: row for row in current_references(round)}
    with open_references(round=round, purpose="verify", subject=subject) as handles:
        for slug, handle in handles.items():
            faults += _faults(rows[slug], handle)
    return faults


def _faults(row: Reference, handle: BinaryIO) -> list[str]:
    slug = row.target.slug
    if _sha256(handle) != row.sha256:
        return [f"The stored answer of target {slug} is not the one that was put there."]
    handle.seek(0)
    source = open_array(handle, ProblemLog(), where=slug)
    if source is None:
        return [f"The stored answer of target {slug} cannot be read."]
    low = -np.inf if row.target.low is None else row.target.low
    high = np.inf if row.target.high is None else row.target.high
    if any(bool(((chunk < low) | (chunk > high)).any()) for chunk in source.chunks()):
        return [
            f"The answer of target {slug} is outside the limits set for predictions of it; "
            "change the target's lower or upper limit."
        ]
    return []


def _sha256(handle: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := handle.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
