"""Reduced models learned from trajectories: dynamic modes, and a quadratic operator.

Both see flows in the frame of their mean velocity, which Galilean invariance allows: the mean
is conserved, so it is taken off before learning and put back as a shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.burgers.arrays import FloatArray
from demo.burgers.datasets import Trajectories


@dataclass(frozen=True, slots=True)
class Basis:
    """Orthonormal spatial modes, shape (n_points, rank)."""

    modes: FloatArray

    def encode(self, u: FloatArray) -> FloatArray:
        """Coefficients of fields (..., n_points)."""
        return np.asarray(u @ self.modes)

    def decode(self, coefficients: FloatArray) -> FloatArray:
        """Fields of coefficients (..., rank)."""
        return np.asarray(coefficients @ self.modes.T)


def translate(u: FloatArray, distance: FloatArray) -> FloatArray:
    """Move fields (..., n_points) to the right by `distance` (...), by Fourier interpolation."""
    points = u.shape[-1]
    k = np.arange(points // 2 + 1)
    phase = np.exp(-2j * np.pi * distance[..., None] * k)
    return np.asarray(np.fft.irfft(np.fft.rfft(u, axis=-1) * phase, n=points, axis=-1))


def to_resting_frame(u: FloatArray, times: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Take off the mean velocity of flows (n_flows, n_times, n_points); also return the means."""
    mean = u[:, 0].mean(axis=-1)
    return translate(u - mean[:, None, None], -mean[:, None] * times), mean


def from_resting_frame(u: FloatArray, times: FloatArray, *, mean: FloatArray) -> FloatArray:
    """Undo `to_resting_frame`."""
    return np.asarray(translate(u, mean[:, None] * times) + mean[:, None, None])


def proper_orthogonal_basis(flows: FloatArray, rank: int) -> Basis:
    """Return the leading POD modes of flows of shape (..., n_points)."""
    snapshots = flows.reshape(-1, flows.shape[-1])
    _, vectors = np.linalg.eigh(snapshots.T @ snapshots)
    return Basis(vectors[:, ::-1][:, :rank])


def ridge(features: FloatArray, answers: FloatArray, *, penalty: float) -> FloatArray:
    """Least squares with the penalty relative to the mean square of the features."""
    gram = features.T @ features
    gram[np.diag_indices_from(gram)] += penalty * np.trace(gram) / len(gram)
    return np.asarray(np.linalg.solve(gram, features.T @ answers))


@dataclass(frozen=True, slots=True)
class DynamicModes:
    """One linear map per viscosity for a step in time, on POD coefficients."""

    basis: Basis
    viscosity: FloatArray  # (n_maps,), increasing
    maps: FloatArray  # (n_maps, rank, rank)
    step: float

    @classmethod
    def train(cls, flows: Trajectories, *, rank: int, stride: int, penalty: float) -> DynamicModes:
        """Fit the maps by ridge regression of each snapshot on the one `stride` before."""
        u, _ = to_resting_frame(flows.u, flows.times)
        basis = proper_orthogonal_basis(u, rank)
        levels = np.unique(flows.viscosity)
        maps = np.empty((len(levels), rank, rank))
        for index, level in enumerate(levels):
            c = basis.encode(u[flows.viscosity == level])
            before, after = c[:, :-stride], c[:, stride:]
            maps[index] = ridge(before.reshape(-1, rank), after.reshape(-1, rank), penalty=penalty)
        return cls(basis, levels, maps, float(flows.times[stride] - flows.times[0]))

    def predict(self, initial: FloatArray, times: FloatArray, *, viscosity: float) -> FloatArray:
        """Roll out from `initial` (n_points,) with the map of the nearest viscosity."""
        nearest = int(np.argmin(np.abs(np.log(self.viscosity / viscosity))))
        mean = initial.mean()
        c = self.basis.encode(initial - mean)
        steps = np.rint(times / self.step).astype(int)
        states: list[FloatArray] = [c]
        for _ in range(int(steps.max())):
            states.append(states[-1] @ self.maps[nearest])
        u = self.basis.decode(np.stack(states)[steps])
        return np.asarray(from_resting_frame(u[None], times, mean=np.array([mean]))[0])


@dataclass(frozen=True, slots=True)
class QuadraticOperator:
    """Operator inference: the POD coefficients a step later as a quadratic polynomial of those now.

    ``a' = a + step ((L0 + nu L1) a + H (a x a))``, which is the form the Galerkin projection of
    the Burgers equation has; the operators are learned. Source: Peherstorfer and Willcox,
    Comput. Methods Appl. Mech. Engrg. 306 (2016) 196.
    """

    basis: Basis
    operators: FloatArray  # (n_features, rank)
    step: float
    bound: float

    @classmethod
    def train(cls, flows: Trajectories, *, rank: int, penalty: float) -> QuadraticOperator:
        """Fit the operators by ridge regression on all steps of all flows."""
        u, _ = to_resting_frame(flows.u, flows.times)
        basis = proper_orthogonal_basis(u, rank)
        c = basis.encode(u)
        step = float(flows.times[1] - flows.times[0])
        before = c[:, :-1].reshape(-1, rank)
        slope = ((c[:, 1:] - c[:, :-1]) / step).reshape(-1, rank)
        viscosity = np.repeat(flows.viscosity, c.shape[1] - 1)
        operators = ridge(_quadratic_features(before, viscosity), slope, penalty=penalty)
        return cls(basis, operators, step, float(np.abs(c).max()))

    def predict(
        self, initial: FloatArray, times: FloatArray, *, viscosity: FloatArray
    ) -> FloatArray:
        """Roll out fields (n_fields, n_points) together; `viscosity` has shape (n_fields,)."""
        mean = initial.mean(axis=1)
        c = self.basis.encode(initial - mean[:, None])
        steps = np.rint(times / self.step).astype(int)
        states = [c]
        for _ in range(int(steps.max())):
            now = states[-1]
            later = now + self.step * _quadratic_features(now, viscosity) @ self.operators
            # No flow seen in training left this box; without it a runaway would overflow.
            states.append(np.clip(later, -self.bound, self.bound))
        u = self.basis.decode(np.stack(states, axis=1)[:, steps])
        return from_resting_frame(u, times, mean=mean)


def _quadratic_features(c: FloatArray, viscosity: FloatArray) -> FloatArray:
    rows, columns = np.triu_indices(c.shape[1])
    return np.concatenate([c, 100.0 * viscosity[:, None] * c, c[:, rows] * c[:, columns]], axis=1)
