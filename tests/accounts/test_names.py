"""Names hold nothing hidden, and no two are taken for each other."""

# ruff: noqa: RUF001
from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.errors import FieldsRefused
from accounts.models import Team, User
from accounts.names import clean_line, clean_name, skeleton
from accounts.services import create_person, create_team, ensure_team_of_one
from tests.factories import make_team, make_user

REFUSED = {
    "right-to-left override": "ada\u202eecila",
    "right-to-left isolate": "ada\u2067x",
    "zero-width space": "ad\u200ba",
    "zero-width joiner": "ad\u200da",
    "soft hyphen": "ad\u00ada",
    "byte order mark": "\ufeffada",
    "tag character": "ada\U000e0041",
    "control": "ada\x07",
    "delete": "ada\x7f",
    "private use": "ada\ue000",
    "unassigned": "ada\u0378",
    "stacked marks": "a" + "\u0316\u0317\u0318",
    "latin and cyrillic": "pаypal",
    "latin and greek": "αlpha",
    "greek and cyrillic": "αж",
    "latin and armenian": "սnited",
    "nothing to see": "   ",
}
ACCEPTED = [
    "Ada Lovelace",
    "Łukasz Żółć",
    "Nguyễn Thị Minh",
    "Ольга Ладыженская",
    "Ελένη Παπαδάκη",
    "山田 太郎 Lab",
    "ひらがなカタカナ漢字",
    "김연아",
    "محمد",
    "שרה",
    "देवनागरी",
    "D'Arcy-O’Neil Jr. 2nd",
    "Team 100",
]
ALIKE = [
    ("paypal", "раураl"),
    ("scope", "ѕсоре"),
    ("Ivan", "lvan"),
    ("team1", "teaml"),
    ("node0", "nodeo"),
    ("ΑΒΕ", "ABE"),
    ("ﬁeld", "field"),
    ("ＡＤＡ", "ada"),
    ("ada", "ADA"),
]


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED.keys())
def test_a_name_with_something_hidden_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        clean_name(name, field="name", low=1)


@pytest.mark.parametrize("name", ACCEPTED)
def test_names_of_all_languages_are_accepted_as_they_are(name: str) -> None:
    assert clean_name(name, field="name", low=1) == name


def test_a_name_is_stored_in_one_form_with_single_spaces() -> None:
    assert clean_name("  Jose\u0301   Garci\u0301a ", field="name") == "José García"


def test_a_title_may_mix_scripts_but_hides_nothing() -> None:
    assert clean_line("β-barrels, version μ", field="title") == "β-barrels, version μ"
    with pytest.raises(ValidationError):
        clean_line("good\u202etxt.exe", field="title")


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_names_that_look_alike_have_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("Müller", "Muller"), ("lia", "ila"), ("a.b", "ab")])
def test_names_that_a_reader_tells_apart_have_two(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.django_db
def test_a_username_that_looks_like_anothers_is_refused_at_the_field(client: Client) -> None:
    make_user("scope")
    with pytest.raises(FieldsRefused, match="looks like this one"):
        create_person(username="ѕсоре", password="a long and odd sentence")
    with pytest.raises(FieldsRefused, match="Hidden"):
        create_person(username="fine", display_name="a\u202eb", password="a long and odd one")


@pytest.mark.django_db
def test_a_team_that_looks_like_another_is_refused_by_service_and_database() -> None:
    make_team(name="Team Ivan")
    with pytest.raises(FieldsRefused, match="looks like this one"):
        create_team(name="Team lvan", slug="other", members=[make_user()])
    with pytest.raises(IntegrityError), transaction.atomic():
        Team.objects.create(name="Team lvan", slug="other")


@pytest.mark.django_db
def test_a_person_whose_name_is_taken_by_a_team_gets_a_team_with_a_number() -> None:
    make_team(name="Ivan", slug="taken")
    assert ensure_team_of_one(make_user("lvan")).name == "lvan-2"


@pytest.mark.django_db
def test_names_from_before_the_rule_stay_and_can_be_saved() -> None:
    first, second = make_user("scope"), make_user("other")
    User.objects.filter(pk=second.pk).update(username="ѕсоре", name_key=None)
    second.refresh_from_db()
    second.affiliation = "Somewhere"
    second.full_clean()
    second.save()
    assert User.objects.get(pk=second.pk).name_key is None
    assert first.name_key == "scope"
