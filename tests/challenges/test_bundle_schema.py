"""The schema for editors says what the import says: it is made from the same tables."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from challenges.services.bundles import import_bundle
from challenges.services.bundles.schema import bundle_schema
from demo.bundles import write_burgers, write_digits
from heldout.bundle.errors import BundleError
from heldout.bundle.located import parse_yaml, plain_value
from tests.challenges.builders import person
from tests.challenges.bundle_files import CHALLENGE, files, write_folder

UNKNOWN = "qqqq9"


def faults_of(text: str) -> list[str]:
    document = plain_value(parse_yaml(text, file="challenge.yaml"))
    found = Draft202012Validator(bundle_schema()).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in found]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(bundle_schema())


def test_a_bundle_with_every_key_fits_the_schema() -> None:
    assert faults_of(CHALLENGE) == []


@pytest.mark.parametrize("write", [write_burgers, write_digits])
def test_the_demo_bundles_fit_the_schema(tmp_path: Path, write: Any) -> None:
    folder = write(tmp_path / "demo", now=timezone.now())
    assert faults_of((folder / "challenge.yaml").read_text()) == []


def test_the_example_of_the_docs_fits_the_schema() -> None:
    page = (Path(__file__).parents[2] / "docs/bundle.md").read_text()
    example = re.search(r"```yaml\n(bundle: 1\n.*?)```", page, re.DOTALL)
    assert example is not None
    assert faults_of(example[1]) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  title: Waves\n", "  titel: Waves\n", "titel"),
        ("  title: Waves\n", "", "'title' is a required property"),
        ("bundle: 1", "bundle: 2", "1 was expected"),
        ("role: organizer", "role: king", "'king' is not one of"),
        ("kind: dataset", "kind: data", "'data' is not one of"),
        ("share_bp: 7000", "share_bp: many", "'many' is not of type"),
        ("reader: npz", "reader: npx", "'npx' is not one of"),
        ("submissions_per_day: 3", "submissions_per_day: 0", "minimum of 1"),
        ("missing_policy: worst", "missing_policy: best", "'best' is not one of"),
        ("tie_tolerance: 1e-9", "tie_tolerance: small", "'small' is not of type"),
        ("shape: [2, 8]", "shape: [2, 8.5]", "is not valid under any"),
        ("metric: nrmse,", "metric: nmrse,", "is not valid under any"),
        ("npz: secret/answers.npz", "hdf5: secret/answers.npz", "is not valid under any"),
    ],
)
def test_a_mistake_does_not_fit_the_schema(old: str, new: str, told: str) -> None:
    assert old in CHALLENGE
    found = faults_of(CHALLENGE.replace(old, new, 1))
    assert found
    assert any(told in fault or "not valid under any" in fault for fault in found)


def test_a_schedule_fits_the_schema() -> None:
    rule = "    schedule: {days_open: 3, weekday: friday, at: 18:00}\n    targets:\n"
    assert faults_of(CHALLENGE.replace("    targets:\n", rule)) == []
    assert faults_of(CHALLENGE.replace("    targets:\n", rule.replace("days_open: 3, ", "")))


def item(schema: dict[str, Any], *path: str) -> set[str]:
    """Return the keys the schema knows at a place, stepping into lists on the way."""
    for key in path:
        schema = schema["properties"][key]
        if "anyOf" in schema:
            schema = schema["anyOf"][0]["items"]
    return set(schema["properties"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "path"),
    [
        ("bundle: 1\n", ()),
        ("  slug: waves\n", ("challenge",)),
        ("{user: bob, role: organizer", ("challenge", "people")),
        ("    slug: wave-runs\n", ("artifacts",)),
        ("{path: data/runs.csv", ("artifacts", "files")),
        ("{artifact: wave-runs/1.10", ("artifacts", "inputs")),
        ("{name: C. Doe", ("artifacts", "contributors")),
        ("    title: First round\n", ("rounds",)),
        ("        title: Gentle\n", ("rounds", "targets")),
        ("{key: nrmse", ("rounds", "metrics")),
        ("{path: inputs/grid.csv", ("rounds", "files")),
    ],
)
def test_the_schema_knows_exactly_the_keys_that_the_import_knows(
    tmp_path: Path, before: str, path: tuple[str, ...]
) -> None:
    indent = " " * (len(before) - len(before.lstrip()))
    more = f"{before}{indent}{UNKNOWN}: 1\n" if before.endswith("\n") else f"{before}, {UNKNOWN}: 1"
    folder = write_folder(tmp_path / "b", files(CHALLENGE.replace(before, more, 1)))
    person("bob")
    with pytest.raises(BundleError) as caught:
        import_bundle(folder, by=person("ada"))
    told = next(str(each) for each in caught.value.problems if UNKNOWN in str(each))
    known = told.split("Known: ")[1].rstrip(".").split(", ")
    assert set(known) == item(bundle_schema(), *path)


def test_the_command_prints_the_schema_that_the_site_serves() -> None:
    out = io.StringIO()
    call_command("bundle_schema", stdout=out)
    response = Client().get("/schemas/challenge.json")
    assert response["Content-Type"] == "application/schema+json"
    assert json.loads(out.getvalue()) == response.json() == bundle_schema()
