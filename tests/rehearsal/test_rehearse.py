"""A rehearsal finds the mistakes that are planted in a bundle, and none in a clean one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from challenges.models import Challenge
from challenges.services.bundles import import_bundle
from challenges.services.bundles.read import read_bundle
from heldout.bundle.source import open_source
from rehearsal.findings import Report, Severity, report_from_json, report_text
from rehearsal.launch import RehearsalError, rehearse
from rehearsal.setup_checks import check_limits
from rehearsal.where import Where
from tests.challenges.builders import person
from tests.challenges.bundle_files import line_of
from tests.rehearsal import bundles

EXAMPLES = Path(__file__).parents[2] / "examples"
PLUGIN = Path(__file__).parent / "plugin"

pytestmark = pytest.mark.timeout(1200)  # whole rounds are held, several to a bundle

Make = Callable[[Path], Path]


def rehearsed(make: Make, folder: Path) -> Report:
    return rehearse(make(folder))


@pytest.fixture(scope="module")
def setup_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return rehearsed(bundles.setup_bundle, tmp_path_factory.mktemp("setup"))


@pytest.fixture(scope="module")
def import_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return rehearsed(bundles.import_bundle, tmp_path_factory.mktemp("import"))


@pytest.fixture(scope="module")
def answers_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return rehearsed(bundles.answers_bundle, tmp_path_factory.mktemp("answers"))


@pytest.fixture(scope="module")
def held_report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Report]:
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(PLUGIN)  # as if an operator had installed it
    try:
        yield rehearsed(bundles.held_bundle, tmp_path_factory.mktemp("held"))
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


@pytest.fixture(scope="module")
def rules_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return rehearsed(bundles.rules_bundle, tmp_path_factory.mktemp("rules"))


def assert_found(report: Report, code: str, text: str, part: str, *, number: int = 1) -> None:
    """The finding of this code names the line of challenge.yaml on which `part` stands."""
    found = [each for each in report.findings if each.code == code]
    line = line_of(text, part, number=number)
    places = [(each.file, each.line) for each in found]
    assert ("challenge.yaml", line) in places, (code, places, report_text(report))
    assert all(each.message and each.remedy for each in found)


def codes(report: Report, slug: str) -> set[str]:
    return {each.code for each in report.findings if each.round == slug}


@pytest.mark.parametrize(
    ("code", "part", "number"),
    [
        ("WEIGHT_ZERO", "weight: 0", 1),
        ("CONSTANT_ANSWER", "slug: flat", 1),
        ("NEVER_OPEN", "opens_at: 2099-03-01", 1),
        ("NEVER_ALL_OPEN", "require_all", 1),
        ("FEW_TARGETS", "- slug: u1", 1),
        ("ANSWERS_PUBLIC", "- path: secret/fields.npz", 1),  # byte for byte
        ("ANSWERS_PUBLIC", "inputs/history.npz", 1),  # the same numbers in another file
        ("ANSWERS_PUBLIC", "inputs/table.csv", 1),  # and as text
        ("EXAMPLE_REFUSED", "path: template.npz", 1),
        ("NOT_READY", "licence: ''", 1),
        ("NOT_READY", "opens_at: 2099-03-01", 1),
        ("CLOSED_ALREADY", "closes_at: 2020-02-01", 1),
    ],
)
def test_what_is_wrong_with_the_setup_is_found(
    setup_report: Report, code: str, part: str, number: int
) -> None:
    assert_found(setup_report, code, bundles.SETUP, part, number=number)


@pytest.mark.parametrize(
    "part",
    [
        "id_colum: target",
        "closes_at: 2098-12-01",
        "missing_policy: worst",
        "parameters: {scale: 2}",
        "deadline:",
    ],
)
def test_what_the_import_refuses_is_found(import_report: Report, part: str) -> None:
    assert_found(import_report, "IMPORT", bundles.IMPORT, part)


def test_answers_that_are_not_numbers_are_found_in_their_line(answers_report: Report) -> None:
    places = {(each.file, each.line) for each in answers_report.findings}
    assert ("secret/gap.csv", 4) in places


def test_limits_that_shut_out_the_answers_are_found(answers_report: Report) -> None:
    told = [each for each in answers_report.findings if each.file == "secret/answers.csv"]
    assert {each.line for each in told} == {3, 5, 6, 8, 9}  # below 0 or above 4
    # The message is about values that only organizers may see: it names none.
    assert not [each for each in told if "-2.2" in each.message or "5.9" in each.message]


@pytest.mark.parametrize(
    ("code", "part", "number"),
    [
        ("PERFECT_IS_NOT", "perfect_value: -5", 1),
        ("ALL_TIED", "tie_tolerance: 1000", 1),
        ("NOISE_WINS", "metric: closeness", 1),
        ("BASELINE_WINS", "metric: size", 1),
    ],
)
def test_what_only_a_held_round_shows_is_found(
    held_report: Report, code: str, part: str, number: int
) -> None:
    assert_found(held_report, code, bundles.HELD, part, number=number)


@pytest.mark.parametrize(
    ("code", "part", "slug"),
    [
        ("MISSING_PAYS", "missing_penalty: 0", "cheap"),
        ("MISSING_PAYS", "missing_policy: skip", "skip"),
        ("NOT_READY", "slug: apart", "apart"),
        ("NOBODY_RANKED", "slug: undefined", "undefined"),
        ("UPLOAD_LIMIT_TOO_SMALL", "upload_limit_bytes: 20", "small"),
        ("METRIC_UNDEFINED", "metric: nrmse", "undefined"),
        ("CONSTANT_ANSWER", "csv: secret/same.csv", "same"),
    ],
)
def test_rules_that_do_not_do_what_they_should_are_found(
    rules_report: Report, code: str, part: str, slug: str
) -> None:
    assert_found(rules_report, code, bundles.RULES, part)
    assert code in codes(rules_report, slug)


def test_every_track_is_held_in_its_own_dates(tmp_path: Path) -> None:
    report = rehearse(bundles.tracks_bundle(tmp_path))
    assert report.findings == [], report_text(report)
    (told,) = report.rounds
    places = {entry.name: entry.rank for entry in told.entries if entry.rank}
    assert places["perfect"] == 1
    assert places["near, track human"] == 1  # ranked in its own track
    refused = [entry for entry in told.entries if entry.name == "near, again"]
    assert not refused[0].detail.startswith("TARGET_NOT_OPEN")


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*/*.yaml")))
def test_the_examples_have_nothing_to_mend(name: str) -> None:
    report = rehearse(EXAMPLES / name)
    assert report.findings == [], report_text(report)
    (told,) = report.rounds
    assert told.held
    by_name = {entry.name: entry for entry in told.entries}
    assert [by_name[name].rank for name in ("perfect", "near, again", "far")] == [1, 2, 3]
    assert by_name["baseline"].outcome == "unranked"
    assert by_name["half"].outcome == "incomplete"
    assert by_name["withdrawn"].outcome == "withdrawn"
    assert by_name["late"].detail.startswith("ROUND_CLOSED")
    assert by_name["not a number"].outcome == "refused"
    assert told.credit_micropoints


@pytest.mark.django_db
def test_the_command_says_it_in_words_and_as_json_and_leaves_the_site_alone(
    import_report: Report,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = bundles.import_bundle(tmp_path / "bundle")
    with pytest.raises(SystemExit) as ended:
        call_command("rehearse", str(folder), "--json", f"--keep={tmp_path / 'kept'}")
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert report_from_json(told).findings == import_report.findings
    assert (tmp_path / "kept" / "heldout.sqlite3").is_file()
    assert not Challenge.objects.exists()
    with pytest.raises(RehearsalError, match="there already"):
        rehearse(folder, keep=tmp_path / "kept")
    with pytest.raises(CommandError, match="There is no"):
        call_command("rehearse", str(tmp_path / "nothing"))


def test_a_report_tells_errors_first_and_counts_what_repeats() -> None:
    report = Report("waves")
    report.find("B", "Look.", "Or not.", severity=Severity.WARNING)
    report.find("A", "Wrong.", "Mend it.")
    report.find("A", "Wrong.", "Mend it.")
    told = report_text(report).splitlines()
    assert told[-3:] == [
        "error: Wrong. Mend it. [A]",
        "warning: Look. Or not. [B]",
        "1 errors, 1 warnings.",
    ]
    assert report_from_json(report.to_json()).findings == report.findings


@pytest.mark.django_db
def test_a_quota_under_which_not_all_models_can_be_sent_is_found(tmp_path: Path) -> None:
    text = bundles.CHARTER + bundles.round_text(
        "short", submissions_per_day="2", closes_at="2099-01-02T00:00:00Z"
    )
    bundle = bundles.write(tmp_path / "bundle", text)
    ada = person("ada")
    round_ = import_bundle(bundle, by=ada)
    report = Report("short")
    with open_source(bundle) as source:
        plan = read_bundle(source, by=ada)
        where = Where(plan, plan.rounds[0])
    round_.models_per_target = 2
    check_limits(round_, report, where)
    assert report.findings == []
    round_.models_per_target = 5
    check_limits(round_, report, where)
    assert_found(report, "QUOTA_TOO_SMALL", text, "submissions_per_day: 2")
