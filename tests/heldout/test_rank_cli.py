import json
import subprocess
import sys

import pytest

from heldout.cli import main
from tests.docs.places import RANKING_PAGE, ROOT
from tests.scoring.published_ranks import sampl6

RULE = {"metrics": ["squared_error"], "aggregate": "root_mean"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = ["entry,target,metric,value"]
    lines += [f"{r.entry},{r.target},{r.metric},{r.value!r}" for r in sampl6().rows()]
    (tmp_path / "long.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "rule.json").write_text(json.dumps(RULE), encoding="utf-8")
    return tmp_path


@pytest.fixture
def rank(folder, capsys):
    def command(*arguments, scores="long.csv", rule="rule.json"):
        code = main(["rank", "--scores", scores, "--rule", rule, *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def test_published_ranking_is_replayed_from_its_scores(rank):
    code, out, err = rank("--json", "--bootstrap", "500", "--seed", "1")
    content = json.loads(out)
    published = sampl6()
    assert (code, err) == (0, "")
    assert [line["entry"] for line in content["lines"]] == published.order
    values = dict(zip(published.entries, published.published["rmse"], strict=True))
    for line in content["lines"]:
        assert line["value"] == pytest.approx(values[line["entry"]], rel=1e-12)
        assert line["rank_low"] <= line["rank"] <= line["rank_high"]
        assert line["tested_rank_low"] <= line["rank"] <= line["tested_rank_high"]
        assert line["left_out_rank_low"] <= line["rank"] <= line["left_out_rank_high"]
    assert content["bootstrap"] == {"draws": 500, "seed": 1}
    assert 0.8 < content["kendall_tau"]["median"] < 1


def test_table_shows_value_interval_share_of_first_ranks_and_group(rank):
    code, out, _ = rank("--bootstrap", "200")
    heads, _, first, *_ = out.splitlines()
    assert code == 0
    assert " ".join(heads.split()) == "rank entry value 95 % rank 95 % P(1) group answered"
    assert first.split()[:3] == ["1", "hmz0n", "0.384448"]
    assert "[1, 3]" in first
    assert "root_mean of squared_error; lower is better" in out
    assert "200 paired draws of targets, seed 0" in out


def test_same_seed_prints_the_same(rank):
    assert rank("--seed", "5") == rank("--seed", "5")
    assert rank("--seed", "5")[1] != rank("--seed", "6")[1]


def test_without_draws_there_are_ranks_and_no_intervals(rank):
    code, out, _ = rank("--bootstrap", "0")
    assert code == 0
    assert out.splitlines()[0].split() == ["rank", "entry", "value", "answered"]
    record = json.loads(rank("--bootstrap", "0", "--json")[1])
    assert record["lines"][0]["rank_low"] is None
    assert record["kendall_tau"] is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rule.toml", 'metrics = ["squared_error"]\naggregate = "root_mean"\n'),
        ("rule.yaml", "metrics: [squared_error]\naggregate: root_mean\n"),
    ],
)
def test_rule_may_be_toml_or_yaml(rank, folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    assert rank("--seed", "2", rule=name) == rank("--seed", "2")


def test_yaml_without_its_package_says_what_to_do(rank, folder, monkeypatch):
    (folder / "rule.yaml").write_text("metrics: [squared_error]\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "yaml", None)
    code, out, err = rank(rule="rule.yaml")
    assert (code, out) == (2, "")
    assert "PyYAML" in err
    assert ".json" in err


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("entry,target,metric\nA,t,m\n", 3, "line 1 has no column value"),
        ("entry,target,metric,value,Class\nA,t,m,1,x\n", 3, "unknown column 'Class'"),
        ("entry,target,metric,value\nA,t,m,1_0\n", 3, "line 2 column value: '1_0'"),
        ("entry,target,metric,value\nA,t,m,nan\n", 3, "leave the cell empty"),
        ("entry,target,metric,value\nA,t,m,inf\n", 3, "is infinite"),
        ("entry,target,metric,value\nA,t,m,1\nA,t,m,1\n", 3, "line 3 repeats line 2"),
        ("entry,target,metric,value\nA,t,m\n", 3, "line 2 has 3 cells, the header 4"),
        ("entry,target,metric,value\n,t,m,1\n", 3, "line 2 names no entry"),
        ("entry,target,metric,value,status\nA,t,m,1,failed\n", 3, "status failed and a value"),
        ("entry,target,metric,value,status\nA,t,m,,ok\n", 3, "status ok and no value"),
        ("entry,target,metric,value,status\nA,t,m,,late\n", 3, "'late' is no status"),
        ("entry,target,metric,value,model\nA,t,m,1,0\n", 3, "write 1 to 1000"),
        ("entry,target,metric,value\n", 3, "no row"),
        ("", 3, "no column entry"),
        ('entry,target,metric,value\n"A,t,m,1\n', 3, "not CSV"),
        ("entry,target,metric,value\nA,t,m,1\n", 2, "'squared_error', of which the table has no"),
    ],
)
def test_wrong_table_is_told_with_its_line(rank, folder, text, code, told):
    (folder / "wrong.csv").write_text(text, encoding="utf-8")
    found, out, err = rank(scores="wrong.csv")
    assert found == code
    assert told in out + err
    assert "Traceback" not in out + err


def test_table_that_is_not_utf8_is_told(rank, folder):
    (folder / "wrong.csv").write_bytes(b"entry,target,metric,value\n\xe9,t,m,1\n")
    code, out, _ = rank(scores="wrong.csv")
    assert code == 3
    assert "UTF-8" in out


@pytest.mark.parametrize(
    ("name", "text", "code", "told"),
    [
        ("rule.json", "{", 2, "rule.json"),
        ("rule.toml", "metrics = ", 2, "rule.toml"),
        ("rule.yaml", "metrics: [", 2, "rule.yaml"),
        ("rule.txt", "", 2, ".json, .toml or .yaml"),
        ("rule.json", '{"metrics": ["squared_error"], "scheme": "best"}', 3, "key scheme: 'best'"),
        ("rule.json", '{"metrics": ["squared_error"], "levels": ["class"]}', 2, "column class"),
    ],
)
def test_wrong_rule_is_told_without_a_traceback(rank, folder, name, text, code, told):
    (folder / name).write_text(text, encoding="utf-8")
    found, out, err = rank(rule=name)
    assert found == code
    assert told in out + err
    assert "Traceback" not in out + err


def test_file_that_is_not_there_is_named(rank):
    code, _, err = rank(scores="nowhere.csv")
    assert code == 2
    assert "nowhere.csv" in err


def test_number_of_draws_must_be_a_whole_number(rank, capsys):
    with pytest.raises(SystemExit) as caught:
        rank("--bootstrap", "-5")
    assert caught.value.code == 2
    assert "'-5' is not a whole number" in capsys.readouterr().err


def test_single_target_leaves_no_ranks_without_it(rank, folder):
    text = "entry,target,metric,value\nkendall_tau,t,squared_error,1\nB,t,squared_error,2\n"
    (folder / "long.csv").write_text(text, encoding="utf-8")
    first, _ = json.loads(rank("--json", "--bootstrap", "20")[1])["lines"]
    assert (first["entry"], first["rank"]) == ("kendall_tau", 1)
    assert (first["tested_rank_low"], first["tested_rank_high"]) == (1, 2)
    assert (first["left_out_rank_low"], first["left_out_rank_high"]) == (None, None)


def test_missing_values_and_labels_are_read(rank, folder):
    (folder / "long.csv").write_text(
        "entry,target,metric,value,status,class\n"
        "A,t1,m,1,ok,x\nA,t2,m,3,ok,x\nA,t3,m,8,,y\n"
        "B,t1,m,2,ok,x\nB,t2,m,,failed,x\nB,t3,m,4,ok,y\n"
        "C,t1,m,,,\n",
        encoding="utf-8",
    )
    rule = {
        "metrics": [{"metric": "m", "direction": "lower"}],
        "levels": ["class"],
        "missing": "skip",
        "resample": "class",
    }
    (folder / "rule.json").write_text(json.dumps(rule), encoding="utf-8")
    code, out, _ = rank("--json", "--bootstrap", "50")
    lines = json.loads(out)["lines"]
    assert code == 0
    found = [(line["entry"], line["rank"], line["value"], line["answered"]) for line in lines]
    assert found == [("B", 1, 3.0, 2), ("A", 2, 5.0, 3), ("C", None, None, 0)]


def test_ranking_needs_no_django_and_no_yaml(folder):
    code = (
        "import sys; from heldout.cli import main; code = main(sys.argv[1:]);"
        "assert not {'django', 'yaml', 'pandas'} & set(sys.modules); sys.exit(code)"
    )
    arguments = ["rank", "--scores", folder / "long.csv", "--rule", folder / "rule.json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "hmz0n" in done.stdout


def test_the_page_shows_what_the_command_prints(rank, folder):
    page = RANKING_PAGE.read_text(encoding="utf-8")
    scores = {"A": [0.9, 0.6, 0.8, 0.7], "B": [0.8, 0.9, 0.8, 0.2], "C": [0.7, 0.5, 0.1, 0.3]}
    lines = [
        f"{entry},c{number},dice,{value}"
        for entry, values in scores.items()
        for number, value in enumerate(values, start=1)
    ]
    (folder / "long.csv").write_text(
        "\n".join(["entry,target,metric,value", *lines]), encoding="utf-8"
    )
    rule = 'metrics = [{metric = "dice", direction = "higher"}]'
    assert rule in page
    (folder / "rule.toml").write_text(rule, encoding="utf-8")
    assert rank(rule="rule.toml")[1] in page
