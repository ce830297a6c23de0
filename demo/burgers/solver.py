"""The reference solver: Fourier pseudo-spectral in space, eighth order in time.

Diffusion is taken exactly by an integrating factor, the rest by the Runge-Kutta formula of
Dormand and Prince of order 8 (Hairer, Norsett and Wanner, Solving Ordinary Differential
Equations I, section II.5). The mean flow is removed by Galilean invariance and put back as a
shift, which is exact. Products are dealiased by the two-thirds rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, rfft
from scipy.integrate import DOP853

from demo.burgers.arrays import ComplexArray, FloatArray

A, B, C = DOP853.A, DOP853.B, DOP853.C
STAGES = len(B)
TOLERANCE = 1e-10
ORDER = 8
STEP_CAP = 1e-3  # keeps the growth inside one step of the integrating factor below 1e7
# Of the time nu / amplitude^2 in which a shock front crosses itself; measured against Cole-Hopf.
STEP_SCALE = 0.25


class UnresolvedFlow(ValueError):
    """The highest modes carry too much: the internal grid is too coarse for this flow."""


@dataclass(frozen=True, slots=True)
class Discretisation:
    """Internal grid points and the longest time step."""

    points: int
    step: float

    @property
    def modes(self) -> int:
        """Highest wavenumber kept by the two-thirds rule."""
        return (self.points - 1) // 3


def choose_discretisation(
    initial: FloatArray, viscosity: float, *, tolerance: float = TOLERANCE
) -> Discretisation:
    """Choose grid and step from the physics: thickness of the strongest possible shock.

    A shock of jump D has the shape ``tanh(D x / (4 nu))``, so its spectrum falls as
    ``exp(-4 pi^2 nu k / D)``. `initial` has shape (n_fields, n_points).
    """
    swing = float(np.ptp(initial, axis=1).max())
    output_points = initial.shape[1]
    modes = max(np.log(1.0 / tolerance) * swing / (4.0 * np.pi**2 * viscosity), output_points / 4)
    points = output_points * int(np.ceil(3.0 * (modes + 1) / output_points))
    step = STEP_CAP
    if swing:
        step = min(step, STEP_SCALE * viscosity / (swing / 2.0) ** 2)
    return Discretisation(points, step * (tolerance / TOLERANCE) ** (1.0 / ORDER))


class _Stepper:
    """One Runge-Kutta step for a batch of fields of one viscosity, in Fourier space."""

    def __init__(self, state: ComplexArray, viscosity: float, *, points: int) -> None:
        self.points = points
        self.wavenumber = 2.0 * np.pi * np.arange(state.shape[1])
        self.damping = viscosity * self.wavenumber**2
        self.slopes = np.empty((STAGES, *state.shape), dtype=np.complex128)
        # A real view, so that stages are combined by one real matrix product.
        self.flat = self.slopes.reshape(STAGES, -1).view(np.float64)

    def advection(self, state: ComplexArray) -> ComplexArray:
        """Return the transform of -(u^2 / 2)_x."""
        u = irfft(state, n=self.points, axis=1, norm="forward")
        square = rfft(u * u, axis=1, norm="forward")[:, : state.shape[1]]
        return np.asarray(-0.5j * self.wavenumber * square)

    def _combine(self, weights: FloatArray) -> ComplexArray:
        combined = weights @ self.flat[: len(weights)]
        return combined.view(np.complex128).reshape(self.slopes.shape[1:])

    def run(self, state: ComplexArray, *, step: float, count: int) -> ComplexArray:
        """Advance `count` equal steps."""
        decay = np.exp(-self.damping * step * C[:STAGES, None])
        whole = np.exp(-self.damping * step)
        for _ in range(count):
            for stage in range(STAGES):
                inner = state
                if stage:
                    inner = state + step * self._combine(A[stage, :stage])
                self.slopes[stage] = self.advection(decay[stage] * inner) / decay[stage]
            state = whole * (state + step * self._combine(B))
        return state


def solve(
    initial: FloatArray,
    times: Sequence[float] | FloatArray,
    *,
    viscosity: float,
    tolerance: float = TOLERANCE,
    discretisation: Discretisation | None = None,
) -> FloatArray:
    """Solve ``u_t + u u_x = nu u_xx``, periodic on [0, 1), for fields of one viscosity.

    Parameters
    ----------
    initial : array of shape (n_fields, n_points)
        Values at j / n_points, resolved by that grid (no power at its highest wavenumber).
    times : increasing, all >= 0
    viscosity : float
        nu, greater than zero.
    tolerance : float
        Absolute error aimed at; it sets the internal grid and step.
    discretisation : optional
        An internal grid and step of one's own instead, taken without checking the resolution.

    Returns
    -------
    array of shape (n_fields, n_times, n_points)

    Raises
    ------
    UnresolvedFlow
        If the highest modes of the chosen internal grid are above `tolerance`.
    """
    chosen = discretisation or choose_discretisation(initial, viscosity, tolerance=tolerance)
    if chosen.points % initial.shape[1]:
        raise ValueError(f"internal grid {chosen.points} is no multiple of {initial.shape[1]}")
    snapshots = []
    for state in _march(initial, times, viscosity=viscosity, discretisation=chosen):
        if discretisation is None:
            _refuse_unresolved(state, viscosity, tolerance=tolerance)
        u = irfft(state, n=chosen.points, axis=1, norm="forward")
        snapshots.append(u[:, :: chosen.points // initial.shape[1]])
    return np.stack(snapshots, axis=1)


def _march(
    initial: FloatArray,
    times: Sequence[float] | FloatArray,
    *,
    viscosity: float,
    discretisation: Discretisation,
) -> Iterator[ComplexArray]:
    """Yield the Fourier coefficients at each time, shape (n_fields, n_modes)."""
    fields, output_points = initial.shape
    mean = initial.mean(axis=1, keepdims=True)
    state = np.zeros((fields, discretisation.modes + 1), dtype=np.complex128)
    kept = min(discretisation.modes + 1, output_points // 2)
    state[:, :kept] = rfft(initial - mean, axis=1, norm="forward")[:, :kept]
    stepper = _Stepper(state, viscosity, points=discretisation.points)
    now = 0.0
    for time in times:
        count = int(np.ceil((time - now) / discretisation.step - 1e-9))
        if count:
            state = stepper.run(state, step=(time - now) / count, count=count)
        now = float(time)
        moved = state * np.exp(-1j * stepper.wavenumber * mean * now)
        moved[:, :1] += mean
        yield moved


def _refuse_unresolved(state: ComplexArray, viscosity: float, *, tolerance: float) -> None:
    tail = float(np.abs(state[:, -4:]).max())
    # Written so that a tail which is not a number is refused too.
    if not tail <= tolerance:
        raise UnresolvedFlow(
            f"at viscosity {viscosity:.3g} the highest modes still carry {tail:.1e}; "
            "give a discretisation with a finer grid or a shorter step"
        )
