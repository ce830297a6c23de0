"""Fmax and Smin against the CAFA evaluator, on the example that comes with it."""

from pathlib import Path

import numpy as np
import pytest

from scoring.metrics import get_metric

cafaeval = pytest.importorskip("cafaeval", reason="cafaeval is not installed")
EXAMPLE = Path(cafaeval.__file__).parent / "data" / "example"
PREDICTIONS = [f"pred_{number}.tsv" for number in range(1, 6)]


@pytest.fixture(scope="module")
def read():
    from cafaeval.parser import gt_parser, obo_parser, pred_parser

    ontologies = obo_parser(EXAMPLE / "IDPO_disorder_function.obo")
    truth = gt_parser(EXAMPLE / "ground_truth.tsv", ontologies)
    (space,) = truth
    graph = ontologies[space]
    parents = [sorted(term["adj"]) for term in graph.terms_list]
    scores = {
        name: pred_parser(EXAMPLE / "predictions" / name, ontologies, truth, "max")[space].matrix
        for name in PREDICTIONS
    }
    return truth[space].matrix, scores, parents, ontologies, truth


# As published with the evaluator.
@pytest.mark.parametrize(
    ("name", "expected"),
    list(zip(PREDICTIONS, [0.517120, 0.539604, 0.668637, 0.776137, 0.674768], strict=True)),
)
def test_bundled_example_has_its_published_fmax(read, name, expected):
    truth, scores, parents, *_ = read
    value = get_metric("fmax").compute(truth, scores[name], parents=parents)
    assert value == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize("norm", ["cafa", "gt", "pred"])
@pytest.mark.parametrize("weighted", [False, True])
def test_fmax_and_smin_are_those_of_the_evaluator(read, norm, weighted, largest):
    from cafaeval.evaluation import compute_metrics, normalize
    from cafaeval.graph import GroundTruth, Prediction

    truth, scores, parents, *_ = read
    terms = truth.shape[1]
    information = np.random.default_rng(1).uniform(0.1, 4.0, terms)
    taus = np.arange(0.01, 1, 0.01)
    how = {"parents": parents, "norm": norm}
    if weighted:
        how["information"] = information.tolist()
    for name in PREDICTIONS:
        table = normalize(
            compute_metrics(
                Prediction(None, scores[name]),
                GroundTruth(None, truth),
                taus,
                np.arange(terms),
                information if weighted else None,
                1,
            ),
            "example",
            taus,
            np.full(taus.size, len(truth)),
            norm,
        )
        table = table[table["cov"] > 0]
        value = get_metric("fmax").compute(truth, scores[name], **how)
        largest.compare(value, table["f"].max(), f"fmax {norm}")
        value = get_metric("smin").compute(truth, scores[name], **how)
        largest.compare(value, table["s"].min(), f"smin {norm}")
        micro = get_metric("fmax").compute(truth, scores[name], average="micro", **how)
        largest.compare(micro, table["f_micro"].max(), "micro")
