import json
import subprocess
import sys

import numpy as np
import pytest

from scoring.metrics import get_metric
from tests.challenges.bundle_files import answers, files, npz, write_folder

TRUTH = {"a": 1.0, "b": 2.0, "c": 4.0}
GUESS = {"a": 1.5, "b": 2.0, "c": 3.0}


@pytest.fixture
def bundle(tmp_path):
    return write_folder(tmp_path / "bundle", files())


@pytest.fixture
def prediction(tmp_path):
    path = tmp_path / "p.npz"
    path.write_bytes(npz({slug: array + 0.5 for slug, array in answers().items()}))
    return path


def pair_of(folder, kind):
    """Write answers and predictions of three targets in one kind of file."""
    paths = folder / f"truth.{kind}", folder / f"guess.{kind}"
    for path, values in zip(paths, (TRUTH, GUESS), strict=True):
        if kind == "npz":
            np.savez(path, **values)
        else:
            mark = {"csv": ",", "tsv": "\t"}[kind]
            rows = [f"{name}{mark}{value}{mark}x" for name, value in values.items()]
            path.write_text("\n".join([f"target{mark}value{mark}note", *rows, ""]))
    return paths


def test_bundle_scores_as_the_metrics_and_weights_of_its_round_say(run, bundle, prediction):
    code, out, _ = run("score", "--bundle", bundle, "--prediction", prediction, "--json")
    content = json.loads(out)
    assert code == 0
    nrmse = get_metric("nrmse")
    wanted = {
        slug: nrmse.compute(array, array + 0.5, layout="tx") for slug, array in answers().items()
    }
    rows = {row["target"]: row["value"] for row in content["targets"] if row["key"] == "nrmse"}
    assert rows == pytest.approx(wanted)
    primary, second = content["scores"]
    assert (primary["metric"], second["metric"]) == ("nrmse", "max_error")
    assert primary["value"] == pytest.approx((2 * wanted["u1"] + wanted["u2"]) / 3)
    assert second["value"] == pytest.approx(0.5)
    assert (primary["answered"], primary["offered"], content["round"]) == (2, 2, "first")


def test_bundle_shows_a_row_for_each_target_on_request(run, bundle, prediction):
    order = ["score", "--bundle", bundle, "--round", "first", "--prediction", prediction]
    code, out, _ = run(*order)
    assert code == 0
    assert "u1" not in out
    code, out, _ = run(*order, "--per-target")
    lines = out.splitlines()
    assert lines[0].split() == ["target", "nrmse", "max_error"]
    assert [line.split()[0] for line in lines[2:4]] == ["u1", "u2"]
    assert lines[2].split()[2] == "0.5"


@pytest.mark.parametrize("kind", ["folder: secret", "csv: secret/answers.csv"])
def test_answers_of_a_bundle_may_be_a_folder_or_a_table(run, tmp_path, kind):
    text = files()["challenge.yaml"].decode().replace("npz: secret/answers.npz", kind)
    for old, new in [("[2, 8]", "[]"), ("2x8", "[]"), ("nrmse", "absolute_error")]:
        text = text.replace(old, new)
    text = text.replace("parameters: {layout: tx}, ", "").replace("max_error", "squared_error")
    bundle = write_folder(tmp_path / "b", files(text))
    for slug in ("u1", "u2"):
        np.save(bundle / "secret" / f"{slug}.npy", 2.0)
    (bundle / "secret" / "answers.csv").write_text("target,value\nu1,2\nu2,2\n")
    np.savez(tmp_path / "p.npz", u1=2.5, u2=2.0)
    code, out, err = run("score", "--bundle", bundle, "--prediction", tmp_path / "p.npz", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["scores"][0]["value"] == pytest.approx((2 * 0.5 + 0) / 3)


def test_missing_target_counts_as_the_round_says(run, bundle, tmp_path):
    text = (bundle / "challenge.yaml").read_text()
    (bundle / "challenge.yaml").write_text(text.replace("{require_all: true}", "{}"))
    (tmp_path / "p.npz").write_bytes(npz({"u1": answers()["u1"]}))
    order = ["score", "--bundle", bundle, "--prediction", tmp_path / "p.npz", "--json"]
    code, out, _ = run(*order)
    assert code == 0
    assert json.loads(out)["scores"][0]["value"] == pytest.approx(1 / 3)  # weights 2 and 1
    text = (bundle / "challenge.yaml").read_text()
    (bundle / "challenge.yaml").write_text(text.replace("policy: worst", "policy: incomplete"))
    code, out, _ = run(*order)
    assert code == 3
    assert json.loads(out)["scores"][0] | {"detail": ""} == {
        **{"metric": "nrmse", "aggregate": "mean", "status": "missing", "value": None},
        **{"answered": 1, "offered": 2, "detail": ""},
    }


def test_file_at_fault_is_refused_with_its_problems(run, bundle, tmp_path):
    (tmp_path / "p.npz").write_bytes(npz({"u1": answers()["u1"].T, "u2": answers()["u2"]}))
    code, out, _ = run("score", "--bundle", bundle, "--prediction", tmp_path / "p.npz", "--json")
    assert code == 3
    assert [problem["code"] for problem in json.loads(out)["problems"]] == ["BAD_SHAPE"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("rounds:", "cycles:", "name one of its rounds: it has none"),
        ("slug: first", "slug: second", "name one of its rounds: second"),
        ("nrmse, metric: nrmse", "nrmse, metric: nrms", "challenge.yaml, line"),
        ("low: -10", "low: ten", "'low' must be a number"),
        ("policy: worst", "policy: best", "'missing_policy' must be one of"),
        ("npz: secret/answers.npz", "npz: secret/none.npz", "no file secret/none.npz"),
        ("bundle: 1", "bundle: 2", "this is format 2"),
        ("bundle: 1", "bundle: [1", "not readable as YAML"),
    ],
)
def test_fault_of_the_bundle_is_told_with_file_and_line(run, bundle, prediction, old, new, told):
    text = (bundle / "challenge.yaml").read_text()
    assert old in text
    (bundle / "challenge.yaml").write_text(text.replace(old, new, 1))
    order = ["score", "--bundle", bundle, "--round", "first", "--prediction", prediction]
    code, out, err = run(*order)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


