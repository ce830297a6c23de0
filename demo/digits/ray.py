"""Problem 2 in floating-point arithmetic of a chosen precision."""

from __future__ import annotations

from typing import Any

import numpy as np


def photon_distance(real: type[np.floating[Any]]) -> float:
    """Distance of the photon from the origin at time 10, every operation rounded to `real`."""
    position, direction = np.array([0.5, 0.1], real), np.array([1.0, 0.0], real)
    left, radius_squared = real(10), real(1) / real(9)
    offsets = np.stack(np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)), axis=-1).reshape(-1, 2)
    just_left = np.array([np.inf, np.inf])
    while True:
        centres = (np.trunc(position) + offsets).astype(real)
        apart = centres - position
        along = apart @ direction
        off_squared = (apart**2).sum(axis=1) - along**2
        ahead = (along > 0) & (off_squared < radius_squared) & (centres != just_left).any(axis=1)
        distance = along[ahead] - np.sqrt(radius_squared - off_squared[ahead])
        if distance.size == 0 or distance.min() >= left:
            return float(np.sqrt(np.sum((position + left * direction) ** 2)))
        nearest = distance.argmin()
        just_left = centres[ahead][nearest]
        position = position + distance[nearest] * direction
        left = real(left - distance[nearest])
        normal = position - just_left
        # Rounding leaves the photon a little off the mirror; its direction must keep length one.
        normal = normal / np.sqrt(np.sum(normal**2))
        direction = direction - real(2) * (direction @ normal) * normal
