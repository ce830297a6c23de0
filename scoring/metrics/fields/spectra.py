"""Spectral field metrics: errors and energies by wavenumber, all modes counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring.contract import JsonValue
from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Parameter
from scoring.metrics.fields.chunk import FieldChunk, FloatArray
from scoring.metrics.fields.record import (
    AVERAGED,
    BAND_CHOICES,
    PERIODIC,
    THE_WELL,
    WHOLE_LANES,
    field_metric,
)
from scoring.metrics.fields.rule import FieldRule, FieldState
from scoring.metrics.fields.spectrum import BANDS, binned, wave_squares

_POPE = "Pope, Turbulent Flows, Cambridge 2000, 6.5, doi:10.1017/CBO9780511840531"


@lru_cache(maxsize=8)
def well_bins(space: tuple[int, ...]) -> NDArray[np.int64]:
    """Return The Well's bin of every stored mode: 0 to 2.

    Edges are spaced evenly in the logarithm from 2 pi / max(n) to pi sqrt(d), the first one
    replaced by 0; the wavenumber is in radians per grid step.
    """
    along = [2.0 * np.pi * np.fft.fftfreq(n) for n in space[:-1]]
    along.append(2.0 * np.pi * np.fft.rfftfreq(space[-1]))
    grids = np.meshgrid(*along, indexing="ij", sparse=True)
    wave = np.sqrt(sum(grid**2 for grid in grids)).ravel()
    low = math.log10(2.0 * math.pi / max(space))
    high = math.log10(math.pi * math.sqrt(len(space)) + 1e-6)
    edges = np.logspace(low, high, 4)
    edges[0] = 0.0
    # The highest mode lies on the last edge but for the 1e-6; rounding must not drop it.
    return np.asarray(np.minimum(np.searchsorted(edges, wave, side="right") - 1, 2))


@lru_cache(maxsize=8)
def shells(space: tuple[int, ...]) -> NDArray[np.int64]:
    """Return floor(|k|) of every stored mode."""
    return np.floor(np.sqrt(wave_squares(space))).astype(np.int64)


def _in_bin(chunk: FieldChunk, parameters: Mapping[str, JsonValue]) -> FloatArray:
    """Return squared error and reference in The Well's bin, summed over space, (b, t, c, 2)."""
    here = well_bins(chunk.plan.space) == BAND_CHOICES.index(parameters["band"])
    both = [power @ here.astype(np.float64) for power in (chunk.error_modes, chunk.reference_modes)]
    return np.stack(both, axis=-1) / chunk.plan.points


def _mean_square(measures: FloatArray, _folded: int, state: FieldState) -> FloatArray:
    return np.asarray(measures[..., 0] / state.plan.points)


def _relative_mean_square(measures: FloatArray, _folded: int, state: FieldState) -> FloatArray:
    below = measures[..., 1] / state.plan.points + state.parameters["eps"]
    return np.asarray(measures[..., 0] / state.plan.points / below)


def _band_energies(chunk: FieldChunk, parameters: Mapping[str, JsonValue]) -> FloatArray:
    band = BANDS[parameters["band"]]
    shell = shells(chunk.plan.space)
    here = shell >= band.start if band.stop is None else (shell >= band.start) & (shell < band.stop)
    if not here.any():
        raise MetricUndefinedError(f"the grid is too coarse for the {parameters['band']} band")
    weights = here.astype(np.float64)
    return np.stack([chunk.prediction_modes @ weights, chunk.reference_modes @ weights], axis=-1)


def _energy_error(measures: FloatArray, _folded: int, _state: FieldState) -> FloatArray:
    return np.asarray(np.abs(measures[..., 0] / measures[..., 1] - 1.0))


def _log_ratio(chunk: FieldChunk, parameters: Mapping[str, JsonValue]) -> FloatArray:
    """Return the mean absolute log10 ratio of the energies by shell, shape (b, t, c)."""
    space = chunk.plan.space
    count = min(space) // 2 + 1
    if count < 2:
        raise MetricUndefinedError("the grid has no wavenumber but zero")
    guess = binned(chunk.prediction_modes, shells(space), count=count)[..., 1:]
    truth = binned(chunk.reference_modes, shells(space), count=count)[..., 1:]
    counted = truth > parameters["floor"] * truth.max(axis=-1, keepdims=True)
    logs = np.abs(
        np.log10(guess, where=counted, out=np.zeros_like(guess))
        - np.log10(truth, where=counted, out=np.zeros_like(truth))
    )
    return np.asarray(logs.sum(axis=-1) / counted.sum(axis=-1))


