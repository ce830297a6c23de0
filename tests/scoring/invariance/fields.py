"""Claims of the field metrics."""

from __future__ import annotations

import numpy as np

from tests.scoring.invariance.claims import (
    REFUSED,
    UNDEFINED,
    VALUE,
    Claim,
    Example,
)
from tests.scoring.invariance.variations import (
    COMMON_SHIFT,
    COMMON_SIGN,
    EMPTY,
    EXCHANGE,
    FIELDS,
    FLAT_PREDICTION,
    FLAT_REFERENCE,
    PREDICTION_SCALE,
    PREDICTION_SHIFT,
    SAMPLE_ORDER,
    SINGLE,
    SPACE_REVERSED,
    SPACE_ROLL,
    ZERO_REFERENCE,
    Variation,
)


def waves(rng: np.random.Generator) -> Example:
    """Return six samples of two channels on 32 points; the errors have every wavenumber."""
    x = np.arange(32) / 32
    phase = rng.uniform(0.0, 6.0, size=(6, 2, 1))
    reference = 1.3 + np.sin(2 * np.pi * x + phase)
    error = rng.normal(size=reference.shape) + 0.3
    return Example(reference, reference.copy(), reference + 0.1 * error, reference + 0.3 * error)


LAYOUT = {"layout": "bcx"}
# What is symmetric in space and in the sign of both; shifts of both cancel in the difference.
PLAIN = {SAMPLE_ORDER, COMMON_SHIFT, COMMON_SIGN, EXCHANGE, SPACE_ROLL, SPACE_REVERSED}
EDGES = {
    FLAT_PREDICTION: VALUE,
    FLAT_REFERENCE: VALUE,
    ZERO_REFERENCE: VALUE,
    SINGLE: VALUE,
    EMPTY: REFUSED,
}
RELATIVE = {
    "kit": FIELDS,
    "unchanged_by": PLAIN - {COMMON_SHIFT, EXCHANGE},
    "unit_degree": 0,
    "edges": {**EDGES, ZERO_REFERENCE: UNDEFINED},
    "parameters": LAYOUT,
}
OF_THE_ERROR = {
    "kit": FIELDS,
    "unchanged_by": PLAIN,
    "unit_degree": 1,
    "edges": EDGES,
    "parameters": LAYOUT,
}


def rough_waves(rng: np.random.Generator) -> Example:
    """Return fields with energy in every shell, and predictions with more and more of it."""
    reference = rng.normal(size=(6, 2, 32))
    factor = np.exp(rng.normal(size=(6, 2, 17)))
    modes = np.fft.rfft(reference)
    near, far = (np.fft.irfft(modes * factor**power, 32) for power in (0.1, 0.5))
    return Example(reference, reference.copy(), near, far)


def rollout(rng: np.random.Generator) -> Example:
    """Return three samples of 24 times; errors grow until the two have nothing in common."""
    x, t = np.arange(32) / 32, np.arange(24)[:, np.newaxis, np.newaxis]
    phase = rng.uniform(0.0, 6.0, size=(3, 1, 2, 1))
    reference = 0.4 + np.sin(2 * np.pi * (x - t / 40) + phase)
    error = (rng.normal(size=reference.shape) + 0.2) * np.exp((t - 20) / 5)
    return Example(reference, reference.copy(), reference + error, reference + 4 * error)


def biased_waves(rng: np.random.Generator) -> Example:
    example = waves(rng)
    reference = example.reference
    errors = [size * (0.3 + np.cos(np.arange(32) / 7)) for size in (1, 3)]
    return Example(reference, reference, reference + errors[0], reference + errors[1])


def anomalies(rng: np.random.Generator) -> Example:
    """Return truths with their climatology in front, and predictions."""
    truth = waves(rng).reference
    climate = truth.mean(axis=0, keepdims=True) + 0.2 * rng.normal(size=truth.shape)
    error = rng.normal(size=truth.shape) + 0.5
    reference = np.stack([truth, climate])
    return Example(reference, truth, truth + 0.1 * error, truth + 0.5 * error)


