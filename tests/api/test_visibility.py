"""Planted scores and names: no address that anyone can reach shows one before its time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from challenges.models import Target
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission
from submissions.services.drain import drain
from tests.api.test_canaries import crawl, put_into
from tests.factories import (
    make_method,
    make_round,
    make_scored,
    make_team,
    make_user,
    member_of,
    npz_bytes,
    organizer_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = {"t1": 31.41592653, "t2": 27.18281828}
PRIVATE = {"t3": 57.72156649}
VALUES = ["31.4159", "27.1828", "29.2993", "38.7734"]  # of targets, and their means
SECRET = ["57.7215", "38.7734"]  # what a private target, and with it the mean of all, tells
NAMES = ["Canary Team", "canary-team", "canary-method"]

# The rules of a round, and what must not be found while it is open and while it is closed.
CASES: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "close": ({"board_policy": "close"}, VALUES, []),
    "reveal": ({"board_policy": "reveal"}, VALUES, VALUES),
    "delayed": ({"board_policy": "delayed", "board_delay_hours": 999}, VALUES, VALUES),
    "ladder": ({"board_policy": "ladder", "ladder_step": 1.0}, VALUES, VALUES),
    "rounded": ({"shown_decimals": 1}, VALUES, VALUES),
    "names": ({"names_shown": "reveal"}, NAMES, NAMES),
    "target scores": ({"target_scores_shown": "reveal"}, VALUES[:2], VALUES[:2]),
    "private targets": ({}, SECRET, SECRET),
}


@pytest.mark.one_database
@pytest.mark.parametrize("case", CASES)
def test_nobody_finds_what_a_round_withholds(case: str) -> None:
    fields, while_open, while_closed = CASES[case]
    round_ = make_round(bootstrap_resamples=100, **fields)
    if case == "private targets":
        Target.objects.filter(round=round_, slug="t3").update(is_private=True)
    team = make_team(make_user("pilot"), name="Canary Team", slug="canary-team")
    method = make_method(team, slug="canary-method")
    made = make_scored(round_, PUBLIC | PRIVATE, team=team, method=method)
    viewers = {
        "anonymous": None,
        "other": make_user("stranger"),
        "own": member_of(team),
        "provider": make_user("provider"),
        "assessor": make_user("assessor"),
    }
    round_.targets.get(slug="t3").providers.add(viewers["provider"])
    round_.challenge.roles.create(user=viewers["assessor"], role="assessor")
    url = round_.get_absolute_url()
    api = f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}"
    starts = [url, f"{url}board.csv", f"{url}scores/", f"{url}targets/t3/", f"{url}datasets/", "/"]
    starts += [f"{api}/{tail}" for tail in ("", "targets/", "leaderboard/", "datasets/")]
    starts += [f"/api/v1/submissions/{made.code}/", made.get_absolute_url()]
    starts += [f"{url}targets/t3/provide/", f"{url}assessment/", f"{api}/assessment/"]
    leaks = []
    for state, hidden in (("open", while_open), ("closed", while_closed)):
        put_into(round_, state)
        for name, person in viewers.items():
            if hidden is NAMES and name == "own":
                continue  # who is here under this name may read it
            if hidden is not NAMES and name == "assessor":
                continue  # reads scores at any time, without names
            cache.clear()
            client = Client()
            if person is not None:
                client.force_login(person)
            # What leads away from the round names teams for other reasons.
            pages = crawl(client, starts) if hidden is not NAMES else _read(client, starts)
            leaks += [
                (state, name, address, secret)
                for address, text in pages
                for secret in hidden
                if secret in text
            ]
    assert leaks == []


def test_the_canaries_are_found_where_nothing_is_withheld() -> None:
    round_ = make_round(board_policy="reveal", names_shown="reveal", bootstrap_resamples=100)
    team = make_team(make_user("pilot"), name="Canary Team", slug="canary-team")
    make_scored(round_, PUBLIC | PRIVATE, team=team, method=make_method(team, slug="canary-method"))
    put_into(round_, "revealed")
    api = f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/leaderboard/"
    text = Client().get(api).content.decode()
    assert "38.7734" in text
    assert all(name in text for name in NAMES)


def _read(client: Client, addresses: list[str]) -> list[tuple[str, str]]:
    answers = [(address, client.get(address)) for address in addresses]
    return [(address, f"{each.content.decode()}{each.headers}") for address, each in answers]


def test_hidden_scores_move_no_etag() -> None:
    round_ = make_round(board_policy="reveal", bootstrap_resamples=100)
    refresh_board(round_)
    api = f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/leaderboard/"
    before = Client().get(api)
    make_scored(round_, PUBLIC | PRIVATE)
    refresh_board(round_)
    after = Client().get(api)
    assert (after["ETag"], after.content) == (before["ETag"], before.content)
    organizer = Client()
    organizer.force_login(organizer_of(round_.challenge))
    whole = organizer.get(api)
    assert "private" in whole["Cache-Control"]
    assert len(whole.json()["standings"]) == 1


@pytest.mark.parametrize(("policy", "gains"), [("live", True), ("ladder", False)])
def test_guessing_climbs_a_live_board_and_not_a_ladder(policy: str, gains: bool) -> None:
    """Blum and Hardt's attack: keep the random files that the board liked, and let them vote."""
    labels, draws, tries = 100, np.random.default_rng(7), 12
    truth = {"t1": draws.integers(0, 2, labels).astype(float)}
    step = {"ladder_step": 0.3} if policy == "ladder" else {}
    round_ = make_round(
        targets=("t1",), values=truth, shape=(labels,), board_policy=policy,
        submissions_per_day=tries + 1, bootstrap_resamples=100, **step,
    )  # fmt: skip
    round_.metrics.update(metric="mae")
    team = make_team(make_user("ann"), slug="anns")
    client = Client()
    client.force_login(member_of(team))
    api = f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/"

    def shown_for(guess: np.ndarray[Any, Any]) -> float:
        file = SimpleUploadedFile("guess.npz", npz_bytes({"t1": guess}))
        answer = client.post(f"{api}submissions/", {"file": file, "method": "Guess"})
        assert answer.status_code == 201, answer.json()
        drain()
        refresh_board(round_)
        return float(client.get(f"{api}leaderboard/").json()["standings"][0]["value"])

    guesses = [draws.integers(0, 2, labels).astype(float) for _ in range(tries)]
    shown = [shown_for(guess) for guess in guesses]
    liked = [guess for guess, value in zip(guesses, shown, strict=True) if value < 0.5]
    vote = (np.mean(liked or guesses, axis=0) > 0.5).astype(float)
    told = shown_for(vote)
    assert Submission.objects.filter(state="scored").count() == tries + 1
    if gains:
        assert told < min(np.mean(shown), 0.5) - 0.05
    else:
        assert {*shown, told} == {0.6}
