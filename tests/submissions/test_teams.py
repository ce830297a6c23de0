"""Teams: who comes in, who leaves, and when two become one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import teams
from accounts.errors import InvitationRefused, TeamRefused
from accounts.models import Membership, Team, TeamInvitation, User
from accounts.selectors import captain_of, is_captain, is_member
from submissions.errors import NotAllowed
from submissions.selectors import visible_submissions
from submissions.services.merging import merge_by_invitation
from submissions.services.quota import quota_of, require_one_left, reserve
from tests.factories import make_round, make_submission, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> User:
    return make_user("ann")


@pytest.fixture
def ben() -> User:
    return make_user("ben")


def secret_of(invited: teams.Invited) -> str:
    return invited.url.rstrip("/").rpartition("/")[2]


def test_an_invitation_lets_one_person_in_once_and_its_secret_is_kept_nowhere(
    ann: User, ben: User
) -> None:
    team = make_team(ann)
    secret = secret_of(teams.invite(team, by=ann))
    assert secret not in str(list(TeamInvitation.objects.values()))
    assert teams.join(secret, by=ben) == team
    assert is_member(ben, team)
    with pytest.raises(InvitationRefused):
        teams.join(secret, by=make_user())


def test_an_invitation_taken_back_or_out_of_time_lets_nobody_in(ann: User, ben: User) -> None:
    team = make_team(ann)
    back, late = teams.invite(team, by=ann), teams.invite(team, by=ann)
    assert teams.revoke(team, pk=back.invitation.pk, by=ann)
    assert not teams.revoke(team, pk=back.invitation.pk, by=ann)
    TeamInvitation.objects.filter(pk=late.invitation.pk).update(expires_at=timezone.now())
    for each in (back, late):
        with pytest.raises(InvitationRefused):
            teams.join(secret_of(each), by=ben)


def test_an_invitation_is_not_both_taken_and_taken_back(ann: User) -> None:
    row = teams.invite(make_team(ann), by=ann).invitation
    with pytest.raises(IntegrityError), transaction.atomic():
        TeamInvitation.objects.filter(pk=row.pk).update(
            taken_at=timezone.now(), taken_by=ann, revoked_at=timezone.now()
        )


def test_only_the_captain_invites_hands_over_and_takes_back(ann: User, ben: User) -> None:
    team = make_team(ann, ben)
    assert captain_of(team) == ann  # without one, who has been in it longest
    row = teams.invite(team, by=ann).invitation
    for act in (
        lambda: teams.invite(team, by=ben),
        lambda: teams.revoke(team, pk=row.pk, by=ben),
        lambda: teams.hand_over(team, by=ben, to=ben),
    ):
        with pytest.raises(TeamRefused, match="captain"):
            act()
    teams.hand_over(team, by=ann, to=ben)
    assert is_captain(ben, team)
    assert not is_captain(ann, team)


def test_leaving_ends_a_membership_and_a_submission_keeps_its_people(ann: User, ben: User) -> None:
    team = make_team(ann, ben)
    submission = make_submission(team=team)
    with pytest.raises(TeamRefused, match="Hand the team over"):
        teams.leave(team, by=ann)
    teams.leave(team, by=ben)
    assert Membership.objects.filter(team=team).count() == 2
    assert list(teams.members_at(team, submission.received_at)) == [ann, ben]
    assert list(teams.members_at(team, timezone.now())) == [ann]
    assert not visible_submissions(ben).exists()
    with pytest.raises(TeamRefused, match="last member"):
        teams.leave(team, by=ann)


def merge(old: Team, new: Team, *, by: User, host: User) -> Team:
    secret = secret_of(teams.invite(new, by=host, merges=True))
    return merge_by_invitation(secret, team=old, by=by)


def sent(round_: Any, team: Team, count: int) -> None:
    for _ in range(count):
        reserve(make_submission(round_, team))


def test_two_teams_become_one_and_share_one_quota(ann: User, ben: User) -> None:
    round_ = make_round(submissions_per_day=3)
    old, new = make_team(ann), make_team(ben)
    sent(round_, old, 1)
    sent(round_, new, 1)
    merge(old, new, by=ann, host=ben)
    old.refresh_from_db()
    assert (old.merged_into, is_member(ann, new), is_member(ann, old)) == (new, True, False)
    assert quota_of(new, round_, timezone.now()).left == 1
    assert visible_submissions(ben).count() == 2
    with pytest.raises(NotAllowed, match="part of another team"), transaction.atomic():
        require_one_left(old, round_, timezone.now())


def test_teams_that_have_sent_more_than_one_may_stay_two(ann: User, ben: User) -> None:
    round_ = make_round(submissions_per_day=3)
    old, new = make_team(ann), make_team(ben)
    sent(round_, old, 2)
    sent(round_, new, 2)
    secret = secret_of(teams.invite(new, by=ben, merges=True))
    with pytest.raises(NotAllowed, match="have sent 4"):
        merge_by_invitation(secret, team=old, by=ann)
    assert teams.invitation_of(secret).taken_at is None
    assert is_member(ann, old)


def test_after_a_round_has_closed_who_entered_it_stays_until_it_is_final(
    ann: User, ben: User
) -> None:
    now = timezone.now()
    past = {"opens_at": now - timedelta(days=9), "closes_at": now - timedelta(days=1)}
    round_ = make_round(**past)
    old, new = make_team(ann), make_team(ben)
    make_submission(round_, old)
    with pytest.raises(NotAllowed, match="until it is"):
        merge(old, new, by=ann, host=ben)
    type(round_).objects.filter(pk=round_.pk).update(revealed_at=now, finalized_at=now)
    assert merge(old, new, by=ann, host=ben) == new


def test_a_team_is_not_merged_into_itself_nor_by_an_invitation_for_one(
    ann: User, ben: User
) -> None:
    old, new = make_team(ann), make_team(ben)
    with pytest.raises(NotAllowed, match="itself"):
        merge(old, old, by=ann, host=ann)
    secret = secret_of(teams.invite(new, by=ben))
    with pytest.raises(NotAllowed, match="for one person"):
        merge_by_invitation(secret, team=old, by=ann)
    whole = secret_of(teams.invite(new, by=ben, merges=True))
    with pytest.raises(InvitationRefused, match="whole team"):
        teams.join(whole, by=ann)


def test_by_pages_two_people_make_a_team_and_part(ann: User, ben: User) -> None:
    first, second = Client(), Client()
    first.force_login(ann)
    second.force_login(ben)
    first.post("/account/teams/", {"name": "Two of us"})
    team = Team.objects.get(name="Two of us")
    page = f"/teams/{team.slug}/manage/"
    assert second.get(page).status_code == 404
    answer = first.post(page, {"act": "invite", "email": "ben@example.org"})
    found = re.search(r'class="secret">[^<]*(/invitations/[^<]+)<', answer.content.decode())
    assert found is not None
    assert b"ann" in second.get(found[1]).content
    assert not is_member(ben, team)  # looking does nothing
    second.post(found[1])
    assert is_member(ben, team)
    first.post(page, {"act": "hand-over", "to": "ben"})
    assert captain_of(team) == ann  # without the tick nothing happens
    first.post(page, {"act": "hand-over", "to": "ben", "sure": "1"})
    assert captain_of(team) == ben
    assert first.post(page, {"act": "leave", "sure": "1"})["Location"] == "/account/teams/"
    assert first.get(page).status_code == 404
    assert first.get(found[1]).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_an_invitation_by_mail_goes_to_its_address_after_the_row_is_kept(ann: User) -> None:
    invited = teams.invite(make_team(ann), by=ann, email="ben@example.org")
    assert [message.to for message in mail.outbox] == [["ben@example.org"]]
    assert invited.url in mail.outbox[0].body