def images(rng: np.random.Generator) -> Example:
    reference = 2.0 + rng.normal(size=(4, 17, 20)).cumsum(axis=1).cumsum(axis=2)
    error = rng.normal(size=reference.shape)
    return Example(reference, reference.copy(), reference + error, reference + 4 * error)


NO_EPS = {**LAYOUT, "eps": 0.0}
# Another order of time is not among the variations: samples come first here.
IN_TIME = FIELDS
ALIKE_IN_TIME = {SAMPLE_ORDER, COMMON_SIGN, SPACE_ROLL, SPACE_REVERSED}
ROLLOUT = {
    "kit": IN_TIME,
    "unchanged_by": ALIKE_IN_TIME,
    "parameters": {"layout": "btcx"},
}
ON_THE_SPHERE = {**OF_THE_ERROR, "unchanged_by": PLAIN - {SPACE_ROLL}}
PREDICTION_ANOMALY = Variation(
    "anomaly of the prediction scaled", lambda rng, v, u: (v, v[1] + 1.9 * (u - v[1]))
)
WITH_CLIMATE = {
    "kit": frozenset({COMMON_SHIFT, COMMON_SIGN, PREDICTION_SHIFT, PREDICTION_ANOMALY}),
    "unit_degree": 0,
    "parameters": {"layout": "bcx"},
    "edges": {
        FLAT_PREDICTION: VALUE,
        FLAT_REFERENCE: UNDEFINED,  # truth and climatology are the same
        Variation("single", lambda rng, v, u: (v[:, :1], u[:1])): VALUE,
        Variation("empty", lambda rng, v, u: (v[:, :0], u[:0])): REFUSED,
        Variation("no climatology", lambda rng, v, u: (v[:1], u)): REFUSED,
    },
}

