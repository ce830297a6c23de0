"""What counts of a team: by track, by model, by target, and without what it knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from challenges.models import Round, Track
from challenges.selectors import target_weights
from leaderboards.entries import Entry, entries_of, rule_of
from leaderboards.lines import ranked_lines
from leaderboards.revisions import sheet_of
from leaderboards.services.refresh import refresh_board
from leaderboards.visible import whole_board
from tests import factories

pytestmark = pytest.mark.django_db


def entries(round_: Round) -> list[Entry]:
    return entries_of(round_, rule_of(round_))


def values(entry: Entry) -> list[float | None]:
    return [row.value for row in entry.rows["error"]]


def test_tracks_do_not_mix_and_are_ranked_apart() -> None:
    round_, team = factories.make_round(), factories.make_team()
    method = factories.make_method(team)
    server, human = (
        Track.objects.create(round=round_, slug=slug, title=slug, position=place)
        for place, slug in enumerate(("server", "human"))
    )
    worse, better = {"t1": 3.0, "t2": 3.0, "t3": 3.0}, {"t1": 1.0, "t2": 1.0, "t3": 1.0}
    factories.make_scored(round_, worse, team=team, method=method, track=server)
    factories.make_scored(round_, better, team=team, method=method, track=human)
    lines = ranked_lines(entries(round_), rule_of(round_))
    assert [(each.entry.submission.track, each.rank) for each in lines] == [(server, 1), (human, 1)]


@pytest.mark.parametrize(
    ("basis", "expected"), [("first", [5.0, 5.0, 5.0]), ("best", [2.0, 1.0, 5.0])]
)
def test_a_team_of_several_models_is_ranked_as_declared(basis: str, expected: list[float]) -> None:
    round_ = factories.make_round(models_per_target=3, model_basis=basis)
    team = factories.make_team()
    method = factories.make_method(team)
    for index, scores in enumerate(([5.0, 5.0, 5.0], [2.0, 9.0, 9.0], [9.0, 1.0, 9.0]), 1):
        factories.make_scored(
            round_,
            dict(zip(("t1", "t2", "t3"), scores, strict=True)),
            team=team,
            method=method,
            model_index=index,
        )
    (entry,) = entries(round_)
    assert values(entry) == expected
    assert entry.submission.model_index == 1
    assert entry.submissions_used == 3


def test_without_its_model_1_an_entry_is_shown_and_not_ranked() -> None:
    round_ = factories.make_round(models_per_target=3)
    factories.make_scored(round_, {"t1": 1.0, "t2": 1.0, "t3": 1.0}, model_index=2)
    (entry,) = entries(round_)
    assert not entry.ranks


def test_a_file_replaces_the_answers_it_holds() -> None:
    round_ = factories.make_round(upload_replaces="answers")
    team = factories.make_team()
    method = factories.make_method(team)
    now = timezone.now()
    for place, (slug, value) in enumerate([("t1", 9.0), ("t2", 2.0), ("t3", 3.0), ("t1", 1.0)]):
        factories.make_scored(
            round_,
            {slug: value},
            team=team,
            method=method,
            answered=[slug],
            received_at=now + timedelta(seconds=place),
        )
    (entry,) = entries(round_)
    assert values(entry) == [1.0, 2.0, 3.0]
    assert entry.ranks
    revision = refresh_board(round_)
    assert revision is not None
    sheet = sheet_of(whole_board(round_, timezone.now()))
    assert sheet is not None
    assert {slug: value for (_, _, slug), value in sheet.values.items()} == {
        "t1": 1.0,
        "t2": 2.0,
        "t3": 3.0,
    }


def test_a_late_entry_does_not_take_the_place_of_the_one_in_time() -> None:
    round_, team = factories.make_round(), factories.make_team()
    method = factories.make_method(team)
    scores = {"t1": 1.0, "t2": 1.0, "t3": 1.0}
    factories.make_scored(round_, scores, team=team, method=method)
    factories.make_scored(round_, scores, team=team, method=method, entry_kind="late")
    assert [each.ranks for each in entries(round_)] == [True, False]


@pytest.mark.parametrize(("policy", "ranks"), [("incomplete", False), ("skip", True)])
def test_a_target_is_left_out_for_who_provided_it(policy: str, ranks: bool) -> None:
    round_, team = factories.make_round(missing_policy=policy), factories.make_team()
    factories.make_scored(round_, {"t1": 1.0, "t2": 1.0, "t3": 1.0}, team=team)
    round_.targets.get(slug="t2").providers.add(factories.member_of(team))
    (entry,) = entries(round_)
    assert values(entry) == [1.0, None, 1.0]
    assert entry.ranks is ranks
    assert entry.insider_of == {"t2"}


def test_who_left_the_team_before_the_upload_tells_it_nothing() -> None:
    round_, team = factories.make_round(), factories.make_team()
    leaver = factories.make_user()
    now = timezone.now()
    Membership.objects.create(
        team=team, user=leaver, joined_at=now - timedelta(days=9), left_at=now - timedelta(days=1)
    )
    round_.targets.get(slug="t2").providers.add(leaver)
    factories.make_scored(round_, {"t1": 1.0, "t2": 1.0, "t3": 1.0}, team=team)
    (entry,) = entries(round_)
    assert entry.ranks


def test_units_of_one_thing_share_its_weight() -> None:
    round_ = factories.make_round(targets=["a-d1", "a-d2", "b"])
    round_.targets.filter(slug__startswith="a-").update(unit_of="a")
    assert target_weights(list(round_.targets.all())) == {"a-d1": 0.5, "a-d2": 0.5, "b": 1.0}
    factories.make_scored(round_, {"a-d1": 1.0, "a-d2": 3.0, "b": 6.0})
    (line,) = ranked_lines(entries(round_), rule_of(round_))
    assert line.value.value == 4.0
