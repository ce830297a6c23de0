"""Problem 8 by finite differences: a square plate with one hot side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import diags_array, eye_array, kron
from scipy.sparse.linalg import splu


@dataclass(frozen=True, slots=True)
class CoolingPlate:
    """Second-order differences on `cells` x `cells` cells, Crank-Nicolson steps of `step`."""

    cells: int
    step: float

    def time_to_reach(self, temperature: float) -> float:
        """Return when the centre reaches `temperature`, interpolated linearly in the last step."""
        inner = self.cells - 1
        scale = (self.cells / 2.0) ** 2
        second = scale * diags_array(
            [np.ones(inner - 1), -2.0 * np.ones(inner), np.ones(inner - 1)], offsets=[-1, 0, 1]
        )
        identity = eye_array(inner)
        laplacian = kron(second, identity) + kron(identity, second)
        source = np.zeros((inner, inner))
        source[0] = 5.0 * scale
        whole = eye_array(inner * inner)
        implicit = splu((whole - 0.5 * self.step * laplacian).tocsc())
        explicit = (whole + 0.5 * self.step * laplacian).tocsr()
        u, centre, time = np.zeros(inner * inner), inner * inner // 2, 0.0
        while True:
            later = implicit.solve(explicit @ u + self.step * source.ravel())
            if later[centre] >= temperature:
                part = (temperature - u[centre]) / (later[centre] - u[centre])
                return float(time + part * self.step)
            u, time = later, time + self.step
