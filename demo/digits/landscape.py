"""The surface of problem 4, and how to walk down it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

FloatArray = NDArray[np.float64]


def height(x: FloatArray, y: FloatArray) -> FloatArray:
    """The surface of problem 4."""
    return np.asarray(
        np.exp(np.sin(50 * x))
        + np.sin(60 * np.exp(y))
        + np.sin(70 * np.sin(x))
        + np.sin(np.sin(80 * y))
        - np.sin(10 * (x + y))
        + (x * x + y * y) / 4
    )


def best_bumps(*, reach: float, spacing: float, count: int) -> list[tuple[float, float]]:
    """The `count` lowest points of a square grid."""
    line = np.arange(-reach, reach, spacing)
    values = height(line[:, None], line[None, :])
    lowest = np.argpartition(values, count, axis=None)[:count]
    rows, columns = np.unravel_index(lowest, values.shape)
    return [(float(line[r]), float(line[c])) for r, c in zip(rows, columns, strict=True)]


def polish(x: float, y: float) -> float:
    """Height of the local minimum near (x, y)."""
    found = minimize(
        lambda point: float(height(point[0], point[1])),
        np.array([x, y]),
        method="Nelder-Mead",
        options={"xatol": 1e-11, "fatol": 1e-16, "initial_simplex": _simplex(x, y)},
    )
    return float(found.fun)


def _simplex(x: float, y: float) -> FloatArray:
    return np.array([[x, y], [x + 2e-3, y], [x, y + 2e-3]])
