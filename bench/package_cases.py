"""What is compared with which package: kinds of predictions, their metrics, and its calls."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEVELS = [0.01, 0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975, 0.99]
_CLASSES = 10
_MEMBERS = 50
_RANGE = 8.0

Arrays = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """Metrics of one kind of prediction, and a package that has them all."""

    title: str
    text: str
    name: str  # of the package; with "float32" where it works in that precision
    packages: tuple[str, ...]  # as they are imported
    metrics: Mapping[str, Mapping[str, Any]]  # slug: parameters
    make: Callable[[np.random.Generator, int], Arrays]  # reference and prediction
    peer: Callable[[NDArray[Any], NDArray[Any]], list[float]]
    count: int


def _fields(rng: np.random.Generator, count: int) -> Arrays:
    """Return smooth fields of (sample, time, x, y, channel), as The Well has them."""
    shape = (count, 8, 128, 128, 4)
    x = 2 * np.pi * np.arange(128) / 128
    wave = np.sin(x[:, None] + 0.7) + np.cos(3 * x) + 0.3
    truth = (rng.uniform(0.5, 2.0, (*shape[:2], 1, 1, 4)) * wave[:, :, None]).astype(np.float32)
    noise = rng.standard_normal(shape, dtype=np.float32)
    return truth, truth * np.float32(1.02) + noise / np.float32(100)


def _the_well(truth: NDArray[Any], guess: NDArray[Any]) -> list[float]:
    import torch
    from the_well.benchmark.metrics import spatial

    torch.set_num_threads(1)
    both = [torch.from_numpy(array) for array in (guess, truth)]
    meta = types.SimpleNamespace(n_spatial_dims=2)
    names = ("RMSE", "NMSE", "NRMSE", "VRMSE", "LInfinity")
    return [float(getattr(spatial, name).eval(*both, meta).double().mean()) for name in names]


def _images(rng: np.random.Generator, count: int) -> Arrays:
    """Return fields of (sample, x, y, channel) from 0 up."""
    truth, guess = _fields(rng, count)
    low = min(truth.min(), guess.min())
    return truth[:, 0] - low, guess[:, 0] - low


def _torchmetrics(truth: NDArray[Any], guess: NDArray[Any]) -> list[float]:
    import torch
    from torchmetrics.functional.image import structural_similarity_index_measure

    torch.set_num_threads(1)
    both = [torch.from_numpy(array.transpose(0, 3, 1, 2)) for array in (guess, truth)]
    _, places = structural_similarity_index_measure(
        *both, data_range=_RANGE, return_full_image=True
    )
    # It reflects fields at their edges for windows that reach over them; ours leaves those out.
    return [float(places[..., 5:-5, 5:-5].double().mean())]


def _weather(rng: np.random.Generator, count: int) -> Arrays:
    truth, guess = _fields(rng, count)
    return truth.astype(np.float64), guess.astype(np.float64)


def _xskillscore(truth: NDArray[Any], guess: NDArray[Any]) -> list[float]:
    import xarray
    import xskillscore

    from scoring.metrics.fields.weather import cell_weights

    v, u = (xarray.DataArray(each, dims=["b", "t", "x", "y", "c"]) for each in (truth, guess))
    weights = xarray.DataArray(cell_weights([], 128), dims=["x"]).broadcast_like(v.isel(c=0))
    whole = xskillscore.rmse(u, v, dim=["b", "t", "x", "y"], weights=weights)
    bias = xskillscore.me(u, v, dim=["x", "y"], weights=weights.isel(b=0, t=0))
    return [float(whole.mean()), float(bias.mean())]


def _ensembles(rng: np.random.Generator, count: int) -> Arrays:
    truth = rng.normal(size=count)
    return truth, 0.5 * truth[:, None] + rng.normal(0.1, 1.0, (count, _MEMBERS))


def _scoringrules_ensembles(truth: NDArray[Any], guess: NDArray[Any]) -> list[float]:
    import scoringrules as rules

    return [
        float(rules.crps_ensemble(truth, guess).mean()),
        float(rules.crps_ensemble(truth, guess, estimator="fair").mean()),
    ]


def _quantiles(rng: np.random.Generator, count: int) -> Arrays:
    truth = rng.normal(size=count)
    spread = np.sort(rng.normal(size=(count, len(_LEVELS))), axis=1)
    return truth, 0.5 * truth[:, None] + spread


def _scoringrules_quantiles(truth: NDArray[Any], guess: NDArray[Any]) -> list[float]:
    import scoringrules as rules

    middle = len(_LEVELS) // 2
    low, high = guess[:, :middle], guess[:, :middle:-1]
    alpha = 2 * np.array(_LEVELS[:middle])
    return [float(rules.weighted_interval_score(truth, guess[:, middle], low, high, alpha).mean())]


def _probabilities(rng: np.random.Generator, count: int) -> Arrays:
    truth = (rng.random(count) < 0.2).astype(np.int64)
    logit = 2.0 * truth - 1.5 + rng.normal(size=count)
    return truth, 1.0 / (1.0 + np.exp(-logit))


def _sklearn_probabilities(truth: NDArray[Any], guess: NDArray[Any]) -> list[float]:
    from sklearn import metrics

    names = ("roc_auc_score", "average_precision_score", "brier_score_loss", "log_loss")
    return [float(getattr(metrics, name)(truth, guess)) for name in names]


def _labels(rng: np.random.Generator, count: int) -> Arrays:
    truth = rng.integers(0, _CLASSES, count)
    return truth, np.where(rng.random(count) < 0.6, truth, rng.integers(0, _CLASSES, count))


def _sklearn_labels(truth: NDArray[Any], guess: NDArray[Any]) -> list[float]:
    from sklearn import metrics

    return [
        float(metrics.accuracy_score(truth, guess)),
        float(metrics.matthews_corrcoef(truth, guess)),
        float(metrics.cohen_kappa_score(truth, guess, weights="quadratic")),
        float(metrics.f1_score(truth, guess, average="macro")),
    ]


def _numbers(rng: np.random.Generator, count: int) -> Arrays:
    truth = rng.normal(3.0, 2.0, count)
    return truth, truth + rng.normal(0.0, 0.5, count)


def _sklearn_numbers(truth: NDArray[Any], guess: NDArray[Any]) -> list[float]:
    from scipy import stats
    from sklearn import metrics

    return [
        float(metrics.root_mean_squared_error(truth, guess)),
        float(metrics.mean_absolute_error(truth, guess)),
        float(metrics.r2_score(truth, guess)),
        float(stats.pearsonr(truth, guess).statistic),
        float(stats.spearmanr(truth, guess).statistic),
    ]


def _survival(rng: np.random.Generator, count: int) -> Arrays:
    time = rng.exponential(5.0, count) + 0.1
    event = rng.random(count) < 0.6
    return np.stack([time, event], axis=1), -time + rng.normal(0.0, 4.0, count)


def _sksurv(truth: NDArray[Any], guess: NDArray[Any]) -> list[float]:
    from sksurv.metrics import concordance_index_censored

    return [float(concordance_index_censored(truth[:, 1] > 0, truth[:, 0], guess)[0])]


CASES = {
    "well": Case(
        "Fields of The Well, 8 times, 128 x 128 points, 4 channels",
        "RMSE, NMSE, NRMSE, VRMSE and the largest error, by The Well's own code in PyTorch.",
        "the_well, float32",
        ("torch", "the_well"),
        {
            slug: {"layout": "btxyc"}
            for slug in ("rmse_field", "nmse", "nrmse_well", "vrmse", "linf")
        },
        _fields,
        _the_well,
        48,
    ),
    "images": Case(
        "Images, 128 x 128 points, 4 channels",
        "Structural similarity (SSIM), over windows that lie within the image.",
        "torchmetrics, float32",
        ("torch", "torchmetrics"),
        {"ssim": {"layout": "bxyc", "data_range": _RANGE}},
        _images,
        _torchmetrics,
        100,
    ),
    "weather": Case(
        "Weather, 8 times, 128 x 128 points, 4 variables",
        "RMSE and bias weighted by the cosine of the latitude.",
        "xskillscore",
        ("xskillscore", "xarray"),
        {"rmse_latitude": {"layout": "btxyc"}, "bias_latitude": {"layout": "btxyc"}},
        _weather,
        _xskillscore,
        24,
    ),
    "ensembles": Case(
        f"Ensembles of {_MEMBERS} members",
        "CRPS and fair CRPS, the mean over all samples.",
        "scoringrules",
        ("scoringrules",),
        {"crps_ensemble": {}, "crps_fair": {}},
        _ensembles,
        _scoringrules_ensembles,
        200_000,
    ),
    "quantiles": Case(
        f"Forecasts of {len(_LEVELS)} quantiles",
        "Weighted interval score, the mean over all samples.",
        "scoringrules",
        ("scoringrules",),
        {"wis": {"levels": _LEVELS}},
        _quantiles,
        _scoringrules_quantiles,
        200_000,
    ),
    "probabilities": Case(
        "Probabilities of an event",
        "Area under the ROC curve, average precision, Brier score, log loss.",
        "scikit-learn",
        ("sklearn",),
        {"auroc": {}, "average_precision": {}, "brier": {}, "log_loss": {}},
        _probabilities,
        _sklearn_probabilities,
        2_000_000,
    ),
    "labels": Case(
        f"Labels of {_CLASSES} classes",
        "Accuracy, Matthews correlation, quadratic kappa, macro F1.",
        "scikit-learn",
        ("sklearn",),
        {"accuracy": {}, "mcc": {}, "weighted_kappa": {}, "f_beta": {"average": "macro"}},
        _labels,
        _sklearn_labels,
        2_000_000,
    ),
    "numbers": Case(
        "Numbers",
        "RMSE, MAE and R2 by scikit-learn, Pearson and Spearman correlation by SciPy.",
        "scikit-learn and SciPy",
        ("sklearn",),
        {"rmse": {}, "mae": {}, "r2_determination": {}, "pearson": {}, "spearman": {}},
        _numbers,
        _sklearn_numbers,
        2_000_000,
    ),
    "survival": Case(
        "Times until an event",
        "Harrell's index of concordance.",
        "scikit-survival",
        ("sksurv",),
        {"harrell_c": {}},
        _survival,
        _sksurv,
        10_000,
    ),
}
