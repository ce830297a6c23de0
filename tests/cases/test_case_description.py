"""Case descriptions, on a small made-up round laid out like the published ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from demo.cases import CaseError, read_case, read_description
from scoring.contract import Aggregate
from scoring.metrics.choices import check_choices
from scoring.readers import get_reader
from tests.cases.real import REPOSITORY, description_of

SLUGS = ["SM02", "SM04", "SM07", "SM08", "SM09", "SM11", "SM12", "SM13", "SM14", "SM15", "SM16"]
SAMPL6 = description_of("sampl6-logp")


def submission(offset: float) -> str:
    rows = "".join(
        f"{slug}, {position + offset:.2f}, 0.1, 0.5 \n" for position, slug in enumerate(SLUGS)
    )
    return (
        f"# a comment\nPredictions:\n{rows}"
        "Name:Made up\nCategory: Other\nMethod: By hand\nand head\n"
    )


def write_round(folder: Path) -> Path:
    """Write three submissions, the answers, the user map and a table, as deep as the real ones."""
    logp = folder / "physical_properties" / "logP"
    received = logp / "predictions" / "submission_files"
    received.mkdir(parents=True)
    for name, offset in [
        ("aaaa1-1559-logP-group-1.csv", 0.5),
        ("NULL0-1559-logP-mean-1.csv", 1.0),
        ("REF01-1559-logP-tool-1.csv", -2.0),
        ("1xtra-1559-logP-other_molecules-1.csv", 0.0),
    ]:
        (received / name).write_text(submission(offset), encoding="utf-8")
    repaired = logp / "analysis" / "logP_predictions"
    shutil.copytree(received, repaired)
    (logp / "experimental_data").mkdir()
    (logp / "experimental_data" / "logP_experimental_values.csv").write_text(
        "Molecule ID,logP mean,logP SEM\n"
        + "".join(f"{slug},{position}.00,0.03\n" for position, slug in enumerate(SLUGS)),
        encoding="utf-8",
    )
    (logp / "predictions" / "SAMPL6-user-map-logP.csv").write_text(
        "id,uid,receipt_id,filename,submit_date,firstname\n"
        "7,33717,aaaa1,aaaa1-1559-logP-group-1.csv,1548606914,Somebody\n",
        encoding="utf-8",
    )
    tables = logp / "analysis" / "StatisticsTables"
    tables.mkdir()
    (tables / "statistics.csv").write_text(
        "ID,name,RMSE,RMSE_lower_bound,R2\n"
        "aaaa1,Made up,0.5,0.4,1.0\nNULL0,mean,1.0,0.9,1e-17\nzzzzz,unknown,3.0,2.9,0.1\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_round(tmp_path / "case")


@pytest.fixture
def described(tmp_path: Path) -> Callable[..., Path]:
    def describe(**parts: dict) -> Path:
        declared = yaml.safe_load(SAMPL6.read_text(encoding="utf-8"))
        for part, changes in parts.items():
            declared[part] |= changes
        path = tmp_path / "case.yaml"
        path.write_text(yaml.safe_dump(declared), encoding="utf-8")
        return path

    return describe


@pytest.mark.parametrize("path", sorted((REPOSITORY / "cases").glob("*/case.yaml")), ids=str)
def test_shipped_description_names_its_folder_and_a_reader(path: Path) -> None:
    declared = read_description(path)
    assert declared["slug"] == path.parent.name
    rules = declared["round"]
    get_reader(rules["reader"]).complete(rules["reader_options"])


def test_declared_metrics_are_registered_and_fit_scalar_targets(folder: Path) -> None:
    case = read_case(SAMPL6, folder)
    assert check_choices(case.metrics, case.targets) == ()


def test_case_finds_files_at_any_depth(folder: Path) -> None:
    case = read_case(SAMPL6, folder)
    assert [(entry.id, entry.kind) for entry in case.entries] == [
        ("NULL0", "baseline"),
        ("REF01", "reference"),
        ("aaaa1", "participant"),
    ]
    assert case.references == {slug: float(position) for position, slug in enumerate(SLUGS)}
    assert [target.slug for target in case.targets] == SLUGS


def test_files_as_received_come_before_repaired_ones(folder: Path) -> None:
    case = read_case(SAMPL6, folder)
    assert {entry.path.parent.name for entry in case.entries} == {"submission_files"}


def test_user_map_tells_team_and_time_and_no_names(folder: Path) -> None:
    entries = {entry.id: entry for entry in read_case(SAMPL6, folder).entries}
    assert (entries["aaaa1"].team, entries["aaaa1"].sent_at) == ("33717", 1548606914)
    assert (entries["REF01"].team, entries["REF01"].sent_at) == ("", None)
    assert "Somebody" not in repr(entries)


def test_published_table_keeps_its_order_and_known_entries_only(folder: Path) -> None:
    (table,) = read_case(SAMPL6, folder).published
    assert table.ids == ("aaaa1", "NULL0")
    assert table.values == {"aaaa1": {"rmse": 0.5, "r2": 1.0}, "NULL0": {"rmse": 1.0, "r2": 1e-17}}
    assert table.stand_ins == {("NULL0", "r2")}


def test_rmse_is_primary_and_errors_are_reference_minus_prediction(folder: Path) -> None:
    case = read_case(SAMPL6, folder)
    metrics = {metric.key: metric for metric in case.metrics}
    assert case.primary == "rmse"
    assert metrics["rmse"].aggregate is Aggregate.ROOT_MEAN
    assert metrics["me"].parameters == {"sign": "reference_minus_prediction"}


def test_every_made_up_submission_is_read(folder: Path) -> None:
    case = read_case(SAMPL6, folder)
    reader = get_reader(case.prediction_format.reader)
    for entry in case.entries:
        with entry.path.open("rb") as handle:
            prediction = reader.read(
                handle, options=case.prediction_format.options, targets=case.targets
            )
        assert prediction.answered == tuple(SLUGS)
        assert prediction.metadata["name"] == "Made up"
        assert prediction.metadata["method"] == "By hand\nand head"


def test_two_files_of_one_submission_are_refused(
    folder: Path, described: Callable[..., Path]
) -> None:
    description = described(submissions={"files": ["**/*-1559-log[Pp]-*.csv"]})
    with pytest.raises(CaseError, match=r"submission NULL0 has two files, .*keep the one"):
        read_case(description, folder)


def test_file_without_an_id_is_refused(folder: Path, described: Callable[..., Path]) -> None:
    description = described(submissions={"id_pattern": "^([0-9]+)-"})
    with pytest.raises(CaseError, match="has no submission id"):
        read_case(description, folder)


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no submissions are found"):
        read_case(SAMPL6, tmp_path)
    with pytest.raises(CaseError, match="there is no case folder nowhere"):
        read_case(SAMPL6, tmp_path / "nowhere")


def test_table_without_an_answer_for_every_target_is_not_taken(folder: Path) -> None:
    (path,) = folder.glob("**/logP_experimental_values.csv")
    path.write_text("Molecule ID,logP mean\nSM02,1.0\n", encoding="utf-8")
    with pytest.raises(CaseError, match="'logP mean' for every target"):
        read_case(SAMPL6, folder)


def test_answer_that_is_no_number_is_refused(folder: Path) -> None:
    (path,) = folder.glob("**/logP_experimental_values.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("4.00", "four"), encoding="utf-8")
    with pytest.raises(CaseError, match="'four' is not a number"):
        read_case(SAMPL6, folder)


def test_description_without_a_part_is_refused(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("slug: x\ntitle: X\n", encoding="utf-8")
    with pytest.raises(CaseError, match="lacks published, references, round, submissions"):
        read_case(path, folder)
    path.write_text("[not, a, mapping]", encoding="utf-8")
    with pytest.raises(CaseError, match="lacks"):
        read_case(path, folder)
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(CaseError, match="cannot be read"):
        read_case(path, folder)


def test_description_without_a_detail_is_refused(
    folder: Path, described: Callable[..., Path]
) -> None:
    description = described()
    declared = yaml.safe_load(description.read_text(encoding="utf-8"))
    del declared["submissions"]["id_pattern"]
    description.write_text(yaml.safe_dump(declared), encoding="utf-8")
    with pytest.raises(CaseError, match="lacks id_pattern"):
        read_case(description, folder)
