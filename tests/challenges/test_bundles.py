"""Bundles: imported whole, again without change, refused with every place told."""

# ruff: noqa: E501 - a table of mistakes reads best with one on a line

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.apps import apps
from django.core import serializers
from django.core.management import CommandError, call_command

from accounts.models import User
from catalog.models import Artifact
from challenges.errors import NotOrganizer
from challenges.models import Challenge, Reference, Round, Target
from challenges.services.bundles import (
    Outcome,
    import_bundle,
    import_whole_bundle,
    read,
    read_artifacts,
    read_rounds,
)
from challenges.services.references import open_references
from challenges.services.rounds import publish_round, unmet_before_publishing
from heldout.bundle.errors import BundleError
from tests.challenges.builders import person
from tests.challenges.bundle_files import (
    CHALLENGE,
    answers,
    files,
    line_of,
    npz,
    write_folder,
    write_zip,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    person("bob")
    return person("ada")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "bundle", files())


def everything() -> list[dict[str, Any]]:
    """Return all rows of the platform's own models."""
    rows: list[dict[str, Any]] = []
    for label in ("accounts", "catalog", "challenges"):
        for model in apps.get_app_config(label).get_models():
            rows += json.loads(serializers.serialize("json", model.objects.order_by("pk")))
    return rows


def edited(folder: Path, old: str, new: str, *, count: int = 1) -> str:
    text = (folder / "challenge.yaml").read_text()
    assert text.count(old) >= count, old
    text = text.replace(old, new, count)
    (folder / "challenge.yaml").write_text(text)
    return text


def problems_of(path: Path, by: User) -> list[str]:
    before = everything()
    with pytest.raises(BundleError) as caught:
        import_bundle(path, by=by)
    assert everything() == before
    return [str(problem) for problem in caught.value.problems]


def test_import_makes_all_of_it(folder: Path, ada: User) -> None:
    report = import_whole_bundle(folder, by=ada)
    assert [item.outcome for item in report.rounds] == [Outcome.CREATED]
    round_ = report.rounds[0].round
    challenge = Challenge.objects.get()
    assert challenge.domain_question == "Why do they break?\n"
    assert challenge.ml_task == "Predict the field at later times.\n"
    roles = sorted((role.user.username, role.role) for role in challenge.roles.all())
    assert roles == [("ada", "owner"), ("bob", "organizer")]
    assert unmet_before_publishing(round_) == []
    with open_references(round=round_, purpose="test") as handles:
        stored = {slug: np.load(handle) for slug, handle in handles.items()}
    assert all(np.array_equal(stored[slug], values) for slug, values in answers().items())


def test_import_reads_every_rule(folder: Path, ada: User) -> None:
    round_ = import_bundle(folder, by=ada)
    assert (round_.opens_at.isoformat(), round_.closes_at.isoformat()) == (
        "2099-01-01T00:00:00+00:00",
        "2099-02-01T00:00:00+01:00",
    )
    rules = [round_.reader_options, round_.missing_penalty, round_.tie_tolerance]
    assert rules == [{"require_all": True}, 1.0, 1e-9]
    assert round_.near_duplicate_percent == 2.5
    first, second = round_.targets.all()
    assert (first.shape, first.low, first.weight, first.evaluation_units) == ([2, 8], -10.0, 2.0, 3)
    assert (second.shape, second.classes, second.low) == ([2, 8], ["steep", "shock"], None)
    metrics = [(row.key, row.aggregate, row.is_primary) for row in round_.metrics.all()]
    assert metrics == [("nrmse", "mean", True), ("max_error", "median", False)]
    named = [(row.name, row.target and row.target.slug) for row in round_.files.all()]
    assert named == [("grid.csv", None), ("second.csv", "u2"), ("u1.csv", "u1")]
    assert round_.target_set == Artifact.objects.get(kind="target-set")
    assert round_.offered_data.count() == 2


