"""Cheap ways to a good score, sent through the real upload and scored: what comes of each."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import ApiToken
from challenges.models import Round
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission, SubmissionState
from submissions.services.drain import drain
from tests.factories import make_metric, make_round, make_team, make_user, npy_bytes, npz_bytes

pytestmark = pytest.mark.django_db
ANSWER = np.array([1.0, 2.0, 3.0, 4.0])
GOOD: Mapping[str, Any] = {"t1": ANSWER, "t2": ANSWER + 1}


def with_t1(*values: float) -> bytes:
    return npz_bytes({**GOOD, "t1": np.array(values)})


def twice() -> bytes:
    """Return an archive that holds t1 two times: a bad array and the answer."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        for name, value in (("t1", ANSWER * 0), ("t1", ANSWER), ("t2", ANSWER + 1)):
            archive.writestr(f"{name}.npy", npy_bytes(value))
    return buffer.getvalue()


# What is refused, by the code of its problem.
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "not a number": (lambda: with_t1(1, 2, np.nan, 4), "NOT_FINITE"),
    "only NaN": (lambda: with_t1(*[np.nan] * 4), "NOT_FINITE"),
    "infinity": (lambda: with_t1(1, 2, np.inf, 4), "NOT_FINITE"),
    "minus infinity": (lambda: with_t1(1, 2, -np.inf, 4), "NOT_FINITE"),
    "an id twice": (twice, "DUPLICATE_TARGET"),
    "an id nobody asked for": (lambda: npz_bytes({**GOOD, "t9": ANSWER}), "UNKNOWN_TARGET"),
    "too few values": (lambda: with_t1(1, 2), "BAD_SHAPE"),
    "too many values": (lambda: with_t1(*range(9)), "BAD_SHAPE"),
    "nothing at all": (lambda: npz_bytes({}), "NOT_ZIP"),
}
# What is scored, as (status, value) of absolute error and of correlation for t1.
SCORED: dict[str, tuple[Callable[[], bytes], tuple[Any, Any]]] = {
    "the answer": (lambda: npz_bytes(GOOD), (("ok", 0.0), ("ok", 1.0))),
    "another order": (
        lambda: npz_bytes(dict(reversed(GOOD.items()))),
        (("ok", 0.0), ("ok", 1.0)),
    ),
    "a constant": (lambda: with_t1(2, 2, 2, 2), (("ok", 1.0), ("undefined", None))),
    "negative zero": (lambda: with_t1(-0.0, -0.0, -0.0, -0.0), (("ok", 2.5), ("undefined", None))),
    "zero": (lambda: with_t1(0.0, 0.0, 0.0, 0.0), (("ok", 2.5), ("undefined", None))),
    "a missing target": (
        lambda: npz_bytes({"t2": ANSWER + 1}),
        (("missing", None), ("missing", None)),
    ),
    "so large that the error overflows": (
        lambda: with_t1(1.7e308, -1.7e308, 1.7e308, 1.7e308),
        (("undefined", None), ("undefined", None)),
    ),
    "so small that its square is zero": (
        lambda: with_t1(1e-170, 2e-170, 3e-170, 4e-170),
        (("ok", 2.5), ("ok", 1.0)),
    ),
}


@pytest.fixture
def round_() -> Round:
    round_ = make_round(targets=("t1", "t2"), values=GOOD, submissions_per_day=50)
    round_.metrics.filter(key="error").update(metric="mae")
    make_metric(round_, "shape", metric="pearson")
    return round_


def send(round_: Round, content: bytes) -> Any:
    person = make_user()
    make_team(person)
    _, token = ApiToken.objects.create(user=person, name="test")
    return APIClient().post(
        f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/submissions/",
        {"file": SimpleUploadedFile("x.npz", content), "method": "Guess"},
        headers={"Authorization": f"Token {token}"},
    )


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_scored_is_refused_at_the_door(round_: Round, case: str) -> None:
    make, code = REFUSED[case]
    response = send(round_, make())
    assert response.status_code == 422
    assert code in {problem["code"] for problem in response.json()["problems"]}, response.json()
    assert not Submission.objects.exists()


@pytest.mark.parametrize("case", SCORED)
def test_what_is_taken_has_a_finite_value_or_a_status(round_: Round, case: str) -> None:
    make, expected = SCORED[case]
    response = send(round_, make())
    assert response.status_code == 201, response.json()
    drain()
    submission = Submission.objects.get()
    assert submission.state == SubmissionState.SCORED
    rows = {
        row.metric.key: (row.status, None if row.value is None else round(row.value, 9))
        for row in submission.runs.get().scores.filter(target__slug="t1")
    }
    assert (rows["error"], rows["shape"]) == expected


def test_none_of_them_stands_above_the_answer(round_: Round) -> None:
    for make, _ in SCORED.values():
        assert send(round_, make()).status_code == 201
    drain()
    board = refresh_board(round_)
    assert board is not None
    best = Submission.objects.order_by("pk").first()
    for standing in board.standings.exclude(rank=None):
        assert standing.rank > 1 or standing.value == 0.0
    assert board.standings.get(submission=best).rank == 1
