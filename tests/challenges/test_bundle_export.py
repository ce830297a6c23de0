"""What is exported imports to the same challenge, and exports again to the same bytes."""

from __future__ import annotations

import csv
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from challenges.models import ReferenceAccess, Round
from challenges.services.announcements import announce
from challenges.services.bundles import import_bundle
from challenges.services.rounds import publish_round
from challenges.services.targets import cancel_target
from demo.bundles import write_digits
from heldout.bundle.errors import BundleError
from heldout.bundle.sink import open_sink, zip_sink
from heldout.bundle.source import open_source
from leaderboards.models import CreditBook
from submissions.models import Score, Submission
from tests.admin.forms import client_of, organizer
from tests.challenges.builders import person
from tests.challenges.bundle_files import CHALLENGE, files, write_folder
from tests.pages.seed import build

pytestmark = pytest.mark.django_db


class _Undo(Exception):
    """Ends a transaction so that the database is as empty as before."""


@pytest.fixture
def ada() -> User:
    person("bob")
    return person("ada")


def export(name: str, out: Path, *options: str) -> Path:
    call_command("bundle_export", name, f"--out={out}", *options, verbosity=0)
    return out


def content_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@transaction.atomic
def _export_and_undo(bundle: Path, by: User, out: Path) -> None:
    round_ = import_bundle(bundle, by=by)
    export(round_.challenge.slug, out, "--with-answers")
    raise _Undo


def exported_and_forgotten(bundle: Path, by: User, out: Path) -> None:
    """Import a bundle, export it with answers, and undo the import."""
    with pytest.raises(_Undo):
        _export_and_undo(bundle, by, out)
    assert not Round.objects.exists()


def assert_round_trip(bundle: Path, by: User, tmp_path: Path) -> dict[str, bytes]:
    first, second = tmp_path / "first", tmp_path / "second"
    exported_and_forgotten(bundle, by, first)
    exported_and_forgotten(first, by, second)
    assert content_of(first) == content_of(second)
    return content_of(first)


def test_a_bundle_with_every_key_round_trips_bit_for_bit(ada: User, tmp_path: Path) -> None:
    odd = CHALLENGE.replace("title: Gentle", 'title: "1e5"').replace(
        "A gentle wave.", '"no: #1\\r\\n\\ttabbed \\u2028"'
    )
    found = assert_round_trip(write_folder(tmp_path / "bundle", files(odd)), ada, tmp_path)
    assert found["rounds/first/files/second.csv"] == files()["inputs/u2.csv"]
    assert found["artifacts/wave-runs/1.10/runs.csv"] == files()["data/runs.csv"]
    assert {"rounds/first/answers/u1.npy", "rounds/first/answers/u2.npy"} <= found.keys()


def test_the_demo_bundle_round_trips_bit_for_bit(tmp_path: Path) -> None:
    by = person("organizer")
    bundle = write_digits(tmp_path / "demo", now=timezone.now())
    found = assert_round_trip(bundle, by, tmp_path)
    assert sum(name.endswith(".npy") for name in found) == 10


def test_an_archive_has_the_same_content_and_the_same_bytes_again(
    ada: User, tmp_path: Path
) -> None:
    import_bundle(write_folder(tmp_path / "bundle", files()), by=ada)
    folder = export("waves/first", tmp_path / "folder", "--with-answers")
    one = export("waves/first", tmp_path / "one.zip", "--with-answers")
    two = export("waves", tmp_path / "two.zip", "--with-answers")
    assert one.read_bytes() == two.read_bytes()
    with open_source(one) as source:
        for name, content in content_of(folder).items():
            with source.open(name) as packed:
                assert packed.read() == content


def test_importing_an_export_changes_nothing(ada: User, tmp_path: Path) -> None:
    round_ = import_bundle(write_folder(tmp_path / "bundle", files()), by=ada)
    before = list(Round.objects.filter(pk=round_.pk).values())
    again = import_bundle(export("waves", tmp_path / "out", "--with-answers"), by=ada)
    assert again == round_
    assert list(Round.objects.values()) == before
    assert again.targets.get(slug="u1").references.count() == 1


def test_answers_are_written_only_on_request_and_it_is_recorded(ada: User, tmp_path: Path) -> None:
    import_bundle(write_folder(tmp_path / "bundle", files()), by=ada)
    plain = content_of(export("waves", tmp_path / "plain"))
    assert not [name for name in plain if name.endswith(".npy")]
    assert b"references" not in plain["challenge.yaml"]
    assert not ReferenceAccess.objects.exists()
    export("waves", tmp_path / "full", "--with-answers")
    assert ReferenceAccess.objects.get().purpose == "export"


def test_a_cancelled_target_is_left_out(ada: User, tmp_path: Path) -> None:
    round_ = import_bundle(write_folder(tmp_path / "bundle", files()), by=ada)
    publish_round(round_, by=ada)
    cancel_target(round_.targets.get(slug="u2"), reason="Measured wrongly.", by=ada)
    found = content_of(export("waves", tmp_path / "out", "--with-answers"))
    assert not [name for name in found if "u2" in name or "second" in name]
    import_bundle(tmp_path / "out", by=ada)  # it reads: nothing in it names the target