def test_import_registers_artifacts_with_lineage_and_shares(folder: Path, ada: User) -> None:
    import_bundle(folder, by=ada)
    runs = Artifact.objects.get(slug="wave-runs", version="1.10")
    shares = [
        (row.public_name, row.share_bp, row.roles, row.confirmed_at is not None)
        for row in runs.contributions.all()
    ]
    assert shares == [
        ("ada", 7000, ["data-curation", "software"], True),
        ("C. Doe", 3000, [], False),
    ]
    assert runs.files.get().media_type == "text/csv"
    smooth = Artifact.objects.get(slug="wave-runs-smooth")
    assert [edge.parent for edge in smooth.parent_edges.all()] == [runs]
    assert smooth.contributions.get().confirmed_at is None  # bob has not confirmed himself


def test_import_twice_changes_nothing(folder: Path, ada: User, tmp_path: Path) -> None:
    first = import_bundle(folder, by=ada)
    before = everything()
    report = import_whole_bundle(folder, by=ada)
    assert [item.outcome for item in report.rounds] == [Outcome.UNCHANGED]
    zipped = write_zip(tmp_path / "b.zip", files(), top="waves/")
    assert import_bundle(zipped, by=ada) == first
    assert everything() == before


def test_a_changed_draft_becomes_what_the_bundle_says(folder: Path, ada: User) -> None:
    import_bundle(folder, by=ada)
    edited(folder, "title: First round", "title: Round one")
    edited(folder, "      - {slug: u2, shape: 2x8, classes: steep; shock}\n", "")
    edited(
        folder,
        "      - {path: inputs/u2.csv, name: second.csv, target: u2, description: Input of u2}\n",
        "",
    )
    edited(folder, "is_primary: true, label: nRMSE}", "label: nRMSE}")
    edited(folder, "version: 1, aggregate: median}", "is_primary: true}")
    edited(folder, "title: Waves\n", "title: All waves\n")
    edited(folder, "contributors: [{user: ada}, {user: bob}]", "contributors: [{user: bob}]")
    only = answers()["u1"] + 1
    (folder / "secret/answers.npz").write_bytes(npz({"u1": only}))
    report = import_whole_bundle(folder, by=ada)
    assert [item.outcome for item in report.rounds] == [Outcome.UPDATED]
    round_ = Round.objects.get()
    assert (round_.title, round_.challenge.title) == ("Round one", "All waves")
    assert [target.slug for target in round_.targets.all()] == ["u1"]
    assert [(row.key, row.is_primary) for row in round_.metrics.all()] == [
        ("max_error", True),
        ("nrmse", False),
    ]
    assert [row.name for row in round_.files.all()] == ["grid.csv", "u1.csv"]
    assert Reference.objects.get(is_current=True).version == 2
    shares = Artifact.objects.get(kind="target-set").contributions
    assert [row.public_name for row in shares.all()] == ["bob"]


def test_a_published_round_is_never_changed(folder: Path, ada: User) -> None:
    publish_round(import_bundle(folder, by=ada), by=ada)
    before = everything()
    edited(folder, "title: First round", "title: Round one")
    edited(folder, "title: Waves\n", "title: All waves\n")
    report = import_whole_bundle(folder, by=ada)
    assert [str(item.outcome) for item in report.rounds] == ["published, so left as it is"]
    assert everything() == before


def test_another_round_can_join_a_published_challenge(folder: Path, ada: User) -> None:
    first = publish_round(import_bundle(folder, by=ada), by=ada)
    edited(folder, "slug: first", "slug: second")
    second = import_bundle(folder, by=ada)
    assert second.pk != first.pk
    assert second.challenge == first.challenge


def test_only_organizers_import_into_a_challenge(folder: Path, ada: User) -> None:
    import_bundle(folder, by=ada)
    before = everything()
    with pytest.raises(NotOrganizer, match="eve does not organize the challenge waves"):
        import_bundle(folder, by=person("eve"))
    assert [row for row in everything() if row["model"].startswith("challenges")] == [
        row for row in before if row["model"].startswith("challenges")
    ]


