"""A revealed round is downloaded whole, and gives its board again without the site."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from challenges.models import Round
from heldout.cli import main
from leaderboards.models import Standing
from leaderboards.services.refresh import refresh_board
from tests.factories import make_round, make_scored


def test_the_archive_holds_a_revealed_round_and_gives_its_board_again(
    client: Client, db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = timezone.now()
    dates = {"opens_at": now - timedelta(days=3), "closes_at": now - timedelta(hours=1)}
    round_ = make_round(targets=["a", "b", "c"], bootstrap_resamples=300, **dates)
    for place in range(4):
        make_scored(round_, {"a": place + 1.0, "b": 2.0, "c": 4.0 - place / 2})
    make_scored(round_, {"a": 9.0, "b": 9.0, "c": 9.0}, entry_kind="baseline")
    refresh_board(round_)
    url = f"{round_.get_absolute_url()}board/archive.zip"
    assert client.get(url).status_code == 404
    Round.objects.update(revealed_at=now, predictions_shown="reveal")
    refresh_board(Round.objects.get())

    response = client.get(url)
    assert response.streaming
    zipped = zipfile.ZipFile(io.BytesIO(b"".join(response)))  # type: ignore[arg-type]
    assert zipped.testzip() is None
    files = {name.partition("/")[2]: zipped.read(name) for name in zipped.namelist()}
    sums = [line.split("  ") for line in files.pop("SHA256SUMS").decode().splitlines()]
    assert {name: digest for digest, name in sums} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    assert np.load(io.BytesIO(files["answers/b.npy"])) == 2.0
    assert len([name for name in files if name.startswith("predictions/")]) == 5
    assert files["all-scores.csv"].count(b"\n") == 1 + 5 * 3

    command = next(line for line in files["README.txt"].decode().splitlines() if "rank --" in line)
    for name in ("scores.csv", "rule.json"):
        (tmp_path / name).write_bytes(files[name])
        command = command.replace(name, str(tmp_path / name))
    main([*command.split()[1:], "--json"])
    lines = {line["entry"]: line for line in json.loads(capsys.readouterr().out)["lines"]}
    rows = Standing.objects.filter(revision__number=2, rank__isnull=False)
    assert len(rows) == len(lines) == 4
    for row in rows.select_related("submission"):
        line = lines[row.submission.code]
        assert [line["rank"], line["rank_low"], line["rank_high"], line["group"]] == [
            row.rank, row.rank_low, row.rank_high, row.tie_group,
        ]  # fmt: skip

    Round.objects.update(predictions_shown="never")
    hidden = zipfile.ZipFile(io.BytesIO(b"".join(client.get(url))))  # type: ignore[arg-type]
    assert not [name for name in hidden.namelist() if "predictions/" in name]
