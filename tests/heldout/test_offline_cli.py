import json
import subprocess
import sys

import numpy as np
import pytest

from scoring.metrics import all_metrics

FIX = ["validate", "--reader", "npy", "--target", "u:4x32", "a.npy", "--fix", "c.npy"]
SCORE = ["score", "--metric", "nrmse", "--reference", "a.npy", "--prediction", "b.npy"]


def test_metrics_lists_every_metric(run):
    code, out, _ = run("metrics")
    assert code == 0
    for metric in all_metrics():
        assert metric.slug in out


def test_metrics_json_holds_all_records(run):
    code, out, _ = run("metrics", "--json")
    assert code == 0
    assert [record["slug"] for record in json.loads(out)] == [m.slug for m in all_metrics()]


@pytest.mark.parametrize("slug", [metric.slug for metric in all_metrics()])
def test_one_metric_is_explained_with_formula_source_and_traps(run, slug):
    code, out, _ = run("metrics", slug)
    metric = next(metric for metric in all_metrics() if metric.slug == slug)
    assert code == 0
    for text in (metric.formula, metric.citation, *metric.traps):
        assert text in out


def test_metrics_of_one_family_are_listed_alone(run):
    families = {metric.family for metric in all_metrics()}
    listed = []
    for family in families:
        code, out, _ = run("metrics", "--family", family, "--json")
        assert code == 0
        assert {record["family"] for record in json.loads(out)} == {family}
        listed += [record["slug"] for record in json.loads(out)]
    assert sorted(listed) == sorted(metric.slug for metric in all_metrics())


def test_score_prints_the_value(run, field):
    code, out, _ = run(
        *("score", "--metric", "nrmse", "--reference", field / "a.npy"),
        *("--prediction", field / "b.npy"),
    )
    assert (code, float(out)) == (0, 1.0)


def test_score_json_names_metric_version_and_parameters(run, field):
    code, out, _ = run(
        *("score", "--metric", "frmse", "--parameter", "band=high", "--json"),
        *("--reference", field / "a.npy", "--prediction", field / "a.npy"),
    )
    content = json.loads(out)
    assert code == 0
    assert (content["value"], content["status"], content["version"]) == (0.0, "ok", 1)
    assert content["parameters"]["band"] == "high"


def test_score_of_a_pooled_metric_takes_one_number_per_target(run, tmp_path):
    np.save(tmp_path / "y.npy", np.array([1.0, 2, 3]))
    np.save(tmp_path / "p.npy", np.array([1.0, 2, 4]))
    code, out, _ = run(
        *("score", "--metric", "mae", "--reference", tmp_path / "y.npy"),
        *("--prediction", tmp_path / "p.npy"),
    )
    assert (code, float(out)) == (0, pytest.approx(1 / 3))


@pytest.mark.parametrize("metric", ["nrmse", "pearson"])
def test_value_that_does_not_exist_is_told_as_undefined(run, tmp_path, metric):
    shape = (2, 3) if metric == "nrmse" else (3,)
    np.save(tmp_path / "zero.npy", np.zeros(shape))
    code, out, _ = run(
        *("score", "--metric", metric, "--reference", tmp_path / "zero.npy"),
        *("--prediction", tmp_path / "zero.npy", "--json"),
    )
    assert code == 3
    assert json.loads(out)["status"] == "undefined"


