"""A coarse solver with a learned correction of its flux.

A second-order MUSCL scheme on 128 points makes a step of 1/80; a correction learned from
trajectories mends what that step gets wrong. The correction is a difference of fluxes between
neighbouring edges, so mass is conserved whatever was learned. The learned part is linear
regression on random tanh features of the six values around an edge (Rahimi and Recht, Random
Features for Large-Scale Kernel Machines, 2007).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from demo.burgers.arrays import FloatArray
from demo.burgers.datasets import Trajectories
from demo.burgers.reduced import from_resting_frame, to_resting_frame
from demo.burgers.schemes import march, muscl_flux, neighbours

RADIUS = 3  # values on either side of an edge
FEATURES = 256
SAMPLES = 600  # steps drawn from the training flows; each gives one row per grid point
CHUNK = 20  # steps whose features are in memory at once, about 5 MB
FEATURE_SEED, SAMPLE_SEED = 11, 12
ROW_FLOOR = 1e-4  # below this error of a step the row counts no heavier
TALLEST = 3.0  # no flow in training is taller; without a bound a runaway would overflow


@dataclass(frozen=True, slots=True)
class CorrectedFlux:
    """The random features and the learned weights."""

    projection: FloatArray  # (2 RADIUS + 2, FEATURES)
    offset: FloatArray  # (FEATURES,)
    weights: FloatArray  # (FEATURES,)
    step: float

    @classmethod
    def train(cls, flows: Trajectories, *, penalty: float) -> CorrectedFlux:
        """Learn a correction from nothing."""
        rng = np.random.default_rng(FEATURE_SEED)
        inputs = 2 * RADIUS + 2
        blank = cls(
            projection=rng.normal(size=(inputs, FEATURES)) / np.sqrt(inputs),
            offset=rng.uniform(-1.5, 1.5, FEATURES),
            weights=np.zeros(FEATURES),
            step=float(flows.times[1] - flows.times[0]),
        )
        return blank.tune(flows, penalty=penalty)

    def tune(self, flows: Trajectories, *, penalty: float) -> CorrectedFlux:
        """Go on learning from other flows; leaving the present weights is penalised."""
        before, after, viscosity = _drawn_steps(flows)
        missed = after - _coarse_step(before, viscosity, step=self.step)
        # Steps at fronts miss a thousand times more than others; unweighted, only they count.
        row_weight = 1.0 / np.sqrt(np.sqrt(np.mean(missed**2, axis=1)) + ROW_FLOOR)
        gram = np.zeros((self.weights.size, self.weights.size))
        slope = np.zeros(self.weights.size)
        for start in range(0, len(before), CHUNK):
            rows = slice(start, start + CHUNK)
            design = self._design(before[rows], viscosity[rows])
            wanted = missed[rows] - design @ self.weights
            design = (design * row_weight[rows, None, None]).reshape(-1, self.weights.size)
            gram += design.T @ design
            slope += design.T @ (wanted * row_weight[rows, None]).ravel()
        gram[np.diag_indices_from(gram)] += penalty * np.trace(gram) / len(gram)
        return replace(self, weights=self.weights + np.linalg.solve(gram, slope))

    def predict(
        self, initial: FloatArray, times: FloatArray, *, viscosity: FloatArray
    ) -> FloatArray:
        """Roll out fields (n_fields, n_points) on the training grid to multiples of the step."""
        mean = initial.mean(axis=1)
        u = initial - mean[:, None]
        steps = np.rint(times / self.step).astype(int)
        states = [u]
        for _ in range(int(steps.max())):
            u = _coarse_step(u, viscosity, step=self.step) + self.correction(u, viscosity)
            u = np.clip(u, -TALLEST, TALLEST)
            states.append(u)
        resting = np.stack(states, axis=1)[:, steps]
        return from_resting_frame(resting, times, mean=mean)

    def correction(self, u: FloatArray, viscosity: FloatArray) -> FloatArray:
        """What is added to a coarse step from `u`, shape (n_fields, n_points)."""
        return np.asarray(self._design(u, viscosity) @ self.weights)

    def _design(self, u: FloatArray, viscosity: FloatArray) -> FloatArray:
        """Differences of the edge features, shape (n_fields, n_points, FEATURES)."""
        around = np.stack(neighbours(u, 1 - RADIUS, last=RADIUS), axis=-1)
        level = around.mean(axis=-1, keepdims=True)
        shape = around - level
        # Proportional to the local variation: where the flow is level nothing is corrected.
        variation = np.sqrt(np.mean(shape**2, axis=-1, keepdims=True))
        scale = np.broadcast_to(np.log(viscosity / 0.01)[:, None, None], level.shape)
        seen = np.concatenate([3.0 * shape, 2.0 * level, scale], axis=-1)
        edge = variation * np.tanh(seen @ self.projection + self.offset)
        return np.asarray(np.roll(edge, 1, axis=1) - edge)


def _drawn_steps(flows: Trajectories) -> tuple[FloatArray, FloatArray, FloatArray]:
    u, _ = to_resting_frame(flows.u, flows.times)
    count, times, points = u.shape
    rng = np.random.default_rng(SAMPLE_SEED)
    drawn = rng.permutation(count * (times - 1))[:SAMPLES]
    before = u[:, :-1].reshape(-1, points)[drawn]
    after = u[:, 1:].reshape(-1, points)[drawn]
    return before, after, np.repeat(flows.viscosity, times - 1)[drawn]


def _coarse_step(u: FloatArray, viscosity: FloatArray, *, step: float) -> FloatArray:
    moved = np.empty_like(u)
    for level in np.unique(viscosity):
        rows = viscosity == level
        moved[rows] = march(
            u[rows],
            np.array([step]),
            viscosity=viscosity[rows],
            flux=muscl_flux,
            diffusion_order=2,
        )[:, 0]
    return moved
