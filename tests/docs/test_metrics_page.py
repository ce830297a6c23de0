import pytest

from scoring.metrics import get_metric
from tests.docs import metrics_page
from tests.docs.places import METRICS_PAGE


def test_the_metrics_page_says_what_the_records_say():
    assert metrics_page.problems(METRICS_PAGE) == []


def test_a_page_that_differs_from_the_records_is_told_with_its_line(tmp_path):
    lines = metrics_page.render().splitlines()
    lines[7] = "changed by hand"
    page = tmp_path / "metrics.md"
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (problem,) = metrics_page.problems(page)
    assert problem.startswith("metrics.md:8:")
    assert "--write" in problem


@pytest.mark.parametrize("kept", [0, 20])
def test_a_page_that_ends_early_is_not_right(tmp_path, kept):
    page = tmp_path / "metrics.md"
    page.write_text("\n".join(metrics_page.render().splitlines()[:kept]), encoding="utf-8")
    assert len(metrics_page.problems(page)) == 1


def test_a_page_that_is_not_there_is_not_right(tmp_path):
    assert len(metrics_page.problems(tmp_path / "metrics.md")) == 1


def test_every_part_of_a_record_is_on_the_page():
    page = metrics_page.render()
    metric = get_metric("vrmse")
    said = [metric.title, metric.help, metric.formula, metric.citation, metric.undefined_when]
    said += [*metric.traps, *(parameter.help for parameter in metric.parameters)]
    for text in said:
        assert text in page
