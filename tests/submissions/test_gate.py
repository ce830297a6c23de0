from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership
from catalog.models import Artifact
from submissions.errors import GateClosed, NotAllowed
from submissions.models import Submission
from submissions.services.gate import check_gate
from tests import factories

pytestmark = pytest.mark.django_db
Kind = Submission.EntryKind


def check(round_, team, *, by=None, at=None, kind=Kind.PARTICIPANT):
    check_gate(
        round=round_,
        team=team,
        by=by or factories.member_of(team),
        at=at or timezone.now(),
        entry_kind=kind,
    )


def test_member_may_submit_while_the_round_is_open():
    check(factories.make_round(), factories.make_team())


def test_deadline_is_the_moment_the_upload_began():
    round_, team = factories.make_round(), factories.make_team()
    check(round_, team, at=round_.closes_at - timedelta(microseconds=1))
    with pytest.raises(GateClosed, match="closed at") as caught:
        check(round_, team, at=round_.closes_at)
    assert caught.value.code == "ROUND_CLOSED"


@pytest.mark.parametrize("fields", [{"published": False}, {"opens_in": 5}])
def test_round_that_is_not_open_yet_takes_nothing(fields):
    fields = dict(fields)
    if "opens_in" in fields:
        fields["opens_at"] = timezone.now() + timedelta(minutes=fields.pop("opens_in"))
    round_ = factories.make_round(**fields)
    with pytest.raises(GateClosed, match="not open yet"):
        check(round_, factories.make_team())


def test_person_outside_the_team_may_not_submit_for_it():
    with pytest.raises(NotAllowed, match="not in the team"):
        check(factories.make_round(), factories.make_team(), by=factories.make_user())


def test_former_member_may_not_submit():
    team = factories.make_team()
    person = factories.member_of(team)
    Membership.objects.update(left_at=timezone.now() + timedelta(seconds=1))
    with pytest.raises(NotAllowed, match="not in the team"):
        check(factories.make_round(), team, by=person)


def test_closed_account_may_not_submit():
    team = factories.make_team()
    person = factories.member_of(team)
    person.is_active = False
    with pytest.raises(NotAllowed, match="closed"):
        check(factories.make_round(), team, by=person)


def test_team_with_a_maker_of_the_targets_is_refused_whoever_uploads():
    maker, other = factories.make_user(), factories.make_user()
    target_set = factories.make_artifact(kind=Artifact.Kind.TARGET_SET, people=[maker])
    round_ = factories.make_round(target_set=target_set)
    with pytest.raises(NotAllowed, match="made the targets"):
        check(round_, factories.make_team(maker, other), by=other)
    check(round_, factories.make_team(other))


@pytest.mark.parametrize("kind", sorted({*Kind} - {Kind.PARTICIPANT, Kind.CONSENSUS}))
def test_only_organizers_may_make_other_kinds_of_entries(kind):
    round_, team = factories.make_round(), factories.make_team()
    at = round_.closes_at
    with pytest.raises(NotAllowed, match="Only organizers"):
        check(round_, team, kind=kind, at=at)
    check(round_, team, kind=kind, at=at, by=factories.organizer_of(round_.challenge))


def test_late_entry_needs_a_closed_round():
    round_ = factories.make_round()
    organizer = factories.organizer_of(round_.challenge)
    with pytest.raises(GateClosed, match="It takes no entry of kind “Late”"):
        check(round_, factories.make_team(), kind=Kind.LATE, by=organizer)


def test_organizer_of_another_challenge_is_no_organizer_here():
    stranger = factories.organizer_of(factories.make_challenge())
    with pytest.raises(NotAllowed, match="Only organizers"):
        check(factories.make_round(), factories.make_team(), kind=Kind.BASELINE, by=stranger)


def test_unknown_entry_kind_is_refused():
    with pytest.raises(NotAllowed, match="no entry kind 'winner'"):
        check(factories.make_round(), factories.make_team(), kind="winner")
