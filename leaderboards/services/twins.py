"""Compare the final entries of a closed round, once, and anew when other entries or scores count.

The files are read in the cage, by a worker that has the board's lease. What cannot be compared for
good is counted and said, so that a round's books never wait for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from challenges.models import Round
from challenges.selectors import prediction_format, target_specs
from leaderboards.crowd import answer_files
from leaderboards.models import Board, CreditBook, DuplicateSearch, NearDuplicate
from leaderboards.services.entry_files import also_readable, opened
from leaderboards.services.ledger import post_book
from leaderboards.twins import Plan, current_search, is_searched, plan_of
from scoring.cage import CageError, CageLimits, CageOutcome, compare_in_cage
from scoring.credit.rule import merge_players
from scoring.likeness import Task
from scoring.twins import Measured, Pair, are_near
from submissions.models import Submission

logger = logging.getLogger(__name__)

_SPARE_S = 60  # beyond what one caged child may take
_BATCH_PAIRS = 32  # read by one child; so many files are open at most, twice
_BATCH_BYTES = 2**30
_MOST_FAILURES = 20  # of single pairs: then the rest is given up
_GIVE_UP_AFTER = timedelta(days=1)
Answers = dict[str, dict[str, Submission]]  # of each entry: target to whose file answers it
_ANEW = "The entries were compared anew."


class LeaseLost(Exception):
    """Another worker compares the entries of this round now."""


def duplicates_due(now: datetime | None = None) -> QuerySet[Board]:
    """Return the boards of closed rounds whose scores changed since their entries were compared.

    Before the reveal what waits to be scored is waited for; after it books wait for this.
    """
    now = now or timezone.now()
    waiting = Submission.objects.unfinished().filter(round=OuterRef("round"))
    return Board.objects.filter(
        Q(duplicates_mark__isnull=True) | ~Q(duplicates_mark=F("current__watermark")),
        Q(duplicates_until__isnull=True) | Q(duplicates_until__lte=now),
        Q(round__revealed_at__lte=now) | ~Exists(waiting),
        round__near_duplicate_percent__gt=0,
        round__closes_at__lte=now,
        current__isnull=False,
    )


def find_due_duplicates() -> list[DuplicateSearch]:
    """Compare what is due; return the searches that were written."""
    made = []
    for board in duplicates_due().select_related("round__challenge", "current"):
        lease = Lease(board)
        if not lease.take():
            continue
        try:
            search = _search(lease)
        except (CageError, LeaseLost, OSError, IntegrityError) as error:
            # The lease runs out, and then somebody tries again.
            logger.warning("entries of round=%s are not compared yet: %s", board.round_id, error)
            search = _given_up(lease)
        if search is not None:
            made.append(search)
    return made


@dataclass(slots=True)
class Lease:
    """A board, and until when this worker compares its entries."""

    board: Board
    until: datetime | None = None

    def take(self) -> bool:
        """Take the board if it is due and nobody has it."""
        free = duplicates_due().filter(pk=self.board.pk)
        return self._move(free)

    def renew(self) -> None:
        """Have it for another child's time; raise `LeaseLost` if somebody else has it."""
        held = Board.objects.filter(pk=self.board.pk, duplicates_until=self.until)
        if not self._move(held):
            raise LeaseLost("the lease ran out")

    def end(self) -> None:
        """Mark the board as compared up to where it was read; raise `LeaseLost` as above."""
        mark = self.board.current.watermark if self.board.current else ""
        held = Board.objects.filter(pk=self.board.pk, duplicates_until=self.until)
        if not held.update(duplicates_mark=mark, duplicates_until=None):
            raise LeaseLost("the lease ran out")

    def _move(self, rows: QuerySet[Board]) -> bool:
        until = timezone.now() + timedelta(seconds=settings.SCORING_WALL_S + _SPARE_S)
        moved = rows.update(duplicates_until=until) == 1
        self.until = until if moved else self.until
        return moved


@dataclass(slots=True)
class Found:
    """What measuring came to."""

    near: list[tuple[Pair, float]] = field(default_factory=list)
    measured: int = 0
    unmeasured: int = 0
    failures: int = 0


def _search(lease: Lease) -> DuplicateSearch | None:
    round_ = lease.board.round
    plan = plan_of(round_)
    if is_searched(plan, current_search(round_)):
        lease.end()
        return None
    return _write(lease, plan, _measured(lease, plan))


def _given_up(lease: Lease) -> DuplicateSearch | None:
    """Let books that have waited for a day be posted, with a reason in the place of pairs."""
    round_ = lease.board.round
    waits_since = round_.revealed_at
    if waits_since is None or timezone.now() < waits_since + _GIVE_UP_AFTER:
        return None
    if CreditBook.objects.filter(round=round_).exists():
        return None
    plan = plan_of(round_)
    try:
        return _write(lease, plan, Found(unmeasured=len(plan.pairs)))
    except LeaseLost:
        return None


