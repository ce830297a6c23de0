"""The exact solution by the Cole-Hopf transformation, as an independent judge of the solver.

Nothing here is shared with the solver: no Fourier transform, no time stepping, no moving frame.
"""

from __future__ import annotations

import numpy as np

from demo.burgers.arrays import FloatArray
from demo.burgers.fields import InitialField, grid

# Beyond this many widths of the heat kernel a weight is below exp(-72) of the largest.
KERNEL_WIDTHS = 12.0


def exact_solution(
    field: InitialField, times: FloatArray, *, viscosity: float, points: int, lattice: int = 2048
) -> FloatArray:
    """Return the exact u(t, x) for a periodic initial field.

    ``u(x, t) = sum_y w(y) (x - y) / t / sum_y w(y)`` with
    ``log w = -(U0(y) + (x - y)^2 / (2 t)) / (2 nu)`` and U0 the antiderivative of u0.
    All weights are positive and scaled by the largest of them, so nothing cancels or overflows.
    The trapezoidal rule on the whole line converges exponentially for these analytic integrands.

    Parameters
    ----------
    times : array of shape (n_times,), greater than zero
    points : int
        Values are given at j / points.
    lattice : int
        Quadrature points per unit length, a multiple of `points`.

    Returns
    -------
    array of shape (n_times, points)

    Sources: E. Hopf, Comm. Pure Appl. Math. 3 (1950) 201; J. D. Cole, Quart. Appl. Math. 9
    (1951) 225.
    """
    if lattice % points:
        raise ValueError(f"lattice ({lattice}) must be a multiple of points ({points})")
    potential = field.potential(grid(lattice))
    fastest = float(np.abs(field.sample(grid(lattice))).max())
    solution = np.empty((len(times), points))
    for row, time in enumerate(times):
        reach = fastest * time + KERNEL_WIDTHS * np.sqrt(2.0 * viscosity * time)
        offsets = np.arange(-int(np.ceil(reach * lattice)), int(np.ceil(reach * lattice)) + 1)
        distance = offsets / lattice  # x - y
        origin = np.arange(points)[:, None] * (lattice // points) - offsets
        action = field.mean * origin / lattice + potential[origin % lattice]
        action += distance**2 / (2.0 * time)
        weight = np.exp((action.min(axis=1, keepdims=True) - action) / (2.0 * viscosity))
        solution[row] = (weight @ (distance / time)) / weight.sum(axis=1)
    return solution
