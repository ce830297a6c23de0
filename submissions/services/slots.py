"""How many uploads a team may have on their way at once, over all web processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Team
from submissions.errors import TooManyUploads
from submissions.models import ResumableUpload, UploadSlot

# The slot of an upload whose web process was killed is free again after this.
LIFETIME = timedelta(minutes=15)


@contextmanager
def upload_slot(team: Team, *, upload: ResumableUpload | None = None) -> Iterator[None]:
    """Hold one of the team's places for uploads for the length of the block.

    Raises
    ------
    TooManyUploads
        If all are taken.
    """
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        UploadSlot.objects.filter(until__lt=Now()).delete()
        if upload is not None:  # the place it had when its web process was killed
            UploadSlot.objects.filter(upload=upload).delete()
        if UploadSlot.objects.filter(team=team).count() >= settings.UPLOADS_AT_ONCE:
            raise TooManyUploads(settings.UPLOADS_AT_ONCE)
        slot = UploadSlot.objects.create(team=team, upload=upload, until=Now() + LIFETIME)
    try:
        yield
    finally:
        UploadSlot.objects.filter(pk=slot.pk).delete()
