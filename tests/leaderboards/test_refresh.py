"""Boards are a pure function of scores and rules, kept in revisions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from challenges.models import Round
from leaderboards.documents import board_document
from leaderboards.models import Board, BoardRevision, Standing
from leaderboards.selectors import current_revision, standings
from leaderboards.services.refresh import refresh_board, refresh_stale_boards
from leaderboards.visible import visible_board
from submissions.models import Submission, SubmissionState
from tests.factories import make_method, make_round, make_run, make_submission, make_team

pytestmark = pytest.mark.django_db


def scored(round_: Round, values: list[float | None], **fields: object) -> Submission:
    """Make a scored submission with one absolute error per target; None is missing."""
    submission = make_submission(round_, state=SubmissionState.SCORED, **fields)
    targets = [target.slug for target in round_.targets.all()]
    make_run(submission, values=dict(zip(targets, values, strict=True)))
    return submission


def test_refresh_ranks_by_the_mean_over_targets_and_shows_baselines_unranked() -> None:
    round_ = make_round()
    good = scored(round_, [1.0, 1.0, 1.0])
    bad = scored(round_, [3.0, 3.0, 3.0])
    baseline = scored(round_, [2.0, 2.0, 2.0], entry_kind="baseline")
    revision = refresh_board(round_)
    assert revision is not None
    lines = [(row.submission, row.rank, row.value) for row in standings(revision)]
    assert lines == [(good, 1, 1.0), (baseline, None, 2.0), (bad, 2, 3.0)]


def test_equal_values_share_a_rank_and_the_next_is_skipped() -> None:
    round_ = make_round()
    for values in ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0]):
        scored(round_, values)
    revision = refresh_board(round_)
    assert revision is not None
    assert [row.rank for row in standings(revision)] == [1, 2, 2, 4]


def test_an_entry_that_misses_a_target_is_shown_last_and_not_ranked() -> None:
    round_ = make_round()
    incomplete = scored(round_, [0.0, 0.0, None])
    complete = scored(round_, [5.0, 5.0, 5.0])
    revision = refresh_board(round_)
    assert revision is not None
    rows = list(standings(revision))
    assert [(row.submission, row.rank) for row in rows] == [(complete, 1), (incomplete, None)]
    assert rows[1].status == Standing.Status.INCOMPLETE
    assert (rows[1].answered, rows[1].offered, rows[1].value) == (2, 3, None)


def test_skip_policy_ranks_on_answered_targets_with_coverage_shown() -> None:
    round_ = make_round(missing_policy="skip")
    partial = scored(round_, [1.0, None, None])
    complete = scored(round_, [2.0, 2.0, 2.0])
    revision = refresh_board(round_)
    assert revision is not None
    rows = list(standings(revision))
    assert [(row.submission, row.rank, row.answered) for row in rows] == [
        (partial, 1, 1),
        (complete, 2, 3),
    ]


def test_the_last_scored_submission_of_a_team_and_method_counts() -> None:
    round_ = make_round()
    team = make_team()
    method = make_method(team)
    now = timezone.now()
    scored(round_, [1.0, 1.0, 1.0], team=team, method=method, received_at=now)
    last = scored(
        round_,
        [4.0, 4.0, 4.0],
        team=team,
        method=method,
        received_at=now + timedelta(seconds=1),
    )
    revision = refresh_board(round_)
    assert revision is not None
    (row,) = standings(revision)
    assert (row.submission, row.value, row.submissions_used) == (last, 4.0, 2)


def test_refreshing_twice_changes_nothing_and_a_new_score_makes_a_new_revision() -> None:
    round_ = make_round()
    scored(round_, [1.0, 1.0, 1.0])
    first = refresh_board(round_)
    assert first is not None
    assert refresh_board(round_) is None
    assert refresh_stale_boards() == []
    scored(round_, [2.0, 2.0, 2.0])
    assert refresh_stale_boards() == [round_]
    newest = current_revision(round_)
    assert newest is not None
    assert newest.number == 2
    assert [row.value for row in standings(first)] == [1.0]
    assert [row.value for row in standings(newest)] == [1.0, 2.0]


def test_withdrawing_an_entry_makes_a_new_revision_without_it() -> None:
    round_ = make_round()
    kept, gone = scored(round_, [1.0, 1.0, 1.0]), scored(round_, [0.5, 0.5, 0.5])
    refresh_board(round_)
    Submission.objects.filter(pk=gone.pk).update(state=SubmissionState.WITHDRAWN)
    revision = refresh_board(round_)
    assert revision is not None
    assert [row.submission for row in standings(revision)] == [kept]


def test_separable_entries_have_point_rank_intervals_and_groups_of_their_own() -> None:
    round_ = make_round(targets=tuple(f"t{i}" for i in range(10)))
    scored(round_, [1.0 + 0.01 * i for i in range(10)])
    scored(round_, [2.0 + 0.01 * i for i in range(10)])
    revision = refresh_board(round_)
    assert revision is not None
    rows = list(standings(revision))
    assert [(row.rank_low, row.rank_high, row.tie_group) for row in rows] == [(1, 1, 1), (2, 2, 2)]
    assert [row.first_probability for row in rows] == [1.0, 0.0]


def test_a_winner_that_is_not_separable_shares_the_top_group() -> None:
    round_ = make_round(targets=tuple(f"t{i}" for i in range(10)))
    scored(round_, [1.0, 3.0] * 5)
    scored(round_, [3.0, 1.1] * 5)
    revision = refresh_board(round_)
    assert revision is not None
    rows = list(standings(revision))
    assert [row.tie_group for row in rows] == [1, 1]
    assert [(row.rank_low, row.rank_high) for row in rows] == [(1, 2), (1, 2)]


def test_an_empty_round_has_an_empty_board() -> None:
    round_ = make_round()
    assert refresh_board(round_) is not None
    document = board_document(visible_board(round_, AnonymousUser(), timezone.now()))
    assert (document["revision"], document["standings"]) == (1, [])


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"rank": None}, "standing_rank_exactly_when_ranked"),
        ({"status": "unranked"}, "standing_rank_exactly_when_ranked"),
        ({"rank_low": 3, "rank_high": 2}, "standing_interval_ordered"),
        ({"rank_low": 1, "rank_high": None}, "standing_interval_ordered"),
        ({"answered": 4, "offered": 3}, "standing_coverage_at_most_all"),
    ],
)
def test_the_database_refuses_impossible_standings(
    changes: dict[str, object], constraint: str
) -> None:
    round_ = make_round()
    scored(round_, [1.0, 1.0, 1.0])
    revision = refresh_board(round_)
    assert revision is not None
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        revision.standings.update(**changes)


def test_the_database_refuses_a_second_revision_of_one_number() -> None:
    round_ = make_round()
    refresh_board(round_)
    board = Board.objects.get(round=round_)
    with pytest.raises(IntegrityError), transaction.atomic():
        BoardRevision.objects.create(
            board=board, number=1, rule={}, columns=[], target_slugs=[], watermark="x"
        )


def test_the_database_refuses_two_lines_of_one_submission() -> None:
    round_ = make_round()
    entry = scored(round_, [1.0, 1.0, 1.0])
    revision = refresh_board(round_)
    assert revision is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        Standing.objects.create(
            revision=revision,
            submission=entry,
            position=9,
            status="unranked",
            answered=0,
            offered=3,
        )
