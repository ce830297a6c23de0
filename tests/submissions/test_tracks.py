"""The gate decides by track, target, model and the moment the upload began."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from challenges.models import ChallengeRole, Round, TargetWindow, Track, window_of
from challenges.selectors import released_targets
from submissions.errors import GateClosed, NotAllowed
from submissions.services.gate import check_gate, chosen_track, target_problems
from tests import factories

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def round_() -> Round:
    """Servers have three hours for each target, humans the whole round of a day."""
    made = factories.make_round(targets=["t1", "t2"])
    Track.objects.create(round=made, slug="server", title="Servers", target_hours=3)
    Track.objects.create(round=made, slug="human", title="Humans", position=1)
    made.targets.filter(slug="t2").update(opens_at=made.opens_at + 5 * HOUR)
    return made


def codes(round_: Round, slugs: list[str], *, track: str, hours: float, **fields: object) -> list:
    at = round_.opens_at + hours * HOUR
    chosen = chosen_track(round_, track)
    return [each.code for each in target_problems(round_, slugs, at=at, track=chosen, **fields)]


def test_a_target_has_a_deadline_in_each_track(round_: Round) -> None:
    assert codes(round_, ["t1"], track="server", hours=2.9) == []
    assert codes(round_, ["t1"], track="server", hours=3) == ["TARGET_NOT_OPEN"]
    assert codes(round_, ["t1"], track="human", hours=20) == []
    assert codes(round_, ["t2"], track="human", hours=4) == ["TARGET_NOT_OPEN"]
    assert codes(round_, ["t2"], track="server", hours=7.9) == []


def test_the_grace_holds_for_every_deadline(round_: Round) -> None:
    round_.grace_minutes = 30
    assert codes(round_, ["t1"], track="server", hours=3.4) == []
    assert codes(round_, ["t1"], track="server", hours=3.5) == ["TARGET_NOT_OPEN"]


def test_dates_of_a_target_in_one_track_come_first(round_: Round) -> None:
    target, server = round_.targets.get(slug="t1"), round_.tracks.get(slug="server")
    TargetWindow.objects.create(target=target, track=server, closes_at=round_.opens_at + 10 * HOUR)
    assert codes(round_, ["t1"], track="server", hours=9) == []
    assert codes(round_, ["t1"], track="human", hours=23) == []


def test_no_target_is_open_after_its_track(round_: Round) -> None:
    round_.tracks.filter(slug="server").update(closes_at=round_.opens_at + 6 * HOUR)
    window = window_of(round_.targets.get(slug="t2"), round_.tracks.get(slug="server"))
    assert window.closes_at == round_.opens_at + 6 * HOUR


def test_inputs_are_released_with_the_first_opening_in_any_track(round_: Round) -> None:
    late = round_.tracks.get(slug="human")
    TargetWindow.objects.create(
        target=round_.targets.get(slug="t1"), track=late, opens_at=round_.opens_at + 9 * HOUR
    )
    released = released_targets(round_, round_.opens_at + HOUR)
    assert [each.slug for each in round_.targets.filter(pk__in=released)] == ["t1"]


def test_a_round_of_several_tracks_asks_for_one(round_: Round) -> None:
    with pytest.raises(NotAllowed, match="Name one of server, human") as caught:
        chosen_track(round_, "")
    assert caught.value.code == "TRACK_NEEDED"
    with pytest.raises(NotAllowed, match="no track 'robot'"):
        chosen_track(round_, "robot")
    with pytest.raises(NotAllowed, match="name none"):
        chosen_track(factories.make_round(), "human")
    round_.tracks.get(slug="human").delete()
    assert chosen_track(round_, "") == round_.tracks.get()


def test_a_track_closes_by_itself(round_: Round) -> None:
    round_.tracks.filter(slug="server").update(closes_at=timezone.now())
    team = factories.make_team()
    facts = {"round": round_, "team": team, "by": factories.member_of(team)}
    at = timezone.now() + timedelta(minutes=1)
    check_gate(**facts, at=at, track=chosen_track(round_, "human"))
    with pytest.raises(GateClosed, match="Servers closed at") as caught:
        check_gate(**facts, at=at, track=chosen_track(round_, "server"))
    assert caught.value.code == "TRACK_CLOSED"


def test_a_team_hands_in_as_many_models_as_the_round_takes() -> None:
    round_, team = factories.make_round(models_per_target=5), factories.make_team()
    facts = {"round": round_, "team": team, "by": factories.member_of(team)}
    check_gate(**facts, at=timezone.now(), model_index=5)
    for index in (0, 6):
        with pytest.raises(NotAllowed, match="models 1 to 5"):
            check_gate(**facts, at=timezone.now(), model_index=index)


def test_nobody_predicts_a_target_of_their_own() -> None:
    round_, team = factories.make_round(), factories.make_team()
    round_.targets.get(slug="t2").providers.add(factories.member_of(team))
    found = target_problems(round_, ["t1", "t2"], at=timezone.now(), team=team)
    assert [(each.code, each.where) for each in found] == [("TARGET_IS_YOURS", "t2")]


def test_who_assesses_a_round_does_not_take_part_in_it() -> None:
    round_, team = factories.make_round(), factories.make_team()
    person = factories.member_of(team)
    ChallengeRole.objects.create(challenge=round_.challenge, user=person, role="assessor")
    with pytest.raises(NotAllowed, match="assesses it"):
        check_gate(round=round_, team=team, by=person, at=timezone.now())


def test_a_contributor_named_for_one_target_may_predict_the_others() -> None:
    team = factories.make_team()
    person = factories.member_of(team)
    targets = factories.make_artifact(kind="target-set", people=[person])
    round_ = factories.make_round(target_set=targets)
    facts = {"round": round_, "team": team, "by": person, "at": timezone.now()}
    with pytest.raises(NotAllowed, match="made the targets"):
        check_gate(**facts)
    round_.targets.get(slug="t1").providers.add(person)
    check_gate(**facts)
