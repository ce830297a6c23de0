"""Make the consensus of a revealed round's entries, once, and anew when other entries count.

The files are read in the cage, by a worker. One worker at a time has a board's lease; its result
is written only while it still has it, and two rows of one way are refused by the database.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.house import house_account, house_team
from catalog.models import Artifact
from catalog.services import register_artifact
from challenges.models import Round
from challenges.selectors import metric_choices, prediction_format, target_specs
from leaderboards.crowd import Crowd, crowds_of
from leaderboards.models import Board, Consensus
from leaderboards.services.entry_files import also_readable, opened
from scoring.cage import CageError, CageLimits, CageOutcome, combine_in_cage
from scoring.consensus import LEAST, Way
from scoring.crowd import CrowdFile
from scoring.meaning import Verdict, ways_for
from scoring.readers import get_reader
from submissions.models import Submission, SubmissionState
from submissions.services.made import MadeFile, enter_consensus, kept_file, take_out
from submissions.services.validate import upload_limit

logger = logging.getLogger(__name__)

Reason = Consensus.Reason
MOST_FILES = 500
_SPARE_S = 60  # beyond what the caged children may take together
_ANEW = "Made anew: other entries count now."
_TOO_MUCH = {
    CageOutcome.MEMORY: "it takes more memory than allowed",
    CageOutcome.TIME: "it takes more time than allowed",
}
_METHODS = {
    Way.MEDIAN: (
        "Consensus: median",
        "The median of all ranked entries, element by element. Made by the platform after the "
        "reveal, and never ranked.",
    ),
    Way.MEAN: (
        "Consensus: mean",
        "The mean of all ranked entries, element by element. Made by the platform after the "
        "reveal, and never ranked.",
    ),
    Way.VOTE: (
        "Consensus: majority vote",
        "The label that most of the ranked entries give, element by element; of labels with "
        "equally many votes the smallest. Made by the platform after the reveal, and never ranked.",
    ),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A consensus before it is written, or the reason why there is none."""

    crowd: Crowd
    way: str = ""
    made: CrowdFile | None = None
    reason: str = ""
    detail: str = ""


class LeaseLost(Exception):
    """Another worker makes the consensus of this board now."""


def consensus_due(now: datetime | None = None) -> QuerySet[Board]:
    """Return the boards of revealed rounds whose inputs changed since their consensus was made.

    What waits to be scored is waited for, and so is a worker that is at it.
    """
    now = now or timezone.now()
    waiting = (
        Submission.objects.unfinished()
        .filter(round=OuterRef("round"))
        .exclude(entry_kind=Submission.EntryKind.CONSENSUS)
    )
    return Board.objects.filter(
        Q(consensus_mark__isnull=True) | ~Q(consensus_mark=F("current__watermark")),
        Q(consensus_until__isnull=True) | Q(consensus_until__lte=now),
        ~Exists(waiting),
        round__revealed_at__lte=now,
        current__isnull=False,
    )


def make_due_consensus() -> list[Consensus]:
    """Make what is due; return the rows that were written."""
    made: list[Consensus] = []
    for board in consensus_due().select_related("round__challenge", "current"):
        until = _claim(board)
        if until is None:
            continue
        try:
            made += _make(board, until=until)
        except (CageError, LeaseLost, OSError, IntegrityError) as error:
            # The lease runs out, and then somebody tries again.
            logger.warning("no consensus for round=%s yet: %s", board.round_id, error)
    return made


def _claim(board: Board) -> datetime | None:
    now = timezone.now()
    until = now + timedelta(seconds=len(Way) * settings.SCORING_WALL_S + _SPARE_S)
    free = consensus_due(now).filter(pk=board.pk)
    return until if free.update(consensus_until=until) == 1 else None


def _make(board: Board, *, until: datetime) -> list[Consensus]:
    round_, mark = board.round, board.current.watermark if board.current else ""
    drafts: list[Draft] = []
    for crowd in crowds_of(round_):
        if _is_stale(round_, crowd):
            drafts += _drafts(round_, crowd)
    with ExitStack() as stack:
        files = [_kept(stack, round_, draft) for draft in drafts]
        with transaction.atomic():
            held = Board.objects.filter(pk=board.pk, consensus_until=until)
            if not held.update(consensus_mark=mark, consensus_until=None):
                raise LeaseLost("the lease ran out")
            return _write(round_, drafts, files)


def _is_stale(round_: Round, crowd: Crowd) -> bool:
    """Tell whether a track's consensus is to be made: there is none, or of other entries.

    One that organizers have withdrawn stays so.
    """
    rows = list(_current(round_, crowd).select_related("submission"))
    if any(row.submission and row.submission.state == SubmissionState.WITHDRAWN for row in rows):
        return False
    return not rows or any(row.sources != crowd.codes for row in rows)


