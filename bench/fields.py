"""Field scoring: reading and summing both files (the limit), naive NumPy, and the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure import Method

LIMIT = Method("limit: read and add up both files", "bench.fields:limit", calls=4)
LIMIT_FOURIER = Method(
    "limit with Fourier: the same, and one bare real transform",
    "bench.fields:limit_fourier",
    calls=4,
)
NAIVE_BOTH = Method(
    "naive NumPy in float64, each field transformed by numpy.fft.fftn",
    "bench.fields:naive_both",
    calls=1,
)
NAIVE_64 = Method("naive NumPy in float64", "bench.fields:naive_float64", calls=1)
NAIVE_32 = Method("naive NumPy in float32", "bench.fields:naive_float32", calls=1)
ENGINE = Method("engine: scoring.engine.score", "bench.fields:engine")
COMPILED = Method(
    "engine with the extra 'fast': compiled sums", "bench.fields_peers:engine_compiled"
)
TORCH = Method(
    "the same definitions in PyTorch, float32", "bench.fields_peers:torch_float32", calls=1
)
ALONE = Method("engine, one process", "bench.fields:engine", clock="perf_counter")
TWICE = Method(
    "engine, two processes at once, each all of it",
    "bench.fields_peers:twice",
    clock="perf_counter",
)

PLAIN = ("nrmse", "vrmse", "max_error", "crmse", "brmse")
BANDS = ("low", "mid", "high")
SLAB_BYTES = 512 * 2**10
VRMSE_EPS = 1e-7


def write_files(folder: Path, *, layout: str, shape: tuple[int, ...], seed: int) -> dict[str, str]:
    """Write a reference and a prediction of float32, sample by sample; return their paths."""
    rng = np.random.default_rng(seed)
    paths = {name: str(folder / f"{name}.npy") for name in ("reference", "prediction")}
    files = {
        name: np.lib.format.open_memmap(path, "w+", np.float32, shape)
        for name, path in paths.items()
    }
    waves = _waves(layout, shape)
    step = max(1, (8 * 2**20) // int(np.prod(shape[1:])))
    for start in range(0, shape[0], step):
        rows = min(step, shape[0] - start)
        amplitude = rng.uniform(0.5, 2.0, (rows, *(1 for _ in shape[1:])))
        noise = rng.standard_normal((rows, *shape[1:]), dtype=np.float32)
        truth = (amplitude * waves + 0.3).astype(np.float32)
        files["reference"][start : start + rows] = truth
        files["prediction"][start : start + rows] = truth * np.float32(1.02) + noise / 100
    for file in files.values():
        file.flush()
    return paths


def _waves(layout: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a smooth field over the axes of one sample, with several waves along each of space."""
    total = np.zeros(shape[1:])
    for axis, name in enumerate(layout[1:]):
        x = np.arange(shape[axis + 1]) / shape[axis + 1]
        along = [1] * (len(shape) - 1)
        along[axis] = -1
        phase = 0.7 * axis
        wave = np.sin(2 * np.pi * x + phase) + 0.2 * np.sin(14 * np.pi * x)
        total = total + (wave if name in "xyz" else 0.1 * np.cos(x)).reshape(along)
    return total


def limit(*, reference: str, prediction: str, **_: Any) -> list[float]:
    """Read both files into a buffer that is used again, and add every value up."""
    for path in (reference, prediction):
        _slabs(path, lambda values: values.sum())
    return []


