"""The SAMPL6 log P round as published, where its files are present.

The formulas here are written out with NumPy and SciPy, apart from the scoring engine's, so that
the files, the answers, the signs and the tables are checked before any of our metrics is; then
the engine scores the same files and must agree with the tables too.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from demo.cases import Case, read_case, read_description
from scoring.aggregate import aggregate
from scoring.engine import score
from scoring.errors import PredictionFormatError
from scoring.readers import MemorySource, get_reader
from tests.cases.real import case_folder, description_of


@pytest.fixture(scope="module")
def case() -> Case:
    return read_case(description_of("sampl6-logp"), case_folder("sampl6-logp"))


@pytest.fixture(scope="module")
def readings(case: Case) -> dict[str, NDArray[np.float64] | str]:
    """Return by entry the eleven values of its file, or why it cannot be read."""
    reader = get_reader(case.prediction_format.reader)
    found: dict[str, NDArray[np.float64] | str] = {}
    for entry in case.entries:
        with entry.path.open("rb") as handle:
            try:
                prediction = reader.read(
                    handle, options=case.prediction_format.options, targets=case.targets
                )
            except PredictionFormatError as error:
                found[entry.id] = str(error)
            else:
                found[entry.id] = np.array(
                    [float(prediction.sources[target.slug].read()) for target in case.targets]
                )
    return found


@pytest.fixture(scope="module")
def predictions(
    readings: Mapping[str, NDArray[np.float64] | str],
) -> dict[str, NDArray[np.float64]]:
    return {key: found for key, found in readings.items() if not isinstance(found, str)}


def statistics(
    reference: NDArray[np.float64], prediction: NDArray[np.float64]
) -> Mapping[str, float]:
    error = reference - prediction
    result = {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
        "me": float(np.mean(error)),
    }
    if np.ptp(prediction) > 0:
        line = stats.linregress(reference, prediction)
        tau = stats.kendalltau(reference, prediction).statistic
        result |= {"r2": line.rvalue**2, "slope": line.slope, "tau": float(tau)}
    return result


def test_every_received_file_is_read_but_those_declared_unreadable(
    case: Case, readings: Mapping[str, NDArray[np.float64] | str]
) -> None:
    refused = {key: found for key, found in readings.items() if isinstance(found, str)}
    assert refused.keys() == case.unreadable.keys(), "\n".join(map(": ".join, refused.items()))
    declared = read_description(description_of(case.slug))
    assert len(case.entries) == declared["submissions"]["expected_count"]


def test_published_statistics_follow_from_the_files(
    case: Case, predictions: Mapping[str, NDArray[np.float64]]
) -> None:
    reference = np.array([case.references[target.slug] for target in case.targets])
    differences = []
    compared = 0
    assert case.published
    for table in case.published:
        for identifier in table.values.keys() - case.unreadable.keys():
            published = table.values[identifier]
            ours = statistics(reference, predictions[identifier])
            for key, value in published.items():
                if key not in ours:
                    assert value is None or (identifier, key) in table.stand_ins
                    continue
                compared += 1
                if value is None or abs(ours[key] - value) > case.tolerance:
                    differences.append((table.path.name, identifier, key, ours[key], value))
    assert compared > 0
    assert differences == []


def test_published_rows_stand_in_the_order_of_rmse(
    case: Case, predictions: Mapping[str, NDArray[np.float64]]
) -> None:
    reference = np.array([case.references[target.slug] for target in case.targets])
    for table in case.published:
        readable = [key for key in table.ids if key not in case.unreadable]
        ours = [statistics(reference, predictions[key])["rmse"] for key in readable]
        assert ours == sorted(ours)


def test_scoring_engine_gives_the_published_values(case: Case) -> None:
    references = {slug: MemorySource(value) for slug, value in case.references.items()}
    entries = {entry.id: entry for entry in case.entries if entry.id not in case.unreadable}
    differences = []
    for table in case.published:
        for identifier in entries.keys() & table.values.keys():
            with entries[identifier].path.open("rb") as handle:
                report = score(
                    handle, case.prediction_format, case.targets, references, case.metrics
                )
            for metric in case.metrics:
                if metric.key not in table.values[identifier]:
                    continue
                rows = [row for row in report.rows if row.key == metric.key]
                ours = aggregate(rows, metric.aggregate).value
                published = table.values[identifier][metric.key]
                if ours is None:
                    same = published is None or (identifier, metric.key) in table.stand_ins
                else:
                    same = published is not None and abs(ours - published) <= case.tolerance
                if not same:
                    differences.append((identifier, metric.key, ours, published))
    assert differences == []
