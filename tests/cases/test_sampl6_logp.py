"""The SAMPL6 log P round as published, where its files are present.

The formulas here are written out with NumPy and SciPy, apart from the scoring engine's, so that
the files, the answers, the signs and the tables are checked before any of our metrics is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from demo.cases import Case, read_case
from scoring.errors import PredictionFormatError
from scoring.readers import get_reader
from tests.cases.real import case_folder, description_of


@pytest.fixture(scope="module")
def case() -> Case:
    return read_case(description_of("sampl6-logp"), case_folder("sampl6-logp"))


@pytest.fixture(scope="module")
def predictions(case: Case) -> dict[str, NDArray[np.float64]]:
    """Return the eleven values of every readable file; fail with all problems of the others."""
    reader = get_reader(case.prediction_format.reader)
    values: dict[str, NDArray[np.float64]] = {}
    refused: list[str] = []
    for entry in case.entries:
        with entry.path.open("rb") as handle:
            try:
                prediction = reader.read(
                    handle, options=case.prediction_format.options, targets=case.targets
                )
            except PredictionFormatError as error:
                refused.append(f"{entry.path.name}: {error}")
            else:
                values[entry.id] = np.array(
                    [float(prediction.sources[target.slug].read()) for target in case.targets]
                )
    assert not refused, "unreadable files:\n" + "\n".join(refused)
    return values


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


def test_every_file_as_received_is_read(
    case: Case, predictions: Mapping[str, NDArray[np.float64]]
) -> None:
    assert len(predictions) == len(case.entries) == 105


def test_published_statistics_follow_from_the_files(
    case: Case, predictions: Mapping[str, NDArray[np.float64]]
) -> None:
    reference = np.array([case.references[target.slug] for target in case.targets])
    differences = []
    compared = 0
    assert case.published
    for table in case.published:
        for identifier, published in table.values.items():
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
        ours = [statistics(reference, predictions[key])["rmse"] for key in table.ids]
        assert ours == sorted(ours)