def test_a_registered_artifact_is_never_changed(folder: Path, ada: User) -> None:
    import_bundle(folder, by=ada)
    text = edited(folder, "title: Wave runs\n", "title: More runs\n")
    text = edited(folder, "share_bp: 7000", "share_bp: 6000")
    text = edited(folder, "share_bp: 3000", "share_bp: 4000")
    (folder / "data/runs.csv").write_bytes(b"other")
    told = problems_of(folder, ada)
    lines = [
        line_of(text, "title: More runs"),
        line_of(text, "data/runs.csv"),
        line_of(text, "{user: ada, share_bp"),
    ]
    assert [problem.split(":")[0] for problem in told] == [
        f"challenge.yaml, line {line}" for line in lines
    ]
    assert all("new version" in problem for problem in told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  title: Waves\n", "  titel: Waves\n", "'titel' is not known in 'challenge'. Did you mean 'title'?"),
        ("slug: waves", "slug: wa ves", "'slug': Enter a valid"),
        ("licence: CC-BY-4.0\n  people", "licence: Free\n  people", "Not an SPDX licence"),
        ("{user: bob, role: organizer}", "{user: bob, role: king}", "'role' must be one of owner, organizer"),
        ("{user: bob, role: organizer}", "{user: zoe}", "nobody here has the username zoe"),
        ("charter/domain.md", "charter/nothing.md", "there is no file charter/nothing.md"),
        ("charter/domain.md", "../domain.md", "there is no file ../domain.md"),
        ("kind: dataset", "kind: data", "'kind' must be one of dataset, model, target-set"),
        ("share_bp: 7000", "share_bp: 6999", "sum to 9999"),
        (", share_bp: 3000", "", "give every contributor a share_bp"),
        ("roles: [data-curation", "roles: [cooking", "'cooking' is not a CRediT role"),
        ("0000-0002-1825-0097", "0000-0002-1825-0098", "typing error"),
        ("artifact: wave-runs/1.10", "artifact: wave-runs/1.1", "there is no artifact wave-runs/1.1"),
        ("relation: derived-from", "relation: stolen", "'relation' must be one of trained-on"),
        ("    origin: derived\n", "", "an original has no inputs"),
        ("2099-01-01T00:00:00Z", "2099-01-01 00:00", "a date and time with its zone"),
        ("closes_at: 2099-02-01T00:00:00+01:00", "closes_at: 2098-02-01T00:00:00Z", "A round opens before"),
        ("reader: npz", "reader: npx", "no reader 'npx'"),
        ("require_all: true", "require_al: true", "no option 'require_al'"),
        ("upload_limit_bytes: 1000000", "upload_limit_bytes: 1 MB", "'upload_limit_bytes' must be a whole number"),
        ("submissions_per_day: 3", "submissions_per_day: 0", "greater than or equal to 1"),
        ("missing_penalty: 1\n", "\n", "Declare the value"),
        ("tie_tolerance: 1e-9", "tie_tolerance: small", "'tie_tolerance' must be a number"),
        ("shape: [2, 8]", "shape: [2, 8.5]", "list of whole numbers"),
        ("shape: [2, 8]", "shape: [2, -8]", "A shape is a list of whole numbers"),
        ("low: -10", "low: 10", "The lower limit is below"),
        ("slug: u2", "slug: u1", "'u1' is there twice, first in line"),
        ("metric: nrmse,", "metric: nmrse,", "no metric 'nmrse'"),
        ("metric: nrmse, parameters: {layout: tx}", "metric: nrmse, parameters: {speed: 1}", "no parameter 'speed'"),
        ("aggregate: median", "aggregate: pooled", "needs the aggregate"),
        ("version: 1, aggregate: median", "is_primary: true", "one primary metric, see line"),
        ("npz: secret/answers.npz", "npz: secret/answer.npz", "there is no file secret/answer.npz"),
        ("npz: secret/answers.npz", "folder: secret", "there is no answer secret/u1.npy"),
        ("npz: secret/answers.npz", "hdf5: secret/answers.npz", "name the answers by one of"),
        ("target: u2, description", "target: u3, description", "there is no target u3"),
        ("name: second.csv", "name: u1.csv", "'u1.csv' is there twice"),
        ("name: second.csv", "name: .csv", "cannot be the name"),
        ("target_set: wave-targets/1", "target_set: wave-targets", "must name slug and version"),
        ("bundle: 1", "bundle: 2", "this is format 2"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_line(
    folder: Path, ada: User, old: str, new: str, told: str
) -> None:
    text = edited(folder, old, new)
    part = new.strip().splitlines()[0] if new.strip() else ""
    found = [problem for problem in problems_of(folder, ada) if told in problem]
    assert len(found) == 1, problems_of(folder, ada)
    assert found[0].startswith("challenge.yaml, line ")
    line = int(found[0].split(",")[1].split(":")[0].removeprefix(" line "))
    if part and not told.startswith(("sum", "give", "A round", "Declare", "The lower", "an orig")):
        assert part in text.splitlines()[line - 1]


def test_all_mistakes_are_told_at_once(folder: Path, ada: User) -> None:
    edited(folder, "  title: Waves\n", "  titel: Waves\n")
    edited(folder, "reader: npz", "reader: npx")
    edited(folder, "slug: u2", "slug: u1")
    edited(folder, "bundle: 1", "bundle: one")
    told = problems_of(folder, ada)
    # 'titel' is unknown and so 'title' is missing; a file is for 'u2', which is gone.
    assert len(told) == 6
    lines = [int(problem.split("line ")[1].split(":")[0]) for problem in told]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1\nb: 2\n", "challenge.yaml, line 2: not readable as YAML"),
        ("bundle: 1\nbundle: 1\n", "line 2: 'bundle' is there twice, first in line 1"),
        ("a: &x [1]\nb: *x\n", "line 2: not readable as YAML: aliases"),
        ("a: 1\nb: !!python/object:os.system {}\n", "line 2: the tag"),
        ("- 1\n", "must be a mapping"),
        ("", "the file is empty"),
        ("a: \x07\n", "a character that is not allowed"),
        ("a: " + "[" * 40 + "]" * 40, "nested too deeply"),
        ("bundle: 1\n---\nbundle: 1\n", "line 2: not readable as YAML"),
    ],
)
def test_what_is_no_description_is_told_with_its_line(
    tmp_path: Path, ada: User, text: str, told: str
) -> None:
    write_folder(tmp_path, {"challenge.yaml": text.encode()})
    assert told in " ".join(problems_of(tmp_path, ada))


