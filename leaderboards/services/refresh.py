"""Refresh a board: rank the scores and write a whole revision before the pointer moves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, Max, Q

from challenges.models import Correction, Round
from leaderboards.entries import Entry, Rule, entries_of, rule_of
from leaderboards.lines import Line, ranked_lines
from leaderboards.models import Board, BoardRevision, DuplicateSearch, Standing
from leaderboards.rules import column_documents, rule_document
from leaderboards.services.documents import store_documents
from leaderboards.services.facts import settle_now
from leaderboards.services.public_sheet import public_sheet, store_public_sheet
from scoring.credit import Books, CreditKind, Posting
from scoring.credit.export import to_canonical_json
from scoring.engine import ENGINE_VERSION
from submissions.models import ScoringRun, Submission, SubmissionState


def refresh_stale_boards() -> list[Round]:
    """Refresh every published round whose inputs changed since its board's last revision.

    Then see to it that what everyone may have of each board, now, is stored for its readers.
    """
    rounds = list(Round.objects.filter(published_at__isnull=False).select_related("challenge"))
    marks = watermarks(rounds)
    current = dict(
        Board.objects.filter(round__in=rounds).values_list("round_id", "current__watermark")
    )
    stale = [each for each in rounds if current.get(each.pk) != marks[each.pk]]
    refreshed = [each for each in stale if refresh_board(each) is not None]
    store_documents(rounds)
    return refreshed


def watermarks(rounds: Sequence[Round]) -> dict[int, str]:
    """Return a short text per round that changes when anything a board is computed from does."""
    runs = dict(
        ScoringRun.objects.filter(submission__round__in=rounds, is_current=True)
        .values_list("submission__round")
        .annotate(newest=Max("id"))
    )
    counts = {
        row["round"]: (row["scored"], row["withdrawn"])
        for row in Submission.objects.filter(round__in=rounds)
        .values("round")
        .annotate(
            scored=Count("id", filter=Q(state=SubmissionState.SCORED)),
            withdrawn=Count("id", filter=Q(state=SubmissionState.WITHDRAWN)),
        )
    }
    targets = dict(
        Round.objects.filter(pk__in=[each.pk for each in rounds])
        .values_list("pk")
        .annotate(alive=Count("targets", filter=Q(targets__cancelled_at__isnull=True)))
    )
    corrected = dict(
        Correction.objects.filter(round__in=rounds, in_force_at__isnull=False)
        .order_by()
        .values_list("round")
        .annotate(number=Count("id"))
    )
    searched = dict(
        DuplicateSearch.objects.filter(
            round__in=[each for each in rounds if each.revealed_at], is_current=True
        ).values_list("round", "pk")
    )
    return {
        # Once corrected it has to change, though no current run may be newer than before.
        each.pk: "run {} scored {} withdrawn {} targets {} {} engine {}".format(
            runs.get(each.pk, 0),
            *counts.get(each.pk, (0, 0)),
            targets[each.pk],
            "revealed" if each.revealed_at else "sealed",
            ENGINE_VERSION,
        )
        + (f" corrections {corrected[each.pk]}" if each.pk in corrected else "")
        # From the reveal on, credit on the board counts near duplicates as one.
        + (f" compared {searched[each.pk]}" if each.pk in searched else "")
        for each in rounds
    }


def refresh_board(round_: Round) -> BoardRevision | None:
    """Write a new revision of a round's board; None when it is current already.

    The arithmetic runs outside the transaction. Whoever finds, under the lock, that the inputs
    moved on meanwhile leaves the work to the next refresh.
    """
    mark = watermarks([round_])[round_.pk]
    rule = rule_of(round_)
    entries = entries_of(round_, rule)
    lines = ranked_lines(entries, rule)
    books, export = _credit(round_, entries, rule)
    sheet = public_sheet(round_, rule, entries)
    with transaction.atomic():
        board, _ = Board.objects.get_or_create(round=round_)
        board = (
            Board.objects.select_for_update(of=("self",)).select_related("current").get(pk=board.pk)
        )
        newest = board.current
        if (newest and newest.watermark == mark) or watermarks([round_])[round_.pk] != mark:
            return None
        revision = BoardRevision.objects.create(
            board=board,
            number=newest.number + 1 if newest else 1,
            inputs_sha256=_digest(entries, rule),
            watermark=mark,
            rule=rule_document(rule),
            columns=column_documents(rule),
            target_slugs=[target.slug for target in rule.targets],
            credit_export=export,
        )
        Standing.objects.bulk_create(_standings(revision, lines, books))
        board.current = revision
        board.save(update_fields=["current"])
        store_public_sheet(board, sheet, after=revision)
    return revision


def _credit(round_: Round, entries: Sequence[Entry], rule: Rule) -> tuple[Books, str]:
    """Return provisional credit and its export."""
    facts, books = settle_now(round_, entries, rule)
    return books, to_canonical_json(facts, books)


def _standings(revision: BoardRevision, lines: Sequence[Line], books: Books) -> list[Standing]:
    skills = {line.result: line.skill_ppm for line in books.skills}
    kept = own_credit(books.postings)
    return [
        Standing(
            revision=revision,
            submission=line.entry.submission,
            run_id=line.entry.run,
            position=position,
            status=line.status,
            value=line.value.value,
            rank=line.rank,
            rank_low=line.uncertainty.rank_low,
            rank_high=line.uncertainty.rank_high,
            first_probability=line.uncertainty.first_share if line.rank else None,
            value_low=line.uncertainty.value_low,
            value_high=line.uncertainty.value_high,
            tie_group=line.uncertainty.group,
            answered=line.value.answered,
            offered=line.value.offered,
            submissions_used=line.entry.submissions_used,
            skill_ppm=skills.get(line.entry.submission.code),
            credit_micropoints=kept.get(line.entry.submission.code, 0)
            if line.entry.submission.code in skills
            else None,
            values=line.values,
            part_runs=line.entry.part_runs,
            against_first=line.against_first,
            insider_of=sorted(line.entry.insider_of),
        )
        for position, line in enumerate(lines, start=1)
    ]


def own_credit(postings: Sequence[Posting]) -> dict[str, int]:
    """Return what each result's own method keeps, by submission code."""
    return {
        posting.account: posting.micropoints
        for posting in postings
        if posting.kind is CreditKind.METHOD and posting.account == posting.result
    }


def _digest(entries: Sequence[Entry], rule: Rule) -> str:
    rows = {
        entry.submission.code: {
            key: [[row.target, row.status, row.value] for row in rows]
            for key, rows in entry.rows.items()
        }
        for entry in entries
    }
    text = json.dumps([rule_document(rule), rows], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