def _current(round_: Round, crowd: Crowd) -> QuerySet[Consensus]:
    return Consensus.objects.filter(round=round_, track=crowd.track, is_current=True)


def _drafts(round_: Round, crowd: Crowd) -> list[Draft]:
    if len(crowd.answers) < LEAST:
        return [Draft(crowd, reason=Reason.TOO_FEW)]
    verdict = ways_for(metric_choices(round_), target_specs(round_))
    if verdict.obstacle is not None:
        return [Draft(crowd, reason=Reason(verdict.obstacle.value), detail=verdict.metric)]
    size = sum(each.size_bytes for each in crowd.files.values())
    if size > settings.CONSENSUS_READ_BYTES or len(crowd.files) > MOST_FILES:
        detail = f"{len(crowd.files)} files of {size:,} bytes"
        return [Draft(crowd, reason=Reason.TOO_LARGE, detail=detail)]
    return [_draft(round_, crowd, way, verdict=verdict) for way in verdict.ways]


def _draft(round_: Round, crowd: Crowd, way: Way, *, verdict: Verdict) -> Draft:
    try:
        made = _combined(round_, crowd, way, verdict=verdict)
    except FileNotFoundError:
        return Draft(crowd, way, reason=Reason.FAILED, detail="a file is not in storage")
    except CageError as error:
        if error.outcome is CageOutcome.BROKEN:
            raise
        logger.warning("consensus of round=%s ended: %s", round_.pk, error)
        if error.outcome in _TOO_MUCH:
            return Draft(crowd, way, reason=Reason.TOO_LARGE, detail=_TOO_MUCH[error.outcome])
        return Draft(crowd, way, reason=Reason.FAILED)
    if made.refusal:
        return Draft(crowd, way, reason=Reason.NO_FILE, detail=made.refusal[:200])
    return Draft(crowd, way, made)


def _combined(round_: Round, crowd: Crowd, way: Way, *, verdict: Verdict) -> CrowdFile:
    with ExitStack() as stack:
        return combine_in_cage(
            opened(stack, crowd.files),
            crowd.answers,
            prediction_format(round_),
            target_specs(round_),
            way=way,
            normalise=verdict.normalise,
            limit_bytes=min(upload_limit(round_), settings.CONSENSUS_FILE_BYTES),
            limits=CageLimits(settings.SCORING_MEMORY_BYTES, settings.SCORING_WALL_S),
            also_readable=also_readable(round_, crowd.files),
        )


def _kept(stack: ExitStack, round_: Round, draft: Draft) -> MadeFile | None:
    if draft.made is None:
        return None
    name = f"consensus-{draft.way}{get_reader(round_.reader).extensions[0]}"
    file = kept_file(draft.made.content, name=name, check=draft.made.check)
    return stack.enter_context(file)


def _write(
    round_: Round, drafts: Sequence[Draft], files: Sequence[MadeFile | None]
) -> list[Consensus]:
    """Write rows and entries, in the place of those of the same tracks."""
    for crowd in {id(draft.crowd): draft.crowd for draft in drafts}.values():
        for row in _current(round_, crowd).select_related("submission"):
            if row.submission is not None:
                take_out(row.submission, reason=_ANEW)
        _current(round_, crowd).update(is_current=False)
    rows = []
    for draft, file in zip(drafts, files, strict=True):
        row = Consensus(
            round=round_,
            track=draft.crowd.track,
            way=draft.way,
            sources=draft.crowd.codes,
            reason=draft.reason,
            detail=draft.detail,
        )
        if file is not None and draft.made is not None:
            row.combined_from = len(draft.crowd.answers)
            row.left_out = dict(draft.made.left_out)
            row.submission = _entered(round_, draft, file)
        row.save(force_insert=True)
        logger.info("consensus round=%s way=%s %s", round_.pk, row.way, row.reason or "made")
        rows.append(row)
    return rows


def _entered(round_: Round, draft: Draft, file: MadeFile) -> Submission:
    return enter_consensus(
        file,
        round=round_,
        track=draft.crowd.track,
        team=house_team(),
        by=house_account(),
        method=_method(Way(draft.way)),
    )


def _method(way: Way) -> Artifact:
    """Return the platform's method for a way, registered now if there is none."""
    team = house_team()
    title, summary = _METHODS[way]
    found = Artifact.objects.filter(kind=Artifact.Kind.MODEL, team=team, title=title).first()
    return found or register_artifact(
        kind=Artifact.Kind.MODEL,
        slug=f"{team.slug}-{way.value}",
        version="1",
        title=title,
        summary=summary,
        by=house_account(),
        team=team,
        origin=Artifact.Origin.DERIVED,
        disclosure=Artifact.Disclosure.PARTIAL,
    )