def test_a_description_that_is_not_utf8_is_told_with_its_line(tmp_path: Path, ada: User) -> None:
    write_folder(tmp_path, {"challenge.yaml": b"bundle: 1\ntitle: Gr" + b"\xfc\xdfe\n"})
    assert problems_of(tmp_path, ada) == ["challenge.yaml, line 2: not UTF-8. Save it as UTF-8."]


def test_targets_and_answers_from_tables(folder: Path, ada: User) -> None:
    text = CHALLENGE[: CHALLENGE.index("    targets:")] + (
        "    targets: {table: targets.csv}\n"
        "    metrics: [{metric: absolute_error, is_primary: true}]\n"
        "    references: {csv: secret/answers.csv, id: name, value: answer}\n"
        "    files: [{path: inputs/grid.csv}]\n"
        "    target_set: wave-targets/1\n"
    )
    table = 'slug,title,low,classes,weight\na,"First, of two",-1e3,x;y,\nb,,,,0.5\n'
    secret = "name,answer,comment\nb,2.5,two\na,1.25,one\n"
    write_folder(
        folder,
        {
            "challenge.yaml": text.encode(),
            "targets.csv": table.encode(),
            "secret/answers.csv": secret.encode(),
        },
    )
    round_ = import_bundle(folder, by=ada)
    rows = [(row.slug, row.title, row.low, row.classes, row.weight) for row in round_.targets.all()]
    assert rows == [("a", "First, of two", -1000.0, ["x", "y"], 1.0), ("b", "", None, [], 0.5)]
    with open_references(round=round_, purpose="test") as handles:
        assert {slug: float(np.load(handle)) for slug, handle in handles.items()} == {
            "a": 1.25,
            "b": 2.5,
        }
    write_folder(
        folder,
        {
            "targets.csv": table.replace("0.5", "heavy").encode(),
            "secret/answers.csv": b"name,answer\na,x1\n",
        },
    )
    assert problems_of(folder, ada) == ["targets.csv, line 3: 'weight' must be a number. Write it without quotes, like 0.5."]  # fmt: skip
    write_folder(folder, {"targets.csv": table.encode()})
    told = problems_of(folder, ada)
    assert told[0].startswith("secret/answers.csv: There is no answer for target b.")
    assert told[1].startswith("secret/answers.csv, line 2: ")