def test_entries_scores_and_credit_are_written_as_they_stand(tmp_path: Path) -> None:
    seed = build()
    name = f"{seed.challenge.slug}/{seed.final.slug}"
    records = ("--with-entries", "--with-scores", "--with-credit")
    found = content_of(export(name, tmp_path / "out", *records))
    folder = f"records/{seed.final.slug}"
    entries = [json.loads(line) for line in found[f"{folder}/entries.jsonl"].splitlines()]
    rows = Submission.objects.filter(round=seed.final)
    assert {entry["submission"] for entry in entries} == {row.code for row in rows}
    for row in rows:
        with row.file.open("rb") as stored:
            assert found[f"{folder}/entries/{row.code}"] == stored.read()
    table = list(csv.DictReader(found[f"{folder}/scores.csv"].decode().splitlines()))
    scores = Score.objects.filter(run__submission__round=seed.final)
    assert len(table) == scores.count()
    values = sorted(float(line["value"]) for line in table if line["value"])
    assert values == sorted(scores.filter(value__isnull=False).values_list("value", flat=True))
    assert all((line["value"] == "") == (line["status"] != "ok") for line in table)
    book = CreditBook.objects.get(round=seed.final)
    assert found[f"{folder}/credit-1.json"].decode() == book.export
    assert json.loads(found[f"{folder}/board.json"])["standings"]


def test_records_are_the_same_bytes_after_the_bundle_was_imported(tmp_path: Path) -> None:
    seed = build()
    name = f"{seed.challenge.slug}/{seed.final.slug}"
    by = seed.challenge.roles.order_by("pk")[0].user
    announce(seed.final, title="Dinner", text="At *seven*.", by=by)
    records = [f"--with-{name}" for name in ("entries", "scores", "credit", "announcements")]
    first = content_of(export(name, tmp_path / "first", *records))
    import_bundle(tmp_path / "first", by=by)
    assert content_of(export(name, tmp_path / "again", *records)) == first
    (line,) = first[f"records/{seed.final.slug}/announcements.jsonl"].splitlines()
    assert json.loads(line)["text"] == "At *seven*."


def test_large_files_are_copied_in_bounded_memory(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(64 * 2**20)
    tracemalloc.start()
    try:
        with open_sink(tmp_path / "out.zip") as sink, large.open("rb") as content:
            sink.add("challenge.yaml", content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        member = archive.getinfo("challenge.yaml")
        assert (member.file_size, member.compress_type) == (64 * 2**20, zipfile.ZIP_STORED)
    with open_source(tmp_path / "out.zip") as source, source.open("challenge.yaml") as back:
        assert back.seek(0, 2) == 64 * 2**20  # zeros, which the import would take for a bomb


def test_nothing_stands_under_the_name_when_the_export_ends_badly(tmp_path: Path) -> None:
    for name in ("out", "out.zip"):
        with pytest.raises(_Undo), open_sink(tmp_path / name):
            raise _Undo
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "out.zip").write_bytes(b"mine")
    with (
        pytest.raises(BundleError, match="something of this name"),
        open_sink(tmp_path / "out.zip"),
    ):
        pass
    assert (tmp_path / "out.zip").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["../x", "/x", "a\\b", ""])
def test_no_file_is_written_outside_the_bundle(tmp_path: Path, name: str) -> None:
    with (
        (tmp_path / "a.zip").open("w+b") as file,
        zip_sink(file) as sink,
        pytest.raises(ValueError, match="no name of a file"),
    ):
        sink.add(name, file)


@pytest.mark.parametrize("name", ["nothing", "waves/nothing"])
def test_a_name_that_is_not_there_is_told(ada: User, tmp_path: Path, name: str) -> None:
    import_bundle(write_folder(tmp_path / "bundle", files()), by=ada)
    with pytest.raises(CommandError, match="There is no"):
        export(name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def action(client: Any, *pks: int) -> Any:
    values = {"action": "download_bundle", "_selected_action": pks}
    return client.post("/admin/challenges/challenge/", values, follow=True)


def test_organizers_download_their_own_challenge_only(tmp_path: Path) -> None:
    person("bob")
    ada, eve = organizer("ada"), organizer("eve")
    challenge = import_bundle(write_folder(tmp_path / "bundle", files()), by=ada).challenge
    response = action(client_of(ada), challenge.pk)
    assert response["Content-Disposition"] == 'attachment; filename="waves.zip"'
    got = tmp_path / "got.zip"
    got.write_bytes(b"".join(response.streaming_content))
    with zipfile.ZipFile(got) as archive:
        assert "challenge.yaml" in archive.namelist()
        assert not [name for name in archive.namelist() if "answers" in name]
    refused = action(client_of(eve), challenge.pk)
    assert "Content-Disposition" not in refused.headers
