"""Rehearsing a draft of the site: written as a bundle, held in a process of its own, told back."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit
from accounts.models import User
from challenges.errors import ChallengeError, NotOrganizer
from challenges.models import Round
from challenges.selectors import can_organize
from challenges.services.bundles import export_bundle, fingerprint_of
from heldout.bundle.sink import open_sink
from heldout.bundle.source import ROOT_FILE
from leaderboards.last_winners import missing_winners_of
from rehearsal.findings import Report, Severity
from rehearsal.launch import SCRATCH, Heard, RehearsalError, rehearse
from rehearsal.mending import place_of
from rehearsal.models import RoundRehearsal
from rehearsal.steps import Step, Told
from submissions import enqueue
from submissions.services.claim import lease_end

logger = logging.getLogger(__name__)

LONGEST_S = 600.0
_LOST_NOTE = "The worker that held it was stopped. Ask again."
_LEFT_S = 3600.0  # nobody takes as long as that over one, on whatever machine
_FOLDER = "heldout-draft-"
_LOST = Q(ended_at__isnull=True) & (
    Q(lease_until__lt=Now())
    # Begun by a release that knew no leases.
    | Q(lease_until__isnull=True, started_at__lt=Now() - timedelta(seconds=_LEFT_S))
)
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
    end_lost()
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
    """Return the newest rehearsal of a round, ended or not; `is_lost` if nobody holds it."""
    lost = Case(When(_LOST, then=Value(True)), default=Value(False))
    return RoundRehearsal.objects.filter(round=round).annotate(is_lost=lost).first()


def end_lost() -> int:
    """End the rehearsals whose worker is gone, and return how many."""
    lost = RoundRehearsal.objects.filter(_LOST)
    return lost.update(ended_at=timezone.now(), note=_LOST_NOTE)


def hold_waiting() -> int:
    """Hold the rehearsals that wait, one after another, and return how many."""
    end_lost()
    _remove_left_folders()
    held = 0
    for pk in list(_waiting().order_by("asked_at").values_list("pk", flat=True)):
        taken = _waiting().filter(pk=pk)
        if taken.update(started_at=timezone.now(), lease_until=lease_end()) == 1:
            _hold(RoundRehearsal.objects.select_related("round__challenge", "asked_by").get(pk=pk))
            held += 1
    return held


def _waiting() -> Any:
    return RoundRehearsal.objects.filter(started_at__isnull=True, ended_at__isnull=True)


def _hold(row: RoundRehearsal) -> None:
    try:
        digest, report, text = _rehearse(row)
    except RehearsalError:
        logger.exception("rehearsal failed round=%s", row.round_id)
        _end(row, note=_NO_REPORT)
    except ChallengeError as error:
        _end(row, note=str(error)[:300])
    else:
        places = [place_of(each, text, row.round) for each in report.findings]
        _end(row, bundle_sha256=digest, report=report.to_json(), places=places)


def _rehearse(row: RoundRehearsal) -> tuple[str, Report, str]:
    """Write the draft, with its answers, where only this process reads, and hold it."""
    round, beat = row.round, _beat_of(row)

    def written(name: str, done: int, size: int) -> None:
        if not beat(Told(Step.WRITE)):
            raise RehearsalError("The rehearsal was given up.")

    with tempfile.TemporaryDirectory(prefix=_FOLDER) as place:
        folder = Path(place) / round.challenge.slug
        beat(Told(Step.WRITE))
        digest = fingerprint_of(round)
        with open_sink(folder, progress=written) as sink:
            export_bundle(
                round.challenge,
                sink,
                rounds=[round],
                with_answers=True,
                subject=f"{row.asked_by.username}, to rehearse",
            )
        text = (folder / ROOT_FILE).read_text(encoding="utf-8")
        report = rehearse(folder, timeout_s=LONGEST_S, heard=beat)
        _find_last_winners(round, report)
        return digest, report, text


def _find_last_winners(round: Round, report: Report) -> None:
    """Tell of the round before what the draft's bundle, held by itself, cannot know."""
    for each in missing_winners_of(round):
        report.find(
            "LAST_WINNER_MISSING",
            f"{each.method.title} was first in {each.round.title} and is no baseline of this "
            "round: whoever hands it in again would be credited for it.",
            "Once the round is open, run it on the new targets and enter it as a baseline, or ask "
            "its team for predictions.",
            severity=Severity.WARNING,
            round=round.slug,
        )


def _beat_of(row: RoundRehearsal) -> Heard:
    """Return what notes the step on the row and renews its lease; False once it is not ours."""
    last: Told | None = None
    due = 0.0

    def beat(told: Told | None) -> bool:
        nonlocal last, due
        told, now = told or last, time.monotonic()
        if told == last and now < due:
            return True
        last, due = told, now + settings.SCORING_LEASE_S / 4
        facts: dict[str, Any] = {"lease_until": lease_end()}
        if told is not None:
            facts |= {"step": told.step, "step_detail": told.detail[:200]}
            facts |= {"step_done": told.done, "step_total": told.total}
        held = RoundRehearsal.objects.filter(pk=row.pk, ended_at__isnull=True)
        return held.update(**facts) == 1

    return beat


def _remove_left_folders() -> None:
    """Remove what a killed worker left on this machine: a draft lies there with its answers."""
    place = Path(tempfile.gettempdir())
    for folder in [*place.glob(f"{_FOLDER}*"), *place.glob(f"{SCRATCH}*")]:
        with suppress(OSError):
            facts = folder.lstat()
            if facts.st_uid == os.getuid() and time.time() - facts.st_mtime > _LEFT_S:
                shutil.rmtree(folder)


def _end(row: RoundRehearsal, **facts: Any) -> None:
    open_ = RoundRehearsal.objects.filter(pk=row.pk, ended_at__isnull=True)
    if open_.update(ended_at=timezone.now(), **facts) == 1:
        logger.info("rehearsal ended round=%s", row.round_id)
