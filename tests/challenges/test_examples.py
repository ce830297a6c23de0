"""Each example imports, fits the schema, opens, and scores the file that lies beside it."""

from __future__ import annotations

import contextlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import jsonschema
import pytest
import yaml
from django.core.management import call_command
from django.utils import timezone

from challenges.services.bundles import import_bundle
from challenges.services.bundles.schema import bundle_schema
from challenges.services.rounds import publish_round
from heldout.cli import main
from leaderboards.documents import board_document
from leaderboards.services.refresh import refresh_board
from leaderboards.visible import whole_board
from rehearsal.cast import Player, hand_in
from submissions.services.drain import drain
from tests import factories
from tests.challenges.builders import person

EXAMPLES = Path(__file__).parents[2] / "examples"
ENTRIES = {
    "heat-rod": "first-mode.npz",
    "boiling-points": "by-size.csv",
    "small-folds": "all-helix.pdb",
    "river-stage": "climatology.jsonl",
}


def test_every_example_has_an_entry() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/challenge.yaml")} == set(ENTRIES)


@pytest.mark.parametrize("name", ENTRIES)
def test_the_schema_fits_the_example_and_its_first_line_names_it(name: str) -> None:
    text = (EXAMPLES / name / "challenge.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../challenge.schema.json\n")

    class Plain(yaml.SafeLoader):
        """Leaves times as text, as the language server does."""

    Plain.yaml_implicit_resolvers = {
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    jsonschema.validate(yaml.load(text, Loader=Plain), bundle_schema())  # noqa: S506


@pytest.mark.parametrize("name", ENTRIES)
def test_the_example_is_small(name: str) -> None:
    size = sum(path.stat().st_size for path in (EXAMPLES / name).rglob("*") if path.is_file())
    assert size < 100_000


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "entry"), ENTRIES.items())
def test_the_example_opens_and_a_file_is_scored(name: str, entry: str, tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / name, tmp_path / name)
    now = datetime.now(UTC)
    text = (folder / "challenge.yaml").read_text(encoding="utf-8")
    text = text.replace("2099-01-01T00:00:00Z", now.isoformat()).replace(
        "2099-02-01T00:00:00Z", (now + timedelta(days=1)).isoformat()
    )
    (folder / "challenge.yaml").write_text(text, encoding="utf-8")
    ada = person("ada")
    round_ = publish_round(import_bundle(folder, by=ada), by=ada)
    team = factories.make_team(name="Somebody")
    player = Player("somebody", team, factories.member_of(team))
    content = (EXAMPLES / name / entry).read_bytes()
    submission = hand_in(player, round_, content, at=timezone.now(), track=None, file_name=entry)
    drain()
    refresh_board(round_)
    (line,) = board_document(whole_board(round_, timezone.now()))["standings"]
    assert line["submission"] == submission.code
    assert line["answered"] == line["offered"] >= 8
    told = offline(EXAMPLES / name / entry, bundle=EXAMPLES / name)
    assert line["value"] == pytest.approx(told, rel=1e-12)


def offline(path: Path, *, bundle: Path) -> float:
    """Return what `heldout score` gives the same file on the organizer's own machine."""
    out = StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["score", "--bundle", str(bundle), "--prediction", str(path), "--json"]) == 0
    return float(json.loads(out.getvalue())["scores"][0]["value"])


@pytest.mark.django_db
@pytest.mark.parametrize("name", ENTRIES)
def test_the_example_goes_out_as_it_came_in(name: str, tmp_path: Path) -> None:
    ada = person("ada")
    import_bundle(EXAMPLES / name, by=ada)
    first, again = tmp_path / "first.zip", tmp_path / "again.zip"
    call_command("bundle_export", name, f"--out={first}", "--with-answers", verbosity=0)
    import_bundle(first, by=ada)
    call_command("bundle_export", name, f"--out={again}", "--with-answers", verbosity=0)
    assert first.read_bytes() == again.read_bytes()