def _measured(lease: Lease, plan: Plan) -> Found:
    """Measure pairs in batches; two entries that are one player already are not measured."""
    found = Found()
    answers = answer_files(plan.entries, plan.rule)
    pairs = list(plan.pairs[: settings.DUPLICATE_MOST_PAIRS])
    found.unmeasured = len(plan.pairs) - len(pairs)
    while pairs:
        player = merge_players(answers, [(pair.one, pair.other) for pair, _ in found.near])
        pairs = [pair for pair in pairs if player[pair.one] != player[pair.other]]
        batch = list(_batch(pairs, answers))
        pairs = pairs[len(batch) :]
        if found.failures < _MOST_FAILURES:
            _look(lease, plan, batch, answers=answers, found=found)
        else:
            found.unmeasured += len(batch)
    return found


def _batch(pairs: Sequence[Pair], answers: Answers) -> Iterator[Pair]:
    size = 0
    for pair in pairs[:_BATCH_PAIRS]:
        size += sum(
            each.size_bytes for name in (pair.one, pair.other) for each in _files(answers, name)
        )
        yield pair
        if size > _BATCH_BYTES:
            return


def _files(answers: Answers, name: str) -> list[Submission]:
    return list({each.code: each for each in answers[name].values()}.values())


def _look(
    lease: Lease, plan: Plan, batch: Sequence[Pair], *, answers: Answers, found: Found
) -> None:
    """Measure a batch; where a child fails at it, its halves, so that one file spoils one pair."""
    if not batch:
        return
    lease.renew()
    try:
        results = _in_cage(lease.board.round, plan, batch, answers)
    except (CageError, FileNotFoundError) as error:
        if isinstance(error, CageError) and error.outcome is CageOutcome.BROKEN:
            raise
        logger.warning(
            "comparing %d pairs of round=%s: %s", len(batch), lease.board.round_id, error
        )
        if len(batch) == 1 or found.failures >= _MOST_FAILURES:
            found.failures += 1
            found.unmeasured += len(batch)
            return
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            _look(lease, plan, half, answers=answers, found=found)
        return
    for pair, result in zip(batch, results, strict=True):
        _note(found, plan, pair, result)


def _note(found: Found, plan: Plan, pair: Pair, result: Measured) -> None:
    if result.distance is None or plan.yardstick is None:
        found.unmeasured += 1
        return
    found.measured += 1
    percent, metric = plan.yardstick.percent, plan.yardstick.metric
    if are_near(result, pair.gaps, percent=percent, metric=metric):
        found.near.append((pair, result.distance))


def _in_cage(round_: Round, plan: Plan, batch: Sequence[Pair], answers: Answers) -> list[Measured]:
    if plan.yardstick is None:
        raise ValueError("a round with an obstacle has nothing to measure")
    names = {name for pair in batch for name in (pair.one, pair.other)}
    files = {each.code: each for name in names for each in _files(answers, name)}
    slugs = [target.slug for target in plan.rule.targets]
    with ExitStack() as stack:
        return compare_in_cage(
            opened(stack, files),
            prediction_format(round_),
            target_specs(round_),
            plan.yardstick.choice,
            answers={
                name: {slug: each.code for slug, each in answers[name].items()} for name in names
            },
            tasks=[
                Task(pair.one, pair.other, tuple(slugs[at] for at in pair.common)) for pair in batch
            ],
            limits=CageLimits(settings.SCORING_MEMORY_BYTES, settings.SCORING_WALL_S),
            also_readable=also_readable(round_, files),
        )


def _write(lease: Lease, plan: Plan, found: Found) -> DuplicateSearch:
    """Write what was found in the place of the search before.

    Books that are posted and rest on other pairs are replaced at once, with the reason.
    """
    round_ = lease.board.round
    rows = {entry.submission.code: entry.submission for entry in plan.entries}
    failed = not found.measured and found.unmeasured > 0
    with transaction.atomic():
        lease.end()
        before = _pairs_of(current_search(round_))
        DuplicateSearch.objects.filter(round=round_, is_current=True).update(is_current=False)
        search = DuplicateSearch.objects.create(
            round=round_,
            inputs_sha256=plan.digest,
            percent=round_.near_duplicate_percent,
            measured=found.measured,
            unmeasured=found.unmeasured,
            reason=DuplicateSearch.Reason.FAILED if failed else "",
        )
        NearDuplicate.objects.bulk_create(
            NearDuplicate(
                search=search,
                one=rows[pair.one],
                other=rows[pair.other],
                distance=distance,
                gap=min(pair.gaps),
            )
            for pair, distance in found.near
        )
        has_books = CreditBook.objects.filter(round=round_).exists()
        if has_books and _pairs_of(search) != before:
            post_book(round_, reason=_ANEW)
    logger.info(
        "near duplicates round=%s found=%d measured=%d unmeasured=%d",
        round_.pk,
        len(found.near),
        found.measured,
        found.unmeasured,
    )
    return search


def _pairs_of(search: DuplicateSearch | None) -> set[tuple[int, int]]:
    if search is None:
        return set()
    return set(search.pairs.values_list("one", "other"))