def limit_fourier(
    *, reference: str, prediction: str, layout: str, shape: list[int], **_: Any
) -> list[float]:
    """Do what `limit` does, and one real Fourier transform of as many values as one file has."""
    from scipy import fft

    limit(reference=reference, prediction=prediction)
    space = [length for axis, length in zip(layout, shape, strict=True) if axis in "xyz"]
    lanes = int(np.prod(shape)) // int(np.prod(space))
    at_once = max(1, SLAB_BYTES // (8 * int(np.prod(space))))
    block = np.random.default_rng(0).standard_normal((at_once, *space))
    axes = tuple(range(1, block.ndim))
    for start in range(0, lanes, at_once):
        fft.rfftn(block[: lanes - start], axes=axes)
    return []


def engine(
    *, reference: str, prediction: str, layout: str, shape: list[int], fourier: bool
) -> list[float]:
    """Score the one target of a round, as a worker does."""
    from scoring.contract import MetricChoice, PredictionFormat, TargetSpec
    from scoring.engine import score

    bands = BANDS if fourier else ()
    metrics = [MetricChoice(slug, slug, parameters={"layout": layout}) for slug in PLAIN]
    metrics += [
        MetricChoice(f"frmse_{band}", "frmse", parameters={"layout": layout, "band": band})
        for band in bands
    ]
    target = TargetSpec("field", tuple(shape))
    with open(prediction, "rb") as guess, open(reference, "rb") as truth:
        report = score(guess, PredictionFormat("npy"), [target], {"field": truth}, metrics)
    return [row.value for row in report.rows if row.value is not None]


def naive_both(**arguments: Any) -> list[float]:
    """Follow the definition word by word: transform prediction and reference, then subtract."""
    return _naive(dtype=np.float64, both=True, **arguments)


def naive_float64(**arguments: Any) -> list[float]:
    """Load both files, widen them, and write every formula down once."""
    return _naive(dtype=np.float64, **arguments)


def naive_float32(**arguments: Any) -> list[float]:
    """Do the same in the precision of the files, as most evaluation scripts do."""
    return _naive(dtype=np.float32, **arguments)


def _naive(
    *,
    reference: str,
    prediction: str,
    layout: str,
    shape: list[int],
    fourier: bool,
    dtype: type,
    both: bool = False,
) -> list[float]:
    truth, guess = (np.load(path).astype(dtype, copy=False) for path in (reference, prediction))
    space = tuple(i for i, axis in enumerate(layout) if axis in "xyz")
    samples = tuple(i for i, axis in enumerate(layout) if axis == "b")
    points = int(np.prod([shape[axis] for axis in space]))
    error = guess - truth
    mean_square = np.mean(error**2, axis=space)
    norms = np.sqrt(mean_square) / np.sqrt(np.mean(truth**2, axis=space))
    scaled = np.sqrt(mean_square / (np.var(truth, axis=space, ddof=1) + VRMSE_EPS))
    peaks = np.max(np.abs(error), axis=(*space, *samples))
    drift = (
        np.sum(guess, axis=space, keepdims=True) - np.sum(truth, axis=space, keepdims=True)
    ) ** 2
    conserved = np.sqrt(np.mean(drift, axis=samples)) / points
    faces = sum(np.sum(np.take(error, [0, -1], axis=axis) ** 2, axis=space) for axis in space)
    edges = np.sqrt(faces / sum(2 * points // shape[axis] for axis in space))
    values = [norms.mean(), scaled.mean(), peaks.mean(), conserved.mean(), edges.mean()]
    if fourier:
        parts = (guess, truth) if both else (error,)
        values += _naive_bands(parts, space=space, samples=samples)
    return [float(value) for value in values]


def _naive_bands(
    parts: tuple[NDArray[Any], ...], *, space: tuple[int, ...], samples: tuple[int, ...]
) -> list[Any]:
    points = int(np.prod([parts[0].shape[axis] for axis in space]))
    if len(space) == 1:
        modes = [np.fft.rfft(part, axis=space[0]) for part in parts]
    else:
        modes = [np.fft.fftn(part, axes=space) for part in parts]
    power = np.abs(modes[0] - modes[1] if len(modes) == 2 else modes[0]) ** 2
    power = np.moveaxis(power, space[0], -1) if len(space) == 1 else _shells(power, space)
    amplitude = np.sqrt(power.mean(axis=samples)) / points
    return [np.mean(amplitude[..., band]) for band in (slice(4), slice(4, 12), slice(12, None))]


def _shells(power: NDArray[Any], space: tuple[int, ...]) -> NDArray[Any]:
    """Sum the lower quadrant over shells of the wavenumber, shell by shell."""
    power = np.moveaxis(power, space, range(-len(space), 0))
    halves = [power.shape[-len(space) + i] // 2 for i in range(len(space))]
    wavenumber = np.sqrt(sum(k.astype(float) ** 2 for k in np.indices(halves)))
    quadrant = power[(..., *(slice(half) for half in halves))]
    shells = [np.floor(wavenumber) == shell for shell in range(min(halves))]
    return np.stack([quadrant[..., shell].sum(axis=-1) for shell in shells], axis=-1)


def _slabs(path: str, reduce: Callable[[NDArray[np.float32]], object]) -> None:
    buffer = np.empty(SLAB_BYTES // 4, dtype=np.float32)
    view = memoryview(buffer).cast("B")
    with open(path, "rb", buffering=0) as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        while found := file.readinto(view):
            reduce(buffer[: found // 4])
