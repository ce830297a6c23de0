"""The catalogue of metrics, and formulas as MathML."""

from __future__ import annotations

import pytest
from django.test import Client

from pages.formulas import mathml
from pages.markdown import render
from scoring.metrics import newest_metrics
from tests.pages.seed import Seed


@pytest.mark.parametrize("metric", newest_metrics(), ids=lambda metric: metric.slug)
def test_every_metric_has_a_formula_that_is_drawn(metric) -> None:
    drawn = mathml(metric.formula, block=True)
    assert drawn.startswith('<math display="block">')
    assert "\\" not in drawn, "a command of TeX that is not known"


def test_search_narrows_the_catalogue_and_says_when_nothing_fits(seed: Seed) -> None:
    shown = Client().get("/metrics/", {"q": "kendall"}).content.decode()
    assert "Kendall tau-b" in shown
    assert "VRMSE" not in shown
    assert "No metric speaks of" in Client().get("/metrics/", {"q": "kendall zzz"}).content.decode()


def test_a_metric_names_the_rounds_that_use_it(seed: Seed) -> None:
    shown = Client().get("/metrics/nrmse/").content.decode()
    assert f'href="{seed.final.get_absolute_url()}#metrics"' in shown
    assert "ranks the board" in shown
    assert "<dt>Several predictions are made one by</dt><dd>median, mean</dd>" in shown


@pytest.mark.parametrize("address", ["/metrics/none/", "/metrics/nrmse/99/"])
def test_unknown_metrics_are_not_found(db: None, address: str) -> None:
    assert Client().get(address).status_code == 404
    assert Client().get(f"/api/v1{address}".replace("99/", "?version=99")).status_code == 404


def test_api_says_what_the_record_says_and_answers_304(db: None) -> None:
    answer = Client().get("/api/v1/metrics/nrmse/")
    record = answer.json()
    assert record["shapes"] == {"prediction": "*", "reference": "*"}
    assert record["streams"] is True
    assert record["meaning"] == "value"
    again = Client().get("/api/v1/metrics/nrmse/", headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304
    listed = Client().get("/api/v1/metrics/").json()
    assert [each["slug"] for each in listed] == [each.slug for each in newest_metrics()]
    assert record in listed


def test_markdown_draws_formulas_but_leaves_money_alone() -> None:
    shown = render("Energy is $E = mc^2$; a run costs $5 to $10.\n\n$$\\frac{a}{b}$$\n")
    assert shown.count("<math") == 2
    assert "<mfrac>" in shown
    assert "costs $5 to $10" in shown


@pytest.mark.parametrize(
    "text",
    [
        r"$\text{<script>alert(1)</script>}$",
        r"$\href{javascript:alert(1)}{x}$",
        "$<img src=x onerror=alert(1)>$",
        "$$</math><script>alert(1)</script>$$",
        "$" + "{" * 1500 + "$",
        r"$\frac{$",
    ],
)
def test_formulas_of_people_cannot_harm_a_reader(text: str) -> None:
    shown = render(text).lower()
    for part in ("<script", "<img", 'href="javascript', "<math><script"):
        assert part not in shown
