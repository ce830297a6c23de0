"""What a team may still submit: counted from the ledger, under the team's lock, never stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Team, User
from challenges.models import Round
from challenges.selectors import can_organize
from submissions.errors import NotAllowed, QuotaExhausted, SubmissionError
from submissions.models import QuotaEntry, Submission, SubmissionState

Act = QuotaEntry.Act


@dataclass(frozen=True, slots=True)
class Quota:
    """A team's submissions of one UTC day in one round."""

    limit: int
    used: int
    left: int
    resets_at: datetime


def quota_of(team: Team, round: Round, at: datetime) -> Quota:
    """Count what the team has used and has left on the UTC day of `at`.

    What teams merged into it have used counts as its own.
    """
    merged = Team.objects.filter(merged_into=team).values_list("pk", flat=True)
    return quota_of_teams({team.pk, *merged}, round, _day_of(at))


def quota_of_teams(teams: set[int], round: Round, day: date) -> Quota:
    """Count what these teams have used together, against the limit of one."""
    totals = QuotaEntry.objects.filter(team__in=teams, round=round, day=day).aggregate(
        **{act.name: Sum("amount", filter=Q(act=act), default=0) for act in Act}
    )
    limit = round.submissions_per_day + totals["GRANT"]
    used = totals["RESERVE"] - totals["REFUND"]
    resets_at = datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
    return Quota(limit=limit, used=used, left=max(0, limit - used), resets_at=resets_at)


def require_one_left(team: Team, round: Round, at: datetime) -> None:
    """Lock the team and refuse unless it has a submission left.

    Must run in the transaction that writes the reservation: until that ends nobody else counts.
    On SQLite the transaction itself is the lock, as it begins as a writer.

    Raises
    ------
    QuotaExhausted
        If nothing is left.
    NotAllowed
        If the team has been merged into another since the upload began.
    """
    locked = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if locked.merged_into_id is not None:
        raise NotAllowed(
            "TEAM_MERGED", _("%(team)s is part of another team now.") % {"team": team.name}
        )
    quota = quota_of(team, round, at)
    if quota.left < 1:
        raise QuotaExhausted(quota.limit, quota.used, quota.resets_at)


def reserve(submission: Submission) -> None:
    """Write down that the submission takes one of the day its upload began."""
    _enter(submission, Act.RESERVE, day=_day_of(submission.received_at))


def settle(submission: Submission) -> None:
    """Write down that the reservation is used, once; nothing if there is none."""
    reserved = _reservation(submission)
    if reserved is not None and not _has(submission, Act.COMMIT, Act.REFUND):
        _enter(submission, Act.COMMIT, day=reserved.day)


def refund(submission: Submission, *, by: User | None = None, reason: str) -> bool:
    """Give the submission's place back, once; tell whether there was one to give back.

    Without `by` it is the platform's own act, for a failure that is not the team's.

    Raises
    ------
    NotAllowed
        If `by` does not organize the challenge.
    """
    if by is not None:
        _only_organizers(by, submission.round)
    reason = _stated(reason)
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=submission.team_id)
        reserved = _reservation(submission)
        if reserved is None or _has(submission, Act.REFUND):
            return False
        _enter(submission, Act.REFUND, day=reserved.day, by=by, reason=reason)
        if by is not None:
            audit.record(
                audit.Act.REFUND,
                submission,
                by=by,
                challenge=submission.round.challenge_id,
                reason=reason,
            )
    return True


@transaction.atomic
def grant(
    *, team: Team, round: Round, amount: int, by: User, reason: str, day: date | None = None
) -> QuotaEntry:
    """Give a team extra submissions for one UTC day, today unless told otherwise.

    Raises
    ------
    NotAllowed
        If `by` does not organize the challenge.
    """
    _only_organizers(by, round)
    if amount < 1:
        raise SubmissionError("BAD_AMOUNT", _("A grant is of one submission or more."))
    entry = QuotaEntry.objects.create(
        round=round,
        team=team,
        act=Act.GRANT,
        day=day or _day_of(timezone.now()),
        amount=amount,
        reason=_stated(reason),
        by=by,
    )
    audit.record(
        audit.Act.GRANT,
        team,
        by=by,
        challenge=round.challenge_id,
        after={"round": round.pk, "day": entry.day, "amount": amount},
        reason=entry.reason,
    )
    return entry