@pytest.mark.parametrize("kind", ["npz", "csv", "tsv"])
def test_metric_of_archives_and_tables_is_the_mean_over_targets(run, tmp_path, kind):
    truth, guess = pair_of(tmp_path, kind)
    order = ["score", "--metric", "absolute_error", "--reference", truth, "--prediction", guess]
    code, out, _ = run(*order)
    assert (code, float(out)) == (0, pytest.approx(0.5))
    code, out, _ = run(*order, "--aggregate", "median", "--json")
    content = json.loads(out)
    assert (content["value"], content["aggregate"]) == (0.5, "median")
    assert [row["value"] for row in content["targets"]] == [0.5, 0.0, 1.0]


def test_metric_of_samples_is_pooled_over_single_numbers(run, tmp_path):
    truth, guess = pair_of(tmp_path, "csv")
    order = ["score", "--metric", "rmse", "--reference", truth, "--prediction", guess]
    code, out, _ = run(*order)
    assert (code, float(out)) == (0, pytest.approx(np.sqrt(1.25 / 3)))


def test_columns_of_tables_may_have_any_names(run, tmp_path):
    (tmp_path / "t.csv").write_text("molecule;logp\na;1\nb;2\n")
    (tmp_path / "g.csv").write_text("molecule;logp\nb;2\na;3\n")
    order = ["score", "--metric", "mae", "--reference", tmp_path / "t.csv"]
    order += ["--prediction", tmp_path / "g.csv"]
    assert run(*order)[0] == 2
    options = ["id_column=molecule", 'value_columns=["logp"]', "delimiter=;"]
    code, out, _ = run(*order, *(word for option in options for word in ("--option", option)))
    assert (code, float(out)) == (0, 1.0)


def test_unanswered_target_leaves_no_value_and_is_told(run, tmp_path):
    truth, guess = pair_of(tmp_path, "csv")
    guess.write_text("target,value\na,1\n")
    order = ["score", "--metric", "absolute_error", "--reference", truth, "--prediction", guess]
    code, out, _ = run(*order)
    assert code == 3
    assert out == "missing: 1 of 3 targets have a value\n"


def test_per_target_rows_of_a_metric(run, tmp_path):
    truth, guess = pair_of(tmp_path, "npz")
    code, out, _ = run(
        *("score", "--metric", "absolute_error", "--reference", truth),
        *("--prediction", guess, "--per-target"),
    )
    assert code == 0
    assert out.splitlines()[-1] == "mean: 0.5"
    assert [line.split() for line in out.splitlines()[2:5]] == [
        ["a", "0.5"],
        ["b", "0"],
        ["c", "1"],
    ]


@pytest.mark.parametrize("content", [b"", b"no table", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
@pytest.mark.parametrize("kind", ["npy", "npz", "csv"])
def test_unreadable_reference_is_told_in_words(run, tmp_path, content, kind):
    (tmp_path / f"r.{kind}").write_bytes(content)
    np.save(tmp_path / "p.npy", 1.0)
    code, out, err = run(
        *("score", "--metric", "absolute_error", "--reference", tmp_path / f"r.{kind}"),
        *("--prediction", tmp_path / "p.npy"),
    )
    assert code in (2, 3)
    assert "reference" in out + err
    assert "Traceback" not in err


def test_bundle_without_pyyaml_says_what_to_install(bundle, prediction):
    code = (
        "import sys\n"
        "sys.modules['yaml'] = sys.modules['django'] = None\n"
        "import heldout.cli\n"
        f"sys.exit(heldout.cli.main(['score', '--bundle', {str(bundle)!r}, "
        f"'--prediction', {str(prediction)!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install pyyaml" in done.stderr


def test_bundle_is_scored_without_django(bundle, prediction):
    code = (
        "import sys\n"
        "sys.modules['django'] = sys.modules['httpx'] = None\n"
        "import heldout.cli\n"
        f"sys.exit(heldout.cli.main(['score', '--bundle', {str(bundle)!r}, "
        f"'--prediction', {str(prediction)!r}]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nrmse" in done.stdout
