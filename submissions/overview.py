"""What organizers watch while a round runs: one look at entries, queue, failures and quota."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, F, Max, Min, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from challenges.models import Dispute, Round, Target
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
    return Overview(
        at=now,
        states=_states(round),
        queue=queue_of(round, now),
        failures=_failures(round),
        coverage=_coverage(round),
        uses=uses_of(round, now),
        ledger=tuple(ledger[:LATEST]),
        recent=tuple(shown[:LATEST]),
        disputes=tuple(disputes.select_related("target", "opened_by")[:LATEST]),
        dates=_dates(round, now),
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


def _coverage(round: Round) -> tuple[Coverage, ...]:
    answered: dict[str, int] = {}
    entries = 0
    lists = submissions_of_round(round).scored().values_list("answered", flat=True)
    for slugs in lists[:COVERED_ENTRIES]:
        entries += 1
        for slug in slugs:
            answered[slug] = answered.get(slug, 0) + 1
    return tuple(
        Coverage(target, answered.get(target.slug, 0), entries)
        for target in counting_targets(round)
    )


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


def _dates(round: Round, now: datetime) -> tuple[tuple[str, datetime], ...]:
    found = [
        (str(_("The round opens")), round.opens_at),
        (str(_("The round closes")), round.closes_at),
    ]
    if round.grace_minutes:
        ends = round.closes_at + timedelta(minutes=round.grace_minutes)
        found.append((str(_("The grace ends")), ends))
    for target in counting_targets(round):
        if target.opens_at:
            found.append((f"{target.slug}: {_('released')}", target.opens_at))
        if target.closes_at:
            found.append((f"{target.slug}: {_('deadline')}", target.closes_at))
    ahead = [each for each in found if each[1] > now]
    return tuple(sorted(ahead, key=lambda each: each[1])[:LATEST])
