"""Pollers of a board hear from memory what everyone may see, for a moment; boards come in pages."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from challenges.models import Round
from leaderboards.services.refresh import refresh_board
from tests.factories import make_round, make_scored, make_user, organizer_of


def board(entries: int = 5) -> tuple[Round, str]:
    round_ = make_round(bootstrap_resamples=100)
    for place in range(entries):
        make_scored(round_, {"t1": 1.0 + place, "t2": 1.0, "t3": 1.0})
    refresh_board(round_)
    return round_, f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/leaderboard/"


def test_a_poller_is_answered_without_the_database_until_the_moment_is_over(
    db: None, settings: Any
) -> None:
    settings.BOARD_CACHE_MS = 60_000
    round_, url = board()
    client = Client()
    first = client.get(url)
    with CaptureQueriesContext(connection) as queries:
        again = client.get(url)
        unchanged = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert len(queries) == 0
    assert again.content == first.content
    assert again["X-Content-Type-Options"] == first["X-Content-Type-Options"] == "nosniff"
    assert again["X-Request-ID"] != first["X-Request-ID"]
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged["ETag"] == first["ETag"]

    make_scored(round_, {"t1": 0.5, "t2": 0.5, "t3": 0.5})
    refresh_board(round_)
    assert client.get(url).content == first.content  # at most a moment old
    settings.BOARD_CACHE_MS = 0
    assert client.get(url)["ETag"] != first["ETag"]


def test_what_is_kept_is_for_those_who_are_not_signed_in_and_nobody_else(
    db: None, settings: Any
) -> None:
    settings.BOARD_CACHE_MS = 60_000
    round_, url = board()
    Round.objects.filter(pk=round_.pk).update(board_policy="reveal")
    organizer, other = Client(), Client()
    organizer.force_login(organizer_of(round_.challenge))
    other.force_login(make_user())
    seen = [each.get(url).json()["visible"] for each in (organizer, Client(), organizer, other)]
    assert seen == [True, False, True, False]
    assert Client().get(url, headers={"Authorization": "Token wrong"}).status_code == 401


def test_a_board_comes_in_pages_by_position(db: None) -> None:
    _round, url = board()
    client = Client()
    whole = client.get(url).json()
    assert "next" not in whole
    found, after = [], 0
    while after is not None:
        page = client.get(url, {"limit": 2, "after": after}).json()
        found += page["standings"]
        after = page["next"]
    assert found == whole["standings"]
    etags = {client.get(url, {"limit": 2, "after": at})["ETag"] for at in (0, 2)}
    assert len(etags) == 2
    for wrong in ({"limit": 0}, {"limit": 501}, {"limit": "x"}, {"after": 2}):
        answer = client.get(url, wrong)
        assert (answer.status_code, "limit" in answer.content.decode()) == (400, True), wrong