def test_answers_from_a_folder_must_fit_their_targets(folder: Path, ada: User) -> None:
    text = edited(folder, "npz: secret/answers.npz", "folder: secret")
    np.save(folder / "secret/u1.npy", answers()["u1"])
    np.save(folder / "secret/u2.npy", answers()["u2"].T)
    line = line_of(text, "slug: u2")
    assert problems_of(folder, ada) == [
        f"challenge.yaml, line {line}: The answer of target u2 is 8 x 2, the target is 2 x 8. "
        "Correct the target's shape or the file."
    ]
    np.save(folder / "secret/u2.npy", answers()["u2"])
    import_bundle(folder, by=ada)
    assert Reference.objects.count() == 2


def test_a_link_in_a_folder_is_not_followed(folder: Path, ada: User, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("Not part of it.")
    (folder / "charter/domain.md").unlink()
    (folder / "charter/domain.md").symlink_to(outside)
    assert "there is no file charter/domain.md" in " ".join(problems_of(folder, ada))


def test_no_bundle_at_all_is_told(tmp_path: Path, ada: User) -> None:
    assert problems_of(tmp_path / "nothing", ada) == ["nothing: there is no such folder or file."]
    assert "no such file at its top" in problems_of(tmp_path, ada)[0]
    (tmp_path / "b.zip").write_bytes(b"PK")
    assert "neither a folder nor a readable zip" in problems_of(tmp_path / "b.zip", ada)[0]


def test_the_command_imports_and_tells_the_outcome(
    folder: Path, ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("bundle_import", str(folder), by="ada")
    call_command("bundle_import", str(folder), by="ada")
    assert capsys.readouterr().out == "waves/first: created\nwaves/first: unchanged\n"
    with pytest.raises(CommandError, match="Nobody here has the username zoe"):
        call_command("bundle_import", str(folder), by="zoe")
    edited(folder, "reader: npz", "reader: npx")
    with pytest.raises(CommandError, match="no reader 'npx'"):
        call_command("bundle_import", str(folder), by="ada")
    assert Target.objects.count() == 2


def test_the_example_of_the_documentation_is_whole(tmp_path: Path, ada: User) -> None:
    text = (Path(__file__).parents[2] / "docs/bundle.md").read_text()
    blocks = {
        name: text.split(opening)[1].split("```")[0]
        for name, opening in (
            ("challenge.yaml", "```yaml\n"),
            ("targets.csv", "`targets.csv`\n```csv\n"),
            ("answers.csv", "`answers.csv`\n```csv\n"),
        )
    }
    write_folder(tmp_path, {name: block.encode() for name, block in blocks.items()})
    write_folder(tmp_path, {"inputs.csv": b"molecule\nethanol\nhexane\n"})
    round_ = import_bundle(tmp_path, by=ada)
    assert unmet_before_publishing(round_) == []
    assert [target.classes for target in round_.targets.all()] == [["alcohol"], ["alkane"]]


@pytest.mark.parametrize(
    "fields",
    ["CHALLENGE_FIELDS", "ARTIFACT_FIELDS", "ROUND_FIELDS", "TARGET_FIELDS", "METRIC_FIELDS"],
)
def test_every_key_is_documented(fields: str) -> None:
    text = (Path(__file__).parents[2] / "docs/bundle.md").read_text()
    modules = (read, read_artifacts, read_rounds)
    names = next(getattr(module, fields) for module in modules if hasattr(module, fields))
    assert [name for name in names if f"`{name}`" not in text] == []
