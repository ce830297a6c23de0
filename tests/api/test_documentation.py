"""The examples of docs/api.md run against a real server and worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accounts.models import ApiToken
from tests.docs import examples
from tests.docs.places import ROOT
from tests.factories import make_challenge, make_round, make_team, make_user, npz_bytes

PAGE = ROOT / "docs" / "api.md"


@pytest.mark.django_db(transaction=True)
def test_the_examples_of_the_page_run(
    live_site: str, celery_worker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_round(
        make_challenge(slug="numbers"), slug="2026", targets=("t1", "t2"), submissions_per_day=5
    )
    person = make_user("ann")
    make_team(person)
    _, token = ApiToken.objects.create(user=person, name="docs", scopes="read submit")
    monkeypatch.chdir(tmp_path)
    Path("mine.npz").write_bytes(npz_bytes({"t1": 1.5, "t2": 2.0}))
    Path("wrong.npz").write_bytes(npz_bytes({"t1": 1.0, "t2": 1.0, "nonsense": 1.0}))
    text = PAGE.read_text(encoding="utf-8").replace("https://heldout.example", live_site)
    copy = Path("api.md")
    copy.write_text(text.replace("hld_…", token), encoding="utf-8")
    assert examples.of_page(copy) == []
