"""A stored revision can be computed again from what it names, whole or in part."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from challenges.models import Round
from leaderboards.models import BoardRevision, Standing
from leaderboards.revisions import NotKept, read_revision, revision_at, revision_numbered
from leaderboards.services.refresh import refresh_board
from leaderboards.slices import NoSuchSlice, Slice, sliced
from submissions.models import Submission
from tests.factories import make_metric, make_round, make_score, make_scored, make_team

pytestmark = pytest.mark.django_db
SHOWN = ("status", "value", "rank", "rank_low", "rank_high", "tie_group", "answered", "offered")


def facts(standing: Standing) -> list[object]:
    return [standing.submission.code, *(getattr(standing, name) for name in SHOWN)]


def three_teams(**fields: object) -> tuple[Round, list[Submission]]:
    """Make a round of six targets in two families, and three entries."""
    round_ = make_round(targets=[f"t{i}" for i in range(6)], bootstrap_resamples=300, **fields)
    for target in round_.targets.all():
        target.family = "low" if target.position < 4 else "high"
        target.classes = ["odd"] if target.position % 2 else ["even"]
        target.save()
    values = [[1.0, 1.2, 0.9, 5.0, 5.5, 4.5], [2.0, 2.2, 1.9, 1.0, 1.5, 1.2], [3, 4, 3, 4, 3, 4]]
    slugs = [f"t{i}" for i in range(6)]
    return round_, [make_scored(round_, dict(zip(slugs, row, strict=True))) for row in values]


def refreshed(round_: Round) -> BoardRevision:
    revision = refresh_board(round_)
    assert revision is not None
    return revision


def test_an_old_revision_computed_again_gives_the_lines_it_was_stored_with() -> None:
    round_, entries = three_teams()
    first = refreshed(round_)
    run = entries[0].runs.get()
    run.is_current = False
    run.save()
    again = entries[0].runs.create(
        number=2, attempt=1, reference_versions=run.reference_versions, metric_versions={},
        engine_version="1", worker="w", started_at=timezone.now(), finished_at=timezone.now(),
    )  # fmt: skip
    for slug in first.target_slugs:
        make_score(again, target=slug, value=9.0)
    make_scored(round_, dict.fromkeys(first.target_slugs, 0.5), team=make_team())
    second = refreshed(round_)
    for revision in (first, second):
        stored = revision.standings.select_related("submission").order_by("position")
        assert {row.run_id for row in stored} != {None}
        found = sliced(read_revision(round_, revision), Slice())
        assert [facts(row) for row in found.standings] == [facts(row) for row in stored]
    assert first.standings.get(submission=entries[0]).value != 9.0


def test_a_family_of_targets_has_ranks_of_its_own() -> None:
    round_, (one, two, three) = three_teams()
    read = read_revision(round_, refreshed(round_))
    low = sliced(read, Slice(family="low")).standings
    assert [(row.submission, row.rank, row.offered) for row in low] == [
        (one, 1, 3),
        (two, 2, 3),
        (three, 3, 3),
    ]
    high = sliced(read, Slice(family="high")).standings
    assert [row.submission for row in high] == [two, three, one]
    odd = sliced(read, Slice(target_class="odd", family="low")).standings
    assert [row.offered for row in odd] == [2, 2, 2]
    with pytest.raises(NoSuchSlice):
        sliced(read, Slice(family="nowhere"))


def test_another_metric_ranks_by_its_own_direction_without_the_declared_tolerance() -> None:
    round_, entries = three_teams(tie_tolerance=100.0)
    make_metric(round_, "digits", metric="digits_correct")
    make_metric(round_, "all", metric="rmse", aggregate="pooled")
    for place, entry in enumerate(entries):
        run = entry.runs.get()
        for slug in run.reference_versions:
            make_score(run, target=slug, key="digits", value=float(place))
        make_score(run, key="all", value=float(place))
    read = read_revision(round_, refreshed(round_))
    assert [row.rank for row in sliced(read, Slice()).standings] == [1, 1, 1]
    by_digits = sliced(read, Slice(metric="digits")).standings
    assert [(row.submission, row.rank) for row in by_digits] == [
        (entries[2], 1),
        (entries[1], 2),
        (entries[0], 3),
    ]
    pooled = sliced(read, Slice(metric="all")).standings
    assert [(row.submission, row.rank_low) for row in pooled] == [(each, None) for each in entries]
    with pytest.raises(NoSuchSlice):
        sliced(read, Slice(metric="all", family="low"))


def test_by_team_each_team_has_the_entry_that_credit_looks_at() -> None:
    round_, entries = three_teams()
    slugs = [target.slug for target in round_.targets.all()]
    later = timezone.now() + timedelta(seconds=5)
    last = make_scored(round_, dict.fromkeys(slugs, 8.0), team=entries[0].team, received_at=later)
    read = read_revision(round_, refreshed(round_))
    by_team = sliced(read, Slice(by_team=True)).standings
    assert [row.submission for row in by_team] == [entries[1], entries[2], last]


def test_the_board_as_of_a_moment_is_the_revision_in_force_then() -> None:
    round_, _ = three_teams()
    first = refreshed(round_)
    make_scored(round_, dict.fromkeys(first.target_slugs, 0.5))
    second = refreshed(round_)
    BoardRevision.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=9))
    assert revision_at(round_, timezone.now()) == second
    assert revision_at(round_, timezone.now() - timedelta(days=1)) == first
    assert revision_at(round_, timezone.now() - timedelta(days=10)) is None
    assert revision_numbered(round_, 1) == first


def test_an_old_revision_that_names_no_runs_says_so_and_the_newest_takes_the_current_ones() -> None:
    round_, _ = three_teams()
    first = refreshed(round_)
    Standing.objects.update(run=None)
    assert len(read_revision(round_, first).entries) == 3
    make_scored(round_, dict.fromkeys(first.target_slugs, 0.5))
    refreshed(round_)
    with pytest.raises(NotKept):
        read_revision(round_, first)