CLAIMS = {
    "nrmse": Claim(waves, **RELATIVE),
    "relative_l2": Claim(waves, **RELATIVE),
    "vrmse": Claim(
        waves,
        **{
            **RELATIVE,
            "unchanged_by": PLAIN - {EXCHANGE},
            "edges": {**EDGES, FLAT_REFERENCE: UNDEFINED, ZERO_REFERENCE: UNDEFINED},
            "parameters": {**LAYOUT, "eps": 0.0},
        },
    ),
    "rmse_field": Claim(waves, **OF_THE_ERROR),
    "max_error": Claim(waves, **OF_THE_ERROR),
    "crmse": Claim(waves, **OF_THE_ERROR),
    "brmse": Claim(waves, **{**OF_THE_ERROR, "unchanged_by": PLAIN - {SPACE_ROLL}}),
    "frmse": Claim(waves, **OF_THE_ERROR),
    "frmse/high": Claim(
        waves,
        **{
            **OF_THE_ERROR,
            "unchanged_by": PLAIN | {PREDICTION_SHIFT},
            "parameters": {**LAYOUT, "band": "high"},
        },
    ),
    "nmse": Claim(waves, **{**RELATIVE, "parameters": NO_EPS}),
    "nrmse_well": Claim(waves, **{**RELATIVE, "parameters": NO_EPS}),
    "nrmse_apebench": Claim(waves, **RELATIVE),
    "linf": Claim(waves, **OF_THE_ERROR),
    "relative_l1": Claim(waves, **RELATIVE),
    "relative_h1": Claim(waves, **{**RELATIVE, "tolerance": 1e-11}),
    "pearson_field": Claim(
        waves,
        kit=FIELDS | {PREDICTION_SCALE},
        unchanged_by=PLAIN | {PREDICTION_SHIFT, PREDICTION_SCALE},
        unit_degree=0,
        edges={
            **EDGES,
            FLAT_PREDICTION: UNDEFINED,
            FLAT_REFERENCE: UNDEFINED,
            ZERO_REFERENCE: UNDEFINED,
        },
        parameters=LAYOUT,
    ),
    "spectral_mse": Claim(waves, **{**OF_THE_ERROR, "unit_degree": 2}),
    "spectral_mse/high": Claim(
        waves,
        **{
            **OF_THE_ERROR,
            "unit_degree": 2,
            "unchanged_by": PLAIN | {PREDICTION_SHIFT},
            "parameters": {**LAYOUT, "band": "high"},
        },
    ),
    "spectral_nmse": Claim(waves, **{**RELATIVE, "parameters": NO_EPS, "tolerance": 1e-11}),
    "band_energy_error": Claim(waves, **RELATIVE),
    "spectrum_log_error": Claim(
        rough_waves,
        kit=FIELDS,
        unchanged_by=PLAIN | {PREDICTION_SHIFT},
        unit_degree=0,
        edges={
            **EDGES,
            FLAT_PREDICTION: UNDEFINED,
            FLAT_REFERENCE: UNDEFINED,
            ZERO_REFERENCE: UNDEFINED,
        },
        parameters=LAYOUT,
        tolerance=1e-9,  # the logarithm of a weak shell feels the rounding of a common shift
    ),
    "rollout_nrmse": Claim(rollout, **{**RELATIVE, **ROLLOUT}),
    "correlation_time": Claim(
        rollout,
        **{
            **ROLLOUT,
            "kit": IN_TIME | {PREDICTION_SCALE},
            "unchanged_by": ALIKE_IN_TIME
            | {COMMON_SHIFT, PREDICTION_SHIFT, PREDICTION_SCALE}
            | {EXCHANGE},
            "unit_degree": 0,
            "edges": {**EDGES, FLAT_REFERENCE: UNDEFINED, ZERO_REFERENCE: UNDEFINED},
        },
    ),
    "valid_time": Claim(
        rollout,
        **{**ROLLOUT, "unit_degree": 0, "edges": {**EDGES, ZERO_REFERENCE: UNDEFINED}},
    ),
    "conserved_drift": Claim(
        rollout,
        **{
            **ROLLOUT,
            "unchanged_by": ALIKE_IN_TIME | {COMMON_SHIFT, PREDICTION_SHIFT, EXCHANGE},
            "unit_degree": 1,
            "edges": EDGES,
        },
    ),
    "rmse_latitude": Claim(waves, **ON_THE_SPHERE),
    "rmse_latitude_each": Claim(waves, **ON_THE_SPHERE),
    "bias_latitude": Claim(
        biased_waves,
        **{
            **ON_THE_SPHERE,
            "unchanged_by": PLAIN - {SPACE_ROLL, COMMON_SIGN, EXCHANGE},
        },
    ),
    "acc": Claim(
        anomalies,
        **{**WITH_CLIMATE, "unchanged_by": {COMMON_SHIFT, COMMON_SIGN, PREDICTION_ANOMALY}},
    ),
    "acc/centred": Claim(
        anomalies,
        **{
            **WITH_CLIMATE,
            "unchanged_by": {COMMON_SHIFT, COMMON_SIGN, PREDICTION_ANOMALY, PREDICTION_SHIFT},
            "parameters": {"layout": "bcx", "centred": True},
        },
    ),
    "activity_ratio": Claim(
        anomalies,
        **{
            **WITH_CLIMATE,
            "unchanged_by": {COMMON_SHIFT, COMMON_SIGN, PREDICTION_SHIFT},
            "edges": {
                **WITH_CLIMATE["edges"],
                FLAT_PREDICTION: VALUE,
            },
        },
    ),
    "ssim": Claim(
        images,
        kit=FIELDS,
        unchanged_by={SAMPLE_ORDER, COMMON_SIGN, SPACE_REVERSED},
        unit_degree=0,
        edges={**EDGES, FLAT_REFERENCE: UNDEFINED, ZERO_REFERENCE: UNDEFINED},
        parameters={"layout": "bxy"},
        tolerance=1e-11,
    ),
}
