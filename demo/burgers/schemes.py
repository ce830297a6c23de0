"""Classical numerical schemes for the Burgers equation, at the cost a participant might choose.

Every scheme takes fields of shape (n_fields, n_points) and answers with shape
(n_fields, n_times, n_points).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicSpline

from demo.burgers.arrays import FloatArray

Flux = Callable[[FloatArray], FloatArray]  # values -> flux at the right edge of each point
# Largest stable Courant and diffusion numbers, with a margin: explicit Euler, Runge-Kutta 3.
EULER_LIMITS = (0.4, 0.3)
RUNGE_KUTTA_LIMITS = (0.4, 0.25)
WENO_EPSILON = 1e-6  # keeps the smoothness weights finite, as Jiang and Shu chose it


def neighbours(f: FloatArray, first: int, *, last: int) -> list[FloatArray]:
    """Return views of the values at offsets first, ..., last of each point, first <= 0 <= last.

    One padded copy instead of a roll for each offset, which would take most of the time.
    """
    points = f.shape[-1]
    padded = np.concatenate([f[..., points + first :], f, f[..., :last]], axis=-1)
    return [padded[..., shift : shift + points] for shift in range(last - first + 1)]


def upwind_flux(u: FloatArray) -> FloatArray:
    """Return Godunov's exact Riemann flux of first order for f = u^2 / 2."""
    return _riemann_flux(*neighbours(u, 0, last=1))


def _riemann_flux(left: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(0.5 * np.maximum(np.maximum(left, 0.0) ** 2, np.minimum(right, 0.0) ** 2))


def muscl_flux(u: FloatArray) -> FloatArray:
    """Return Godunov's flux between values reconstructed with van Leer's limited slopes."""
    before, _, after = neighbours(u, -1, last=1)
    back, ahead = u - before, after - u
    product = back * ahead
    total = np.where(product > 0.0, back + ahead, 1.0)
    half_slope = np.maximum(product, 0.0) / total
    _, right = neighbours(u - half_slope, 0, last=1)
    return _riemann_flux(u + half_slope, right)


def weno_flux(u: FloatArray) -> FloatArray:
    """Return the fifth-order WENO flux of Jiang and Shu (1996), Lax-Friedrichs splitting."""
    fastest = np.abs(u).max(axis=-1, keepdims=True)
    rightward = 0.5 * (0.5 * u * u + fastest * u)
    leftward = 0.5 * (0.5 * u * u - fastest * u)
    # Waves running left see the edge mirrored: their upwind point is the right one.
    return _weno_edge(neighbours(rightward, -2, last=2)) + _weno_edge(
        neighbours(leftward, -1, last=3)[::-1]
    )


def _weno_edge(f: list[FloatArray]) -> FloatArray:
    """Return the edge value right of the third of five neighbouring values of a split flux."""
    a, b, c, d, e = f
    ab, bc, cd, de = b - a, c - b, d - c, e - d
    smoothness = (
        13 / 12 * (bc - ab) ** 2 + 0.25 * (3 * bc - ab) ** 2,
        13 / 12 * (cd - bc) ** 2 + 0.25 * (bc + cd) ** 2,
        13 / 12 * (de - cd) ** 2 + 0.25 * (3 * cd - de) ** 2,
    )
    # Each candidate is written as the upwind value plus a correction in the differences.
    candidates = (5 * bc - 2 * ab, bc + 2 * cd, 4 * cd - de)
    weights = [
        linear / (WENO_EPSILON + beta) ** 2
        for linear, beta in zip((0.1, 0.6, 0.3), smoothness, strict=True)
    ]
    mixed = weights[0] * candidates[0] + weights[1] * candidates[1] + weights[2] * candidates[2]
    return np.asarray(c + mixed / (6.0 * (weights[0] + weights[1] + weights[2])))


def second_derivative(u: FloatArray, *, order: int) -> FloatArray:
    """Return u_xx on the unit interval by central differences of order 2 or 4."""
    if order == 2:
        left, _, right = neighbours(u, -1, last=1)
        return np.asarray((left + right - 2.0 * u) * u.shape[-1] ** 2)
    far_left, left, _, right, far_right = neighbours(u, -2, last=2)
    total = 16.0 * (left + right) - far_left - far_right - 30.0 * u
    return np.asarray(total * (u.shape[-1] ** 2 / 12.0))


def march(
    initial: FloatArray,
    times: FloatArray,
    *,
    viscosity: FloatArray,
    flux: Flux,
    diffusion_order: int,
    euler: bool = False,
) -> FloatArray:
    """Step a conservative scheme through `times` with stable steps.

    Strong-stability-preserving Runge-Kutta of order 3 (Shu and Osher 1988), or explicit Euler.
    `viscosity` has shape (n_fields,); all fields share the step of the most demanding one.
    """
    points = initial.shape[-1]
    courant, diffusion_number = EULER_LIMITS if euler else RUNGE_KUTTA_LIMITS
    fastest = max(float(np.abs(initial).max()), np.finfo(np.float64).tiny)
    stable = min(
        courant / (points * fastest), diffusion_number / (points**2 * float(viscosity.max()))
    )
    nu = viscosity[:, None]

    def rate(u: FloatArray) -> FloatArray:
        left_edge, right_edge = neighbours(flux(u), -1, last=0)
        diffusion = nu * second_derivative(u, order=diffusion_order)
        return np.asarray(diffusion - (right_edge - left_edge) * points)

    u, now = initial, 0.0
    solution = np.empty((len(initial), len(times), points))
    for row, time in enumerate(times):
        count = max(1, int(np.ceil((time - now) / stable)))
        step = (time - now) / count
        for _ in range(count):
            u = u + step * rate(u) if euler else _runge_kutta(u, rate, step=step)
        solution[:, row], now = u, float(time)
    return solution


def _runge_kutta(u: FloatArray, rate: Flux, *, step: float) -> FloatArray:
    first = u + step * rate(u)
    second = 0.75 * u + 0.25 * (first + step * rate(first))
    return np.asarray(u / 3.0 + 2.0 / 3.0 * (second + step * rate(second)))


def refine_linear(u: FloatArray, points: int) -> FloatArray:
    """Interpolate the last axis linearly onto a periodic grid of `points` points."""
    factor = points // u.shape[-1]
    weight = np.arange(factor) / factor
    _, ahead = neighbours(u, 0, last=1)
    fine = u[..., None] * (1.0 - weight) + ahead[..., None] * weight
    return np.asarray(fine.reshape(*u.shape[:-1], points))


def refine_spline(u: FloatArray, points: int) -> FloatArray:
    """Interpolate the last axis by a periodic cubic spline onto `points` points."""
    coarse = np.arange(u.shape[-1] + 1) / u.shape[-1]
    closed = np.concatenate([u, u[..., :1]], axis=-1)
    spline = CubicSpline(coarse, closed, axis=-1, bc_type="periodic")
    return np.asarray(spline(np.arange(points) / points))


def refine_fourier(u: FloatArray, points: int) -> FloatArray:
    """Interpolate the last axis by its Fourier series onto `points` points."""
    spectrum = np.fft.rfft(u, axis=-1, norm="forward")
    return np.asarray(np.fft.irfft(spectrum, n=points, axis=-1, norm="forward"))
