"""Public files of a round: inputs of its targets, templates, descriptions."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import BinaryIO

from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import User
from catalog.errors import FileRefused
from catalog.services import StoredFile, check_file_name, store_stream
from challenges.errors import RoundFileRefused, RoundFrozen
from challenges.models import Round, RoundFile, Target
from challenges.services.amendments import amendment


def add_round_file(
    round: Round,
    *,
    name: str,
    content: BinaryIO,
    target: Target | None = None,
    description: str = "",
    released_at: datetime | None = None,
    by: User,
) -> RoundFile:
    """Store a public file of a round.

    While the round is a draft a file of the same name is replaced. Once it is published,
    files can only be added, and none to a target: its inputs are part of the frozen rules.

    Raises
    ------
    RoundFileRefused
        If the name is not allowed or the target belongs to another round.
    RoundFrozen
        If the round is published and this would change what its rules name.
    """
    try:
        check_file_name(name)
    except FileRefused as error:
        raise RoundFileRefused(error.message, error.remedy) from None
    if target is not None and target.round_id != round.pk:
        raise RoundFileRefused(f"Target {target.slug} belongs to another round.")
    stored = store_stream(default_storage, content, folder="rounds")
    wanted = RoundFile(
        round=round,
        name=name,
        target=target,
        description=description,
        released_at=released_at,
    )
    placed = False
    try:
        with amendment(round, by=by, reason=f"The file {name} was added."):
            row = _place(wanted, stored)
        placed = row.file.name == stored.key
    finally:
        if not placed:
            default_storage.delete(stored.key)
    return row


def _place(wanted: RoundFile, stored: StoredFile) -> RoundFile:
    round = Round.objects.select_for_update().get(pk=wanted.round_id)
    there = RoundFile.objects.filter(round=round, name=wanted.name).first()
    if there is not None and _same(there, wanted, sha256=stored.sha256):
        return there
    if round.is_frozen and (there is not None or wanted.target_id is not None):
        raise RoundFrozen(
            f"{round} is published, so its files and its targets' inputs stay as they are.",
            "Add a file for the whole round under a new name.",
        )
    if there is not None:
        # Only once nothing can bring the old row back.
        transaction.on_commit(partial(default_storage.delete, str(there.file)))
    row = there or wanted
    row.target, row.description = wanted.target, wanted.description
    row.released_at = wanted.released_at
    row.file.name = stored.key
    row.size_bytes, row.sha256 = stored.size_bytes, stored.sha256
    row.save()
    return row


def _same(there: RoundFile, wanted: RoundFile, *, sha256: str) -> bool:
    return (there.sha256, there.target_id, there.description, there.released_at) == (
        sha256,
        wanted.target_id,
        wanted.description,
        wanted.released_at,
    )
