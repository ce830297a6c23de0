"""Guessing passwords gets slower where it comes from, at every door, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import SignInTry
from accounts.signing_in import OF_ADDRESS, OF_NAME_AND_ADDRESS, TooManyTries, client_address
from tests.factories import make_user

pytestmark = pytest.mark.django_db
RIGHT = "correct horse"


@pytest.fixture(autouse=True)
def _no_tries_of_others() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _ann() -> None:
    ann = make_user("ann", is_staff=True, email="ann@example.org")
    EmailAddress.objects.create(user=ann, email=ann.email, verified=True, primary=True)


def post(path: str, username: str, password: str, **extra: Any) -> tuple[bool, str]:
    """Try a password at a door; return whether it opened, and what was said."""
    given = {"username": username, "password": password}
    response = Client().post(path, given, **extra)
    return response.status_code in {201, 302}, response.content.decode()


DOORS: dict[str, Callable[..., tuple[bool, str]]] = {
    "page": lambda *given, **extra: post("/login/", *given, **extra),
    "admin": lambda *given, **extra: post("/login/?next=/admin/", *given, **extra),
    "address": lambda name, *given, **extra: post(
        "/login/", f"{name}@example.org", *given, **extra
    ),
    "API": lambda *given, **extra: post("/api/v1/auth/token/", *given, **extra),
}


@pytest.mark.parametrize("door", DOORS)
def test_after_five_wrong_passwords_even_the_right_one_waits(door: str) -> None:
    knock = DOORS[door]
    for _ in range(OF_NAME_AND_ADDRESS.free):
        opened, told = knock("ann", "wrong")
        assert not opened
        assert "seconds" not in told
    opened, told = knock("ann", RIGHT)
    assert not opened
    assert "30 seconds" in told


@pytest.mark.parametrize("door", DOORS)
def test_the_owner_signs_in_from_elsewhere_while_somebody_guesses(door: str) -> None:
    for _ in range(20):
        DOORS["page"]("ann", "wrong", REMOTE_ADDR="203.0.113.9")
    assert DOORS[door]("ann", RIGHT, REMOTE_ADDR="198.51.100.7")[0]
    assert not DOORS[door]("ann", RIGHT, REMOTE_ADDR="203.0.113.9")[0]


def test_of_a_thousand_guesses_five_are_looked_at(rf: Any) -> None:
    refused = 0
    for number in range(1000):
        try:
            authenticate(rf.post("/login/"), username="ann", password=f"guess {number}")
        except TooManyTries:
            refused += 1
    assert refused == 1000 - OF_NAME_AND_ADDRESS.free


def test_doors_count_together_and_writing_the_name_otherwise_does_not_help() -> None:
    for name, door in (("ann", "page"), ("ANN", "API"), ("Ann", "admin"), ("ann", "address")):
        DOORS[door](name, "wrong")
    DOORS["API"]("ann", "wrong")
    assert "seconds" in DOORS["page"]("ann", RIGHT)[1]


@pytest.mark.parametrize("door", DOORS)
def test_a_made_up_forwarded_address_does_not_help(door: str) -> None:
    for number in range(OF_NAME_AND_ADDRESS.free):
        DOORS[door]("ann", "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    assert not DOORS[door]("ann", RIGHT, HTTP_X_FORWARDED_FOR="10.1.1.1")[0]


def test_behind_a_proxy_its_word_counts_and_what_was_sent_to_it_does_not(
    rf: Any, settings: Any
) -> None:
    settings.NUM_PROXIES = 1
    request = rf.get("/", HTTP_X_FORWARDED_FOR="10.0.0.1, 203.0.113.9", REMOTE_ADDR="127.0.0.1")
    assert client_address(request) == "203.0.113.9"
    assert client_address(rf.get("/", REMOTE_ADDR="192.0.2.3")) == "192.0.2.3"


def test_all_addresses_of_one_ipv6_network_are_one(rf: Any) -> None:
    first, second = (
        client_address(rf.get("/", REMOTE_ADDR=f"2001:db8:1:2::{end}")) for end in ("1", "ffff")
    )
    assert first == second == "2001:db8:1:2::/64"


def test_the_wait_doubles_and_a_right_password_ends_it() -> None:
    waits = []
    for _ in range(3):
        while "seconds" not in DOORS["page"]("ann", "wrong")[1]:
            pass
        row = SignInTry.objects.exclude(blocked_until=None).first()
        assert row is not None
        waits.append(round((row.blocked_until - row.last_at).total_seconds()))
        SignInTry.objects.update(blocked_until=timezone.now())
    assert waits == [30, 60, 120]
    assert DOORS["page"]("ann", RIGHT)[0]
    assert SignInTry.objects.get().failures == OF_NAME_AND_ADDRESS.free + 2  # of the address
    assert "seconds" not in DOORS["page"]("ann", "wrong")[1]


def test_trying_many_names_from_one_address_is_slowed_too() -> None:
    for number in range(OF_ADDRESS.free):
        DOORS["page"](f"someone{number}", "wrong")
    assert not DOORS["page"]("ann", RIGHT)[0]
    assert DOORS["page"]("ann", RIGHT, REMOTE_ADDR="198.51.100.7")[0]


def test_tries_of_yesterday_are_forgotten_and_no_address_is_kept() -> None:
    for _ in range(OF_NAME_AND_ADDRESS.free):
        DOORS["page"]("ann", "wrong", REMOTE_ADDR="203.0.113.9")
    assert not any("203" in row.key and "ann" in row.key for row in SignInTry.objects.all())
    SignInTry.objects.update(last_at=timezone.now() - timedelta(days=2))
    assert DOORS["page"]("ann", RIGHT, REMOTE_ADDR="203.0.113.9")[0]
    DOORS["page"]("someone", "wrong")
    assert SignInTry.objects.filter(last_at__lt=timezone.now() - timedelta(days=1)).count() == 0


def test_a_name_nobody_has_is_slowed_as_any_other() -> None:
    told = [DOORS["page"]("nobody", "wrong")[1] for _ in range(6)]
    assert ["seconds" in text for text in told] == [False] * 5 + [True]


def test_the_admin_has_no_door_of_its_own() -> None:
    for answer in (
        Client().get("/admin/login/?next=/admin/"),
        Client().post("/admin/login/?next=/admin/", {"username": "ann", "password": RIGHT}),
    ):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/?next=")
    assert not SignInTry.objects.exists()


def test_an_address_that_nobody_verified_opens_nothing() -> None:
    EmailAddress.objects.update(verified=False)
    assert not DOORS["address"]("ann", RIGHT)[0]
