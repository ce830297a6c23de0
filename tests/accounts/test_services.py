"""Accounts: people, teams, and the constraints that the database holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import FieldsRefused, TeamNameTaken, UsernameTaken
from accounts.identifiers import orcid_check_character, validate_orcid
from accounts.models import Membership, Team, User
from accounts.selectors import active_members_of, active_teams_of, is_member, team_of_one
from accounts.services import create_person, create_team, ensure_team_of_one

pytestmark = pytest.mark.django_db


def person(username: str, **fields: str) -> User:
    return create_person(username=username, password="correct horse", **fields)


def test_create_person_makes_the_team_of_one() -> None:
    ada = person("ada", display_name="Ada Lovelace", orcid="0000-0002-1825-0097")
    team = team_of_one(ada)
    assert team is not None
    assert (team.slug, team.name) == ("ada", "Ada Lovelace")
    assert list(active_members_of(team)) == [ada]
    assert ada.check_password("correct horse")
    assert not ada.is_staff


def test_two_people_of_one_name_get_two_teams() -> None:
    first = person("kim", display_name="Kim")
    second = person("kim.b", display_name="Kim")
    third = person("kim-b", display_name="Kim")
    teams = [team_of_one(user) for user in (first, second, third)]
    assert [team and team.name for team in teams] == ["Kim", "Kim-2", "Kim-3"]
    assert [team and team.slug for team in teams] == ["kim", "kimb", "kim-b"]


def test_username_of_another_case_is_taken() -> None:
    person("ada")
    with pytest.raises(UsernameTaken, match=r"Ada is taken\. Choose another"):
        person("Ada")
    assert Team.objects.count() == 1


def test_every_refused_field_is_named() -> None:
    with pytest.raises(FieldsRefused) as caught:
        person("a b", email="nowhere", orcid="0000-0002-1825-0098")
    assert set(caught.value.fields) == {"username", "email", "orcid"}
    assert "typing error" in str(caught.value)
    assert not User.objects.exists()


def test_ensure_team_of_one_makes_one_only_once() -> None:
    root = User.objects.create_superuser("root", password="correct horse")
    assert team_of_one(root) is None
    assert ensure_team_of_one(root) == ensure_team_of_one(root)
    assert Team.objects.count() == 1


def test_a_shared_team_is_not_a_team_of_one() -> None:
    ada, bob = person("ada"), person("bob")
    both = create_team(name="Both", slug="both", members=[ada, bob])
    assert team_of_one(ada) == Team.objects.get(slug="ada")
    assert list(active_teams_of(bob)) == [both, Team.objects.get(slug="bob")]
    assert [row.role for row in both.memberships.order_by("pk")] == ["captain", "member"]


def test_leaving_a_team_ends_what_it_allows() -> None:
    ada, bob = person("ada"), person("bob")
    both = create_team(name="Both", slug="both", members=[ada, bob])
    assert is_member(bob, both)
    both.memberships.filter(user=bob).update(left_at=timezone.now() + timedelta(seconds=1))
    assert not is_member(bob, both)
    assert both not in active_teams_of(bob)
    assert list(active_members_of(both)) == [ada]


@pytest.mark.parametrize(
    ("name", "slug", "error"),
    [
        ("Ada", "new", TeamNameTaken),
        ("New", "ada", TeamNameTaken),
        ("New", "not a slug", FieldsRefused),
        ("x" * 81, "new", FieldsRefused),
    ],
)
def test_create_team_refuses(name: str, slug: str, error: type[Exception]) -> None:
    ada = person("ada", display_name="Ada")
    with pytest.raises(error):
        create_team(name=name, slug=slug, members=[ada])
    assert Team.objects.count() == 1


def test_create_team_refuses_nobody_and_somebody_twice() -> None:
    ada = person("ada")
    for members in ([], [ada, ada]):
        with pytest.raises(FieldsRefused, match="each named once"):
            create_team(name="New", slug="new", members=members)


def test_orcid_check_character_is_that_of_known_ids() -> None:
    assert orcid_check_character("000000021825009") == "7"
    assert orcid_check_character("000000021694233") == "X"
    with pytest.raises(ValidationError, match="has the form"):
        validate_orcid("0000000218250097")


def test_user_orcid_once_is_held_by_the_database() -> None:
    User.objects.create(username="a", orcid="0000-0002-1825-0097")
    User.objects.create(username="b")
    User.objects.create(username="c")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="d", orcid="0000-0002-1825-0097")


def test_membership_active_once_is_held_by_the_database() -> None:
    ada = person("ada")
    team = Team.objects.get()
    Membership.objects.create(team=team, user=ada, left_at=timezone.now() + timedelta(seconds=5))
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(team=team, user=ada)


def test_membership_joined_before_left_is_held_by_the_database() -> None:
    ada = person("ada")
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(team=Team.objects.get(), user=ada, joined_at=now, left_at=now)
