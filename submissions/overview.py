"""What organizers watch while a round runs: one look at entries, queue, failures and quota."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, F, Max, Min, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from challenges.models import Dispute, Round, Target, Track
from challenges.selectors import counting_targets
from submissions.models import QuotaEntry, ScoringRun, Submission, SubmissionState
from submissions.selectors import submissions_of_round

LATEST = 15  # rows of each list
RECENT_WORK = timedelta(minutes=15)
COVERED_ENTRIES = 2000  # the newest scored entries that the coverage looks at
# What an organizer mends: answers, metrics, and rounds that need more than a worker may use.
OF_ORGANIZERS = frozenset(
    {"REFERENCES_UNAVAILABLE", "SCORER_SETUP", "SCORER_MEMORY", "SCORER_TIME"}
)


class Blame(StrEnum):
    """Who can mend a failure."""

    PARTICIPANT = "participant"
    ORGANIZER = "organizer"
    PLATFORM = "platform"


def blame_of(submission: Submission) -> Blame:
    """Tell who can mend what kept a submission from being scored."""
    if submission.state == SubmissionState.REJECTED:
        return Blame.PARTICIPANT
    return Blame.ORGANIZER if submission.reason_code in OF_ORGANIZERS else Blame.PLATFORM


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits and runs: of this round, and of the whole site, whose workers it shares."""

    waiting: int
    running: int
    site_waiting: int
    site_running: int
    oldest: datetime | None  # since when the first of this round waits
    overdue: int  # leases of this round that ran out: their workers are gone
    workers: tuple[tuple[str, int, datetime], ...]  # name, runs lately, the last of them