def test_prediction_of_another_shape_has_exit_code_3_and_a_remedy(run, field):
    np.save(field / "t.npy", np.zeros((32, 4)))
    code, out, _ = run(
        *("score", "--metric", "nrmse", "--reference", field / "a.npy"),
        *("--prediction", field / "t.npy"),
    )
    assert code == 3
    assert "expected 4 x 32, found 32 x 4" in out
    assert "axes seem to be in another order" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", "--metric", "nope", "--reference", "a.npy", "--prediction", "b.npy"],
        ["score", "--metric", "nrmse", "--reference", "absent.npy", "--prediction", "b.npy"],
        [*SCORE, "--parameter", "layout=xyt"],
        [*SCORE, "--parameter", "layout"],
        ["score", "--metric", "nrmse", "--prediction", "a.npy"],
        ["score", "--metric", "nrmse", "--reference", "cli.exe", "--prediction", "a.npy"],
        ["score", "--bundle", "absent", "--prediction", "a.npy"],
        ["score", "--bundle", ".", "--prediction", "a.npy", "--aggregate", "mean"],
        ["metrics", "nope"],
        ["metrics", "--family", "nope"],
        ["validate", "--reader", "npz", "a.npy"],
        ["validate", "--reader", "npz", "--target", "u:2xy", "a.npy"],
        ["validate", "--reader", "npz", "--target", "u", "--option", "nope=1", "a.npy"],
        ["validate", "--format", "a.npy", "a.npy"],
        ["validate", "--bundle", "a.npy", "a.npy"],
        ["validate", "--reader", "npy", "--target", "u:4x32", "a.npy", "--axes", "1,0"],
        ["validate", "--reader", "npy", "--target", "u:4x32", "a.npy", "--fix", "b.npy"],
        ["validate", "--reader", "npy", "--target", "u:4x32", "absent.npy", "--fix", "c.npy"],
        [*FIX, "--axes", "a,b"],
        [*FIX, "--accept", "NOPE"],
        [*FIX, "--unit", "km"],
    ],
)
def test_wrong_usage_has_exit_code_2_one_line_and_no_traceback(run, field, monkeypatch, arguments):
    monkeypatch.chdir(field)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_unknown_command_has_exit_code_2(run):
    with pytest.raises(SystemExit) as caught:
        run("frobnicate")
    assert caught.value.code == 2


def test_validate_accepts_a_good_file_and_names_what_is_unanswered(run, tmp_path):
    (tmp_path / "p.csv").write_text("target,value\np1,1.5\n")
    code, out, _ = run(
        "validate", "--reader", "csv", "--target", "p1", "--target", "p2", tmp_path / "p.csv"
    )
    assert code == 0
    assert "1 of 2 targets answered" in out
    assert "Not answered: p2" in out


def test_validate_by_a_format_file_lists_all_problems(run, tmp_path):
    np.savez(tmp_path / "p.npz", u01=np.zeros((2, 2)), u03=np.ones(3))
    declared = {
        "reader": "npz",
        "options": {"require_all": True},
        "targets": [{"slug": "u01", "shape": [2, 3]}, {"slug": "u02", "low": 0, "high": 1}],
    }
    (tmp_path / "f.json").write_text(json.dumps(declared))
    arguments = ("validate", "--format", tmp_path / "f.json", tmp_path / "p.npz")
    code, out, _ = run(*arguments, "--json")
    content = json.loads(out)
    assert code == 3
    assert not content["ok"]
    assert {p["code"] for p in content["problems"]} == {
        "BAD_SHAPE",
        "UNKNOWN_TARGET",
        "MISSING_TARGET",
    }
    code, out, _ = run(*arguments)
    assert code == 3
    assert out.count("->") == 3


def test_validate_takes_shapes_and_options_from_the_command_line(run, tmp_path):
    np.save(tmp_path / "p.npy", np.zeros((2, 3, 4)))
    code, out, _ = run(
        *("validate", "--reader", "npy", "--target", "a:3x4", "--target", "b:3x4"),
        *("--option", 'stack=["a", "b"]', tmp_path / "p.npy", "--json"),
    )
    assert code == 0
    assert json.loads(out)["answered"] == ["a", "b"]


def test_command_works_without_django_or_the_client_library():
    code = (
        "import sys\n"
        "sys.modules['django'] = sys.modules['httpx'] = None\n"
        "import heldout.cli\n"
        "code = heldout.cli.main(['metrics', 'nrmse'])\n"
        "sys.exit(code or any(name.startswith('rest_framework') for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "PDEBench" in done.stdout


def test_reader_of_the_output_may_leave_early():
    code = "import sys, heldout.cli; sys.exit(heldout.cli.main(['metrics', '--json']))"
    writer = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    writer.stdout.read(10)
    writer.stdout.close()
    errors = writer.stderr.read()
    writer.stderr.close()
    assert (writer.wait(), errors) == (0, "")
