"""The Ladder: a board that answers during a round and cannot be climbed by guessing.

A team sees a new score only if it is better than its last by a margin; otherwise it sees the last
again. What many submissions reveal about the sealed answers is thereby bounded, however they are
chosen.

Source: Blum and Hardt, Proceedings of Machine Learning Research 37 (2015) 1006.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Direction

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ladder:
    """What one team has been shown, and what its next submission will show.

    Parameters
    ----------
    direction : Direction
        Which way values are better.
    step : float, optional
        The margin, which is also what shown values are rounded to. Without it the margin of each
        submission is the standard error of its difference to the best one, and values are rounded
        to one over the number of targets.
    unit : float, optional
        What shown values are rounded to, if neither to the step nor to one over the number.

    Examples
    --------
    >>> ladder = Ladder(Direction.LOWER, step=0.1)
    >>> shown = []
    >>> for errors in ([0.5, 0.52], [0.44, 0.46], [0.2, 0.3]):
    ...     ladder = ladder.after(np.array(errors))
    ...     shown.append(round(ladder.shown, 1))
    >>> shown
    [0.5, 0.5, 0.2]
    """

    direction: Direction
    step: float | None = None
    unit: float | None = None
    shown: float | None = None  # None before the first submission
    best: tuple[float, ...] = ()  # the values on the targets behind what is shown

    def __post_init__(self) -> None:
        if self.step is not None and not (math.isfinite(self.step) and self.step > 0):
            raise ValueError("the step of a ladder must be a finite number above 0")

    def after(self, values: FloatArray) -> Ladder:
        """Return the ladder after a submission with these values on the targets.

        Raises
        ------
        ValueError
            A value is missing, or there are not as many as before.
        """
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise ValueError("a ladder takes one finite value for each target")
        if self.best and len(self.best) != values.size:
            raise ValueError("a ladder takes values on the same targets each time")
        mean = float(values.mean())
        if self.shown is not None:
            gain = self.shown - mean if self.direction is Direction.LOWER else mean - self.shown
            if not gain > self._margin(values):
                return self
        unit = self.unit or self.step or 1.0 / values.size
        shown = round(mean / unit) * unit
        return replace(self, shown=shown, best=tuple(float(value) for value in values))

    def _margin(self, values: FloatArray) -> float:
        if self.step is not None:
            return self.step
        if values.size < 2:
            return math.inf
        difference = values - np.array(self.best)
        return float(difference.std(ddof=1) / math.sqrt(values.size))