def check_ledger() -> list[str]:
    """Hold the ledger against the submissions; return each contradiction as a sentence.

    A participant's submission has one reservation; once scored or rejected it is used unless
    it was refunded, once failed it is refunded; no day has more used than allowed.
    """
    return [*_unreserved(), *_unsettled(), *_overdrawn()]


def _unreserved() -> Iterator[str]:
    reserved = QuotaEntry.objects.filter(act=Act.RESERVE, submission__isnull=False)
    kinds = Submission.EntryKind
    for code in (
        Submission.objects.filter(entry_kind=kinds.PARTICIPANT)
        .exclude(pk__in=reserved.values("submission"))
        .values_list("code", flat=True)
    ):
        yield f"submission {code} has no reservation"
    for entry in (
        QuotaEntry.objects.filter(act__in=[Act.COMMIT, Act.REFUND])
        .exclude(submission__in=reserved.values("submission"))
        .select_related("submission")
    ):
        yield f"submission {entry.submission} is {entry.act} without a reservation"


def _unsettled() -> Iterator[str]:
    reserved = Submission.objects.filter(quota_entries__act=Act.RESERVE)
    refunded = QuotaEntry.objects.filter(act=Act.REFUND).values("submission")
    closed = QuotaEntry.objects.filter(act__in=[Act.COMMIT, Act.REFUND]).values("submission")
    ended = reserved.filter(state__in=[SubmissionState.SCORED, SubmissionState.REJECTED])
    for code in ended.exclude(pk__in=closed).values_list("code", flat=True):
        yield f"submission {code} has ended and is neither used nor refunded"
    failed = reserved.filter(state=SubmissionState.FAILED)
    for code in failed.exclude(pk__in=refunded).values_list("code", flat=True):
        yield f"submission {code} has failed and is not refunded"


def _overdrawn() -> Iterator[str]:
    days = (
        QuotaEntry.objects.order_by()
        .values(
            *("team", "team__slug", "round", "round__slug", "round__challenge__slug", "day"),
            "round__submissions_per_day",
        )
        .annotate(
            used=Sum("amount", filter=Q(act=Act.RESERVE), default=0)
            - Sum("amount", filter=Q(act=Act.REFUND), default=0),
            granted=Sum("amount", filter=Q(act=Act.GRANT), default=0),
        )
    )
    for row in days.filter(used__gt=F("round__submissions_per_day") + F("granted")):
        yield (
            f"team {row['team__slug']} has used {row['used']} on {row['day']} in "
            f"{row['round__challenge__slug']}/{row['round__slug']}, more than it may"
        )


def _day_of(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _reservation(submission: Submission) -> QuotaEntry | None:
    return QuotaEntry.objects.filter(submission=submission, act=Act.RESERVE).first()


def _has(submission: Submission, *acts: QuotaEntry.Act) -> bool:
    return QuotaEntry.objects.filter(submission=submission, act__in=acts).exists()


def _enter(
    submission: Submission,
    act: QuotaEntry.Act,
    *,
    day: date,
    by: User | None = None,
    reason: str = "",
) -> None:
    QuotaEntry.objects.create(
        round_id=submission.round_id,
        team_id=submission.team_id,
        submission=submission,
        act=act,
        day=day,
        by=by,
        reason=reason,
    )


def _only_organizers(person: User, round: Round) -> None:
    if not can_organize(person, round.challenge):
        raise NotAllowed("NOT_ORGANIZER", _("Only organizers of the challenge may do this."))


def _stated(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise SubmissionError("NO_REASON", _("Say why: the reason stays in the ledger."))
    if len(reason) > 200:
        raise SubmissionError("REASON_TOO_LONG", _("Give the reason in 200 characters or fewer."))
    return reason
