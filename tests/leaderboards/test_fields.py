"""A picture of answer, prediction and error: right in its pixels, and never before the reveal."""

from __future__ import annotations

import struct
import zlib
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from challenges.models import Round
from leaderboards.pictures.png import GAP, field_and_error, png, reduced
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission
from tests.factories import make_round, make_scored, npz_bytes


def pixels_of(content: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Read a PNG of 8-bit RGB without filters, by its own description."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    place, parts = 8, {}
    while place < len(content):
        (size,) = struct.unpack(">I", content[place : place + 4])
        kind, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + size]
        (check,) = struct.unpack(">I", content[place + 8 + size : place + 12 + size])
        assert check == zlib.crc32(kind + body)
        parts[kind] = body
        place += 12 + size
    columns, rows = struct.unpack(">II", parts[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(rows, 1 + 3 * columns)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(rows, columns, 3)


def test_a_png_holds_the_pixels_it_was_made_of() -> None:
    pixels = np.random.default_rng(7).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert np.array_equal(pixels_of(png(pixels)), pixels)


def test_averaging_down_keeps_the_mean_and_small_fields_grow() -> None:
    values = np.arange(600.0 * 800).reshape(600, 800)
    small = reduced(values)
    assert small.shape == (256, 256)
    assert small.mean() == pytest.approx(values.mean(), rel=1e-2)
    assert reduced(np.ones((1, 30))).shape == (240, 240)


def test_the_error_is_white_where_the_prediction_is_right_and_coloured_by_its_sign() -> None:
    truth = np.zeros((40, 40))
    guess = np.zeros((40, 40))
    guess[:10], guess[30:] = 1.0, -1.0
    pixels = pixels_of(field_and_error(truth, guess))
    width = (pixels.shape[1] - 2 * GAP) // 3
    error = pixels[:, 2 * (width + GAP) :]
    above, right, below = error[5, 5], error[pixels.shape[0] // 2, 5], error[-5, 5]
    assert right.min() > 240
    assert above[0] > above[2] + 100
    assert below[2] > below[0] + 100


@pytest.fixture
def entry(db: None) -> Submission:
    round_ = make_round(targets=["wave"], shape=[12, 30], bootstrap_resamples=100)
    content = npz_bytes({"wave": np.full((12, 30), 3.0)})
    submission = make_scored(round_, {"wave": 2.0}, content=content)
    refresh_board(round_)
    return submission


def address(entry: Submission) -> str:
    return f"{entry.round.get_absolute_url()}targets/wave/fields/{entry.code}.png"


def reveal(round_: Round) -> None:
    now = timezone.now()
    Round.objects.filter(pk=round_.pk).update(
        opens_at=now - timedelta(days=3),
        closes_at=now - timedelta(days=2),
        revealed_at=now - timedelta(days=1),
        predictions_shown="reveal",
    )


def test_the_picture_is_there_from_the_reveal_on_and_not_before(
    client: Client, entry: Submission
) -> None:
    page = entry.round.targets.get().get_absolute_url()
    assert client.get(address(entry)).status_code == 404
    assert address(entry) not in client.get(page).content.decode()
    reveal(entry.round)
    response = client.get(address(entry))
    assert response.headers["Content-Type"] == "image/png"
    assert pixels_of(response.content).shape[2] == 3
    assert address(entry) in client.get(page).content.decode()


def test_predictions_that_are_never_shown_are_not_drawn_either(
    client: Client, entry: Submission
) -> None:
    reveal(entry.round)
    Round.objects.filter(pk=entry.round.pk).update(predictions_shown="never")
    assert client.get(address(entry)).status_code == 404
