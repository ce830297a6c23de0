"""Problem 5: the best cubic approximation of 1/Gamma on the unit disk.

By the maximum principle only the circle counts, and by symmetry only its upper half and real
coefficients.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, nnls, root
from scipy.special import psi, rgamma

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

COEFFICIENTS = 4
ROUNDS = 6
CLOSE = 0.02  # radians: peaks found within this of each other are one peak
FIRST_GUESS = (0.0, 1.0, 0.6, -0.6)  # the series of 1/Gamma begins z + 0.577 z^2 - 0.656 z^3


def cubic_error(coefficients: FloatArray, angles: FloatArray) -> ComplexArray:
    """1/Gamma minus the cubic at exp(i angle)."""
    return np.asarray(rgamma(np.exp(1j * angles)) - _powers(angles) @ coefficients)


def fit_on_angles(angles: FloatArray, start: FloatArray) -> FloatArray:
    """Cubic with the smallest largest error at the given angles, to about seven digits.

    Returns the four coefficients, constant first, and the error.
    """
    powers = _powers(angles)

    def slack(unknowns: FloatArray) -> FloatArray:
        return np.asarray(unknowns[-1] ** 2 - np.abs(cubic_error(unknowns[:-1], angles)) ** 2)

    def slack_jacobian(unknowns: FloatArray) -> FloatArray:
        error = cubic_error(unknowns[:-1], angles)
        bound = np.full((angles.size, 1), 2.0 * unknowns[-1])
        return np.hstack([2.0 * (error.conj()[:, None] * powers).real, bound])

    result = minimize(
        lambda unknowns: unknowns[-1],
        start,
        jac=lambda unknowns: np.eye(COEFFICIENTS + 1)[-1],
        constraints=[{"type": "ineq", "fun": slack, "jac": slack_jacobian}],
        method="SLSQP",
        options={"ftol": 1e-16, "maxiter": 300},
    )
    return np.asarray(result.x, dtype=np.float64)


def best_cubic_error() -> float:
    """Exchange until the peaks stand still, then Newton's method on the optimality conditions."""
    angles = np.linspace(0.0, np.pi, 9)
    unknowns = np.array([*FIRST_GUESS, 0.5])
    for _ in range(ROUNDS):
        unknowns = fit_on_angles(angles, unknowns)
        peaks = error_peaks(unknowns[:-1])
        angles = np.concatenate([angles, peaks])
    size = np.abs(cubic_error(unknowns[:-1], peaks))
    peaks = peaks[size > size.max() * 0.999]
    return _solve_optimality(unknowns, peaks)


def error_peaks(coefficients: FloatArray) -> FloatArray:
    """Angles of the local maxima of the error on the upper half circle, ends included."""
    grid = np.linspace(0.0, np.pi, 4001)
    size = np.abs(cubic_error(coefficients, grid))
    inner = np.flatnonzero((size[1:-1] > size[:-2]) & (size[1:-1] >= size[2:])) + 1
    before, here, after = size[inner - 1], size[inner], size[inner + 1]
    step = grid[1] * 0.5 * (before - after) / (before - 2.0 * here + after)
    peaks = np.concatenate([[0.0], grid[inner] + step, [np.pi]])
    return np.asarray(peaks[np.concatenate([[True], np.diff(peaks) > CLOSE])])


def _solve_optimality(unknowns: FloatArray, peaks: FloatArray) -> float:
    """Solve for coefficients, error, peak angles and their weights at once.

    All peaks are equally high, inner peaks are stationary, and weights exist with which no
    coefficient can lower all peaks together.
    """
    inner = (peaks > CLOSE) & (peaks < np.pi - CLOSE)
    split = np.cumsum([COEFFICIENTS, 1, int(inner.sum())])

    def conditions(point: FloatArray) -> FloatArray:
        coefficients, bound, moved, weights = np.split(point, split)
        angles = peaks.copy()
        angles[inner] = moved
        error = cubic_error(coefficients, angles)
        powers = _powers(angles)
        level = np.abs(error) ** 2 - bound**2
        slope = (error.conj() * _error_slope(coefficients, angles)).real[inner]
        balance = ((weights * error.conj())[:, None] * powers).real.sum(axis=0)
        return np.concatenate([level, slope, balance, [weights.sum() - 1.0]])

    error = cubic_error(unknowns[:-1], peaks)
    pull = (error.conj()[:, None] * _powers(peaks)).real
    weights, _ = nnls(np.vstack([pull.T, np.ones(peaks.size)]), np.eye(COEFFICIENTS + 1)[-1])
    start = np.concatenate([unknowns, peaks[inner], weights])
    solution = root(conditions, start, method="hybr", options={"xtol": 1e-14})
    return float(abs(solution.x[COEFFICIENTS]))


def _powers(angles: FloatArray) -> ComplexArray:
    return np.vander(np.exp(1j * angles), COEFFICIENTS, increasing=True)


def _error_slope(coefficients: FloatArray, angles: FloatArray) -> ComplexArray:
    """Derivative of the error with respect to the angle, save at z = -1 where psi has a pole."""
    z = np.exp(1j * np.where(np.pi - angles < CLOSE, 0.0, angles))
    derivative = np.polyval(np.polyder(coefficients[::-1]), z)
    return np.asarray(1j * z * (-psi(z) * rgamma(z) - derivative))
