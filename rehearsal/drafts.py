"""Rehearsing a draft of the site: written as a bundle, held in a process of its own, told back."""

from __future__ import annotations

import logging
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from challenges.errors import ChallengeError, NotOrganizer
from challenges.models import Round
from challenges.selectors import can_organize
from challenges.services.bundles import export_bundle, fingerprint_of
from heldout.bundle.sink import open_sink
from heldout.bundle.source import ROOT_FILE
from rehearsal.findings import Report
from rehearsal.launch import RehearsalError, rehearse
from rehearsal.mending import place_of
from rehearsal.models import RoundRehearsal
from submissions import enqueue

logger = logging.getLogger(__name__)

LONGEST_S = 600.0
# Twice as long as one can take: its worker is gone.
_LOST = timedelta(seconds=2 * LONGEST_S)
_LOST_NOTE = "The worker that held it was stopped. Ask again."
_NO_REPORT = "It ended without a report. The operators find the reason in the log."


@transaction.atomic
def ask_rehearsal(round: Round, *, by: User) -> RoundRehearsal:
    """Ask for a rehearsal of a draft, or return the one that is on its way.

    Raises
    ------
    NotOrganizer
        If `by` does not organize the challenge.
    ChallengeError
        If the round is published already.
    """
    if not can_organize(by, round.challenge):
        raise NotOrganizer(f"{by.username} does not organize {round.challenge}.")
    locked = Round.objects.select_for_update().get(pk=round.pk)
    if locked.is_frozen:
        raise ChallengeError(f"{round} is published.", "Rehearse drafts; clone it for another.")
    _end_lost(round)
    found = RoundRehearsal.objects.filter(round=round, ended_at__isnull=True).first()
    if found is None:
        found = RoundRehearsal.objects.create(round=round, asked_by=by)
        logger.info("rehearsal asked round=%s by=%s", round.pk, by.pk)
        enqueue.hint("rehearsal.hold")
        audit.record(
            audit.Act.ADMIN, round, by=by, challenge=round.challenge_id, reason="Rehearsal asked."
        )
    return found


def last_rehearsal(round: Round) -> RoundRehearsal | None:
    """Return the newest rehearsal of a round, ended or not."""
    return RoundRehearsal.objects.filter(round=round).first()


def hold_waiting() -> int:
    """Hold the rehearsals that wait, one after another, and return how many."""
    held = 0
    for pk in list(_waiting().order_by("asked_at").values_list("pk", flat=True)):
        if _waiting().filter(pk=pk).update(started_at=timezone.now()) == 1:
            _hold(RoundRehearsal.objects.select_related("round__challenge", "asked_by").get(pk=pk))
            held += 1
    return held


def _waiting() -> Any:
    return RoundRehearsal.objects.filter(started_at__isnull=True, ended_at__isnull=True)


def _hold(row: RoundRehearsal) -> None:
    try:
        digest, report, text = _rehearse(row.round, subject=row.asked_by.username)
    except RehearsalError:
        logger.exception("rehearsal failed round=%s", row.round_id)
        _end(row, note=_NO_REPORT)
    except ChallengeError as error:
        _end(row, note=str(error)[:300])
    else:
        places = [place_of(each, text, row.round) for each in report.findings]
        _end(row, bundle_sha256=digest, report=report.to_json(), places=places)


def _rehearse(round: Round, *, subject: str) -> tuple[str, Report, str]:
    """Write the draft, with its answers, where only this process reads, and hold it."""
    with tempfile.TemporaryDirectory(prefix="heldout-draft-") as place:
        folder = Path(place) / round.challenge.slug
        digest = fingerprint_of(round)
        with open_sink(folder) as sink:
            export_bundle(
                round.challenge,
                sink,
                rounds=[round],
                with_answers=True,
                subject=f"{subject}, to rehearse",
            )
        text = (folder / ROOT_FILE).read_text(encoding="utf-8")
        return digest, rehearse(folder, timeout_s=LONGEST_S), text


def _end(row: RoundRehearsal, **facts: Any) -> None:
    open_ = RoundRehearsal.objects.filter(pk=row.pk, ended_at__isnull=True)
    if open_.update(ended_at=timezone.now(), **facts) == 1:
        logger.info("rehearsal ended round=%s", row.round_id)


def _end_lost(round: Round) -> None:
    RoundRehearsal.objects.filter(
        round=round, ended_at__isnull=True, started_at__lt=timezone.now() - _LOST
    ).update(ended_at=timezone.now(), note=_LOST_NOTE)
