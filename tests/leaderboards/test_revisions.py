"""A stored revision can be computed again from what it names, whole or in part."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from challenges.models import Round
from leaderboards.models import BoardRevision, Standing
from leaderboards.revisions import sheet_of
from leaderboards.services.refresh import refresh_board
from leaderboards.sheets import NoSuchSlice, Place, Sheet, Slice, places
from leaderboards.visible import visible_board
from submissions.models import Submission
from tests.factories import make_metric, make_round, make_score, make_scored, make_team

pytestmark = pytest.mark.django_db


def sheet(round_: Round, *, number: int) -> Sheet:
    board = visible_board(round_, AnonymousUser(), timezone.now(), number=number)
    found = sheet_of(board)
    assert found is not None
    return found


def plain(facts: list[object]) -> list[object]:
    """Leave out the last digits, which depend on how many entries are summed at once."""
    return [float(f"{each:.12g}") if isinstance(each, float) else each for each in facts[:-1]]


def stored(row: Standing) -> list[object]:
    return plain([
        row.submission_id, row.value, row.rank, row.rank_low, row.rank_high, row.tie_group,
        row.first_probability, row.value_low, row.value_high, row.answered, row.offered, row.values,
    ])  # fmt: skip


def computed(place: Place) -> list[object]:
    known = place.uncertainty
    firm = [None] * 6
    if known is not None:
        firm = [known.rank_low, known.rank_high, known.group, known.first_share, known.value_low,
                known.value_high]  # fmt: skip
    return plain([
        place.key, place.value, place.rank, *firm, place.answered, place.offered, place.values,
    ])  # fmt: skip


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
        rows = revision.standings.order_by("position")
        found = places(sheet(round_, number=revision.number), Slice())
        assert [computed(place) for place in found] == [stored(row) for row in rows]
    assert first.standings.get(submission=entries[0]).value != 9.0


def test_a_family_of_targets_has_ranks_of_its_own() -> None:
    round_, (one, two, three) = three_teams()
    refreshed(round_)
    read = sheet(round_, number=1)
    low = places(read, Slice(family="low"))
    assert [(row.key, row.rank, row.offered) for row in low] == [
        (one.pk, 1, 3),
        (two.pk, 2, 3),
        (three.pk, 3, 3),
    ]
    high = places(read, Slice(family="high"))
    assert [row.key for row in high] == [two.pk, three.pk, one.pk]
    odd = places(read, Slice(target_class="odd", family="low"))
    assert [row.offered for row in odd] == [2, 2, 2]
    with pytest.raises(NoSuchSlice):
        places(read, Slice(family="nowhere"))


def test_another_metric_ranks_by_its_own_direction_without_the_declared_tolerance() -> None:
    round_, entries = three_teams(tie_tolerance=100.0)
    make_metric(round_, "digits", metric="digits_correct")
    make_metric(round_, "all", metric="rmse", aggregate="pooled")
    for place, entry in enumerate(entries):
        run = entry.runs.get()
        for slug in run.reference_versions:
            make_score(run, target=slug, key="digits", value=float(place))
        make_score(run, key="all", value=float(place))
    refreshed(round_)
    read = sheet(round_, number=1)
    assert [row.rank for row in places(read, Slice())] == [1, 1, 1]
    by_digits = places(read, Slice(metric="digits"))
    assert [(row.key, row.rank) for row in by_digits] == [
        (entries[2].pk, 1),
        (entries[1].pk, 2),
        (entries[0].pk, 3),
    ]
    pooled = places(read, Slice(metric="all"))
    assert [(row.key, row.rank, row.uncertainty) for row in pooled] == [
        (each.pk, rank, None) for rank, each in enumerate(entries, start=1)
    ]
    with pytest.raises(NoSuchSlice):
        places(read, Slice(metric="all", family="low"))


def test_an_incomplete_entry_competes_on_the_targets_that_it_answered() -> None:
    round_, entries = three_teams()
    slugs = [target.slug for target in round_.targets.all()]
    partial = make_scored(round_, {slug: 0.1 if slug < "t3" else None for slug in slugs})
    make_scored(round_, dict.fromkeys(slugs, 0.01), entry_kind="baseline")
    refreshed(round_)
    read = sheet(round_, number=1)
    assert {row.key: row.rank for row in places(read, Slice())}[partial.pk] is None
    low = {row.key: row.rank for row in places(read, Slice(family="low"))}
    assert low[partial.pk] == 1
    assert sorted(rank for rank in low.values() if rank) == [1, 2, 3, 4]
    assert entries[0].pk in low
