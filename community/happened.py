"""What has happened since a moment, read from the rows that are the truth.

Nobody calls upward to tell that something happened: submissions, rounds and what organizers
write are asked. Each happening has a key made of what it is, so that it is the same one however
often it is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat

from challenges.models import Announcement, Correction, Round, RoundAmendment
from community.models import Event, Kind
from submissions.models import Submission, SubmissionState

# A deadline is told so long before it.
BEFORE_DEADLINE = timedelta(hours=24)
_ENDS = {
    SubmissionState.SCORED: Kind.SCORED,
    SubmissionState.REJECTED: Kind.REJECTED,
    SubmissionState.FAILED: Kind.FAILED,
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, with the key that it is known by."""

    kind: Kind
    key: str
    at: datetime
    round: Round
    submission: Submission | None = None
    note: str = ""


def happenings(*, since: datetime, now: datetime) -> Iterator[Happening]:
    """Yield everything that happened from `since` to `now`; of a submission its latest end."""
    yield from _of_submissions(since, now)
    yield from _of_dates(since, now)
    yield from _of_words(since, now)


def _of_submissions(since: datetime, now: datetime) -> Iterator[Happening]:
    told = Event.objects.filter(submission=OuterRef("pk"))
    known = told.filter(kind=Concat(Value("submission."), OuterRef("state")))
    ended = (
        Submission.objects.filter(
            state__in=list(_ENDS), finished_at__gte=since, finished_at__lte=now
        )
        # What is told already is left out here, so that a busy hour is not read every time.
        .exclude(Exists(known.exclude(kind=Kind.FAILED)))
        .exclude(Exists(known.filter(kind=Kind.FAILED, at=OuterRef("finished_at"))))
        .select_related("round__challenge")
    )
    for each in ended.order_by("finished_at", "pk"):
        if each.finished_at is None:
            continue
        kind = _ENDS[SubmissionState(each.state)]
        key = f"{kind}:{each.pk}"
        if kind is Kind.FAILED:  # it may be tried again and fail again, which is news
            key += f":{_stamp(each.finished_at)}"
        yield Happening(kind, key, each.finished_at, each.round, each)


def _of_dates(since: datetime, now: datetime) -> Iterator[Happening]:
    """Yield what the clock and the acts of organizers did to published rounds."""
    near = now + BEFORE_DEADLINE
    touched = _published().filter(
        Q(opens_at__range=(since, now))
        | Q(published_at__range=(since, now))
        | Q(closes_at__range=(since, near))
        | Q(tracks__closes_at__range=(since, near))
        | Q(revealed_at__range=(since, now))
        | Q(finalized_at__range=(since, now))
    )
    for round_ in touched.distinct().prefetch_related("tracks"):
        for each in _of_round(round_):
            if since <= each.at <= now and not _is_stale(each, round_, now):
                yield each


def _of_round(round_: Round) -> Iterator[Happening]:
    published = round_.published_at
    if published is None:
        return
    opened = max(round_.opens_at, published)
    yield Happening(Kind.OPENED, f"{Kind.OPENED}:{round_.pk}", opened, round_)
    # A date that was moved is another deadline, and another end.
    yield Happening(
        Kind.CLOSED,
        f"{Kind.CLOSED}:{round_.pk}:{_stamp(round_.closes_at)}",
        max(round_.closes_at, published),
        round_,
    )
    yield from _deadlines(round_, opened)
    for kind, at in ((Kind.REVEALED, round_.revealed_at), (Kind.FINAL, round_.finalized_at)):
        if at is not None:
            yield Happening(kind, f"{kind}:{round_.pk}", at, round_)


def _deadlines(round_: Round, opened: datetime) -> Iterator[Happening]:
    """Yield the warnings before deadlines: the round's, and those of tracks that have their own."""
    ends = {round_.closes_at: ""}
    ends |= {
        track.closes_at: track.title
        for track in round_.tracks.all()
        if track.closes_at is not None and track.closes_at != round_.closes_at
    }
    for ends_at, track in ends.items():
        at = ends_at - BEFORE_DEADLINE
        # What is open for a day or less was told of when it opened.
        if opened < at:
            key = f"{Kind.DEADLINE}:{round_.pk}:{_stamp(ends_at)}"
            yield Happening(Kind.DEADLINE, key, at, round_, note=track)


def _is_stale(happening: Happening, round_: Round, now: datetime) -> bool:
    """Tell whether a warning would come when the deadline is over."""
    return happening.kind is Kind.DEADLINE and now >= happening.at + BEFORE_DEADLINE


def _of_words(since: datetime, now: datetime) -> Iterator[Happening]:
    """Yield what organizers told everybody: announcements, amendments, corrections in force."""
    rounds = _published().order_by().values("pk")
    span = (since, now)
    for notice in Announcement.objects.filter(round__in=rounds, posted_at__range=span):
        yield Happening(
            Kind.ANNOUNCED,
            f"{Kind.ANNOUNCED}:{notice.pk}",
            notice.posted_at,
            notice.round,
            note=notice.title,
        )
    for row in RoundAmendment.objects.filter(round__in=rounds, made_at__range=span):
        key = f"{Kind.AMENDED}:{row.pk}"
        yield Happening(Kind.AMENDED, key, row.made_at, row.round, note=row.reason)
    for each in Correction.objects.filter(round__in=rounds, in_force_at__range=span):
        if each.in_force_at is not None:
            key = f"{Kind.REVISED}:{each.pk}"
            yield Happening(Kind.REVISED, key, each.in_force_at, each.round, note=each.reason)


def _published() -> QuerySet[Round]:
    return Round.objects.filter(published_at__isnull=False, challenge__published_at__isnull=False)


def _stamp(moment: datetime) -> str:
    return f"{moment.timestamp():.0f}"