_BIN = Parameter(
    "band",
    "Which third of the wavenumbers, evenly spaced in their logarithm: 'low', 'mid' or 'high'.",
    default="low",
    choices=BAND_CHOICES,
)
_BINS = (
    "Wavenumbers in radians per grid step; edges from 2 pi / max(n) to pi sqrt(d), the first "
    "one replaced by 0."
)

METRICS = (
    field_metric(
        "spectral_mse",
        "Spectral error in a bin (The Well)",
        rule=FieldRule(_in_bin, _mean_square),
        unit="square of the unit of the target",
        parameters=(_BIN,),
        help="Mean square error of what is left of the field in one of three bins of wavenumbers, "
        "at each sample, time and channel; then averaged. The three add up to the mean square "
        "error (Parseval).",
        traps=(_BINS, "PDEBench's bands (frmse) are other ones.", PERIODIC, WHOLE_LANES),
        formula=r"\operatorname{mean}_{b,t,c} \frac{1}{N^2} \sum_{k \in bin} "
        r"|\hat u_k - \hat v_k|^2",
        citation=THE_WELL,
    ),
    field_metric(
        "spectral_nmse",
        "Relative spectral error in a bin (The Well)",
        rule=FieldRule(_in_bin, _relative_mean_square),
        unit="1",
        parameters=(
            _BIN,
            Parameter("eps", "Added below the fraction line.", default=1e-7, low=0.0, high=1.0),
        ),
        help="As spectral_mse, divided by the reference's mean square in the same bin.",
        traps=(
            _BINS,
            "Where the reference has little energy in the bin, eps decides the value.",
            PERIODIC,
            WHOLE_LANES,
        ),
        undefined_when="the reference has no energy in the bin, and eps is zero",
        formula=r"\operatorname{mean}_{b,t,c} \sum_{k \in bin} |\hat u_k - \hat v_k|^2 / "
        r"(\sum_{k \in bin} |\hat v_k|^2 + N^2 \epsilon)",
        citation=THE_WELL,
    ),
    field_metric(
        "band_energy_error",
        "Error of the energy in a band",
        rule=FieldRule(_band_energies, _energy_error),
        unit="1",
        parameters=(
            Parameter(
                "band",
                "Wavenumbers |k|: 'low' below 4, 'mid' from 4 below 12, 'high' from 12.",
                default="low",
                choices=BAND_CHOICES,
            ),
        ),
        help="By how much the energy in a band of wavenumbers is wrong, relative to the "
        "reference's, at each sample, time and channel; then averaged. Blind to where things are: "
        "it asks whether structure of that size is there at all.",
        traps=(
            "A field shifted in space, or with random phases, scores 0.",
            "Energy is the sum of squares, the mean of the field included in 'low'.",
            PERIODIC,
            WHOLE_LANES,
        ),
        undefined_when="the reference has no energy in the band, or the grid no wavenumber",
        formula=r"\operatorname{mean}_{b,t,c} \left| \sum_{k \in band} |\hat u_k|^2 / "
        r"\sum_{k \in band} |\hat v_k|^2 - 1 \right|",
        citation=_POPE,
    ),
    field_metric(
        "spectrum_log_error",
        "Log error of the energy spectrum",
        rule=FieldRule(_log_ratio, lambda measures, _folded, _state: measures),
        unit="decades",
        parameters=(
            Parameter(
                "floor",
                "Shells with less than this part of the strongest shell's energy do not count.",
                default=1e-12,
                low=0.0,
                high=1.0,
            ),
        ),
        help="By how many powers of ten the energy spectrum is off, averaged over the shells of "
        "the wavenumber, at each sample, time and channel; then averaged. 0.3 is a factor of two.",
        traps=(
            "Shells are floor(|k|) from 1 to half the shortest axis; the mean does not count.",
            "There is no standard: shells, floor and logarithm are declared here.",
            AVERAGED,
            PERIODIC,
            WHOLE_LANES,
        ),
        undefined_when="the prediction has no energy in a shell that counts, or the reference is "
        "constant over space",
        formula=r"\operatorname{mean}_{b,t,c} \operatorname{mean}_k |\log_{10} E_u(k)/E_v(k)|, "
        r"\quad E(k) = \tfrac12 \sum_{k \le |\kappa| < k+1} |\hat u_\kappa|^2",
        citation=_POPE,
    ),
)