@dataclass(frozen=True, slots=True)
class Failed:
    """A submission without scores, and who can mend it."""

    submission: Submission
    blame: Blame
    can_refund: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the entries that count answer a target."""

    target: Target
    answered: int
    entries: int


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """What came in for one track: submissions by state, and what those with scores answer."""

    track: Track
    received: int
    teams: int
    on_the_way: int
    scored: int
    failed: int
    rejected: int
    targets: int  # that count
    covered: int  # answered by at least one scored entry
    mean_answered: float | None  # of a scored entry

    @property
    def without_scores(self) -> int:
        return self.failed + self.rejected


@dataclass(frozen=True, slots=True)
class TeamUse:
    """A team's quota of a day."""

    team: Team
    used: int
    limit: int
    refunded: int
    granted: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything on the page."""

    at: datetime
    states: tuple[tuple[str, str, int], ...]  # value, label, count
    queue: Queue
    failures: tuple[Failed, ...]
    coverage: tuple[Coverage, ...]
    tracks: tuple[TrackFacts, ...]  # empty in a round without any
    uses: tuple[TeamUse, ...]
    ledger: tuple[QuotaEntry, ...]  # refunds and grants, latest first
    recent: tuple[Submission, ...]
    disputes: tuple[Dispute, ...]
    dates: tuple[tuple[str, datetime], ...]


def overview_of(round: Round) -> Overview:
    """Look at a round once."""
    now = timezone.now()
    rows = submissions_of_round(round)
    shown = rows.select_related("team", "method", "submitted_by", "round__challenge")
    disputes = Dispute.objects.filter(target__round=round, state=Dispute.State.OPEN)
    ledger = QuotaEntry.objects.filter(
        round=round, act__in=[QuotaEntry.Act.REFUND, QuotaEntry.Act.GRANT]
    ).select_related("team", "submission", "by")
    targets = list(counting_targets(round))
    answers = _answers(round)
    return Overview(
        at=now,
        states=_states(round),
        queue=queue_of(round, now),
        failures=_failures(round),
        coverage=_coverage(targets, answers),
        tracks=_tracks(round, targets, answers),
        uses=uses_of(round, now),
        ledger=tuple(ledger[:LATEST]),
        recent=tuple(shown[:LATEST]),
        disputes=tuple(disputes.select_related("target", "opened_by")[:LATEST]),
        dates=_dates(round, targets, now),
    )


def _states(round: Round) -> tuple[tuple[str, str, int], ...]:
    found = submissions_of_round(round).order_by().values_list("state").annotate(Count("pk"))
    counts: Mapping[str, int] = dict(found)
    return tuple((state.value, str(state.label), counts.get(state, 0)) for state in SubmissionState)


def queue_of(round: Round, now: datetime) -> Queue:
    """Look at what waits and runs, and at the workers that were busy lately."""
    unfinished = Submission.objects.unfinished().order_by()
    waiting, running = Q(state=SubmissionState.QUEUED), Q(state=SubmissionState.RUNNING)
    here = Q(round=round)
    counts = unfinished.aggregate(
        waiting=Count("pk", filter=waiting & here),
        running=Count("pk", filter=running & here),
        site_waiting=Count("pk", filter=waiting),
        site_running=Count("pk", filter=running),
        oldest=Min("queued_at", filter=waiting & here),
        overdue=Count("pk", filter=running & here & Q(lease_until__lt=now)),
    )
    workers = (
        ScoringRun.objects.filter(finished_at__gte=now - RECENT_WORK)
        .order_by()
        .values_list("worker")
        .annotate(Count("pk"), Max("finished_at"))
        .order_by("worker")
    )
    return Queue(**counts, workers=tuple(workers))


def _failures(round: Round) -> tuple[Failed, ...]:
    rows = (
        submissions_of_round(round)
        .filter(
            Q(state__in=[SubmissionState.FAILED, SubmissionState.REJECTED])
            | Q(state__in=[SubmissionState.QUEUED, SubmissionState.RUNNING]) & ~Q(reason_code="")
        )
        .select_related("team")
        .prefetch_related("quota_entries")
        .order_by(F("finished_at").desc(nulls_first=True), "-pk")
    )
    return tuple(Failed(row, blame_of(row), _can_refund(row)) for row in rows[:LATEST])


def _can_refund(row: Submission) -> bool:
    acts = {entry.act for entry in row.quota_entries.all()}
    return QuotaEntry.Act.RESERVE in acts and QuotaEntry.Act.REFUND not in acts


def _answers(round: Round) -> list[tuple[int | None, list[str]]]:
    """Return the track and the answered targets of each of the newest scored entries."""
    rows = submissions_of_round(round).scored().values_list("track", "answered")
    return list(rows[:COVERED_ENTRIES])


def _coverage(
    targets: list[Target], answers: list[tuple[int | None, list[str]]]
) -> tuple[Coverage, ...]:
    answered = Counter(slug for _track, slugs in answers for slug in slugs)
    return tuple(Coverage(target, answered[target.slug], len(answers)) for target in targets)


def _tracks(
    round: Round, targets: list[Target], answers: list[tuple[int | None, list[str]]]
) -> tuple[TrackFacts, ...]:
    """Count by track, in one query."""
    states = SubmissionState
    way = [states.QUEUED, states.RUNNING]
    tracks = Track.objects.filter(round=round).annotate(
        received=Count("submissions"),
        teams=Count("submissions__team", distinct=True),
        on_the_way=Count("submissions", filter=Q(submissions__state__in=way)),
        scored=Count("submissions", filter=Q(submissions__state=states.SCORED)),
        failed=Count("submissions", filter=Q(submissions__state=states.FAILED)),
        rejected=Count("submissions", filter=Q(submissions__state=states.REJECTED)),
    )
    slugs = {target.slug for target in targets}
    found = []
    for track in tracks:
        lists = [slugs & set(each) for pk, each in answers if pk == track.pk]
        mean = sum(map(len, lists)) / len(lists) if lists else None
        names = ("received", "teams", "on_the_way", "scored", "failed", "rejected")
        counts = {name: getattr(track, name) for name in names}
        covered = len(set().union(*lists))
        found.append(
            TrackFacts(track, **counts, targets=len(slugs), covered=covered, mean_answered=mean)
        )
    return tuple(found)


def uses_of(round: Round, now: datetime) -> tuple[TeamUse, ...]:
    """Return the quota of the teams that used or got any on this UTC day, most used first."""
    acts = QuotaEntry.Act
    sums: dict[int, dict[str, int]] = {}
    entries = QuotaEntry.objects.filter(round=round, day=now.date()).order_by()
    for team, act, amount in entries.values_list("team", "act").annotate(Sum("amount")):
        sums.setdefault(team, dict.fromkeys(acts.values, 0))[act] = amount
    teams = Team.objects.in_bulk(list(sums))
    uses = [
        TeamUse(
            team=teams[team],
            used=by_act[acts.RESERVE] - by_act[acts.REFUND],
            limit=round.submissions_per_day + by_act[acts.GRANT],
            refunded=by_act[acts.REFUND],
            granted=by_act[acts.GRANT],
        )
        for team, by_act in sums.items()
    ]
    return tuple(sorted(uses, key=lambda use: (-use.used, use.team.name))[:LATEST])


def _dates(round: Round, targets: list[Target], now: datetime) -> tuple[tuple[str, datetime], ...]:
    found = [
        (str(_("The round opens")), round.opens_at),
        (str(_("The round closes")), round.closes_at),
    ]
    if round.grace_minutes:
        ends = round.closes_at + timedelta(minutes=round.grace_minutes)
        found.append((str(_("The grace ends")), ends))
    for target in targets:
        if target.opens_at:
            found.append((f"{target.slug}: {_('released')}", target.opens_at))
        if target.closes_at:
            found.append((f"{target.slug}: {_('deadline')}", target.closes_at))
    ahead = [each for each in found if each[1] > now]
    return tuple(sorted(ahead, key=lambda each: each[1])[:LATEST])
