"""The example of the R package challengeR: three tasks of five algorithms, drawn again here.

The package (Wiesenfarth et al., Sci. Rep. 11, 2369, 2021, doi:10.1038/s41598-021-82017-6) comes
with 1,100 made-up values. They are draws of R's generator from known seeds, so the same draws
give them anew: Mersenne Twister, seeded by R's scrambling of one whole number (R's manual,
?set.seed), uniform numbers of 32 bits, and normal numbers by inverting two of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from scoring.ranking.table import Row

CASES = 50
ALGORITHMS = ("A1", "A2", "A3", "A4", "A5")
_SCRAMBLES_BEFORE_USE = 50
_WORDS = 625  # one for the position, which is set, and the state
_INVERSION_STEPS = 2**27


class RNumbers:
    """Random numbers as R gives them after ``set.seed(seed)``."""

    def __init__(self, seed: int) -> None:
        state, words = seed, []
        for count in range(_SCRAMBLES_BEFORE_USE + _WORDS):
            state = (69069 * state + 1) % 2**32
            if count >= _SCRAMBLES_BEFORE_USE:
                words.append(state)
        self._bits = np.random.MT19937()
        self._bits.state = {
            "bit_generator": "MT19937",
            "state": {"key": np.array(words[1:], dtype=np.uint32), "pos": 624},
        }

    def uniform(self, count: int, low: float = 0.0, high: float = 1.0) -> NDArray[np.float64]:
        numbers = np.array([self._bits.random_raw() for _ in range(count)]) / (2.0**32)
        return low + (high - low) * numbers

    def normal(self, count: int, mean: float = 0.0) -> NDArray[np.float64]:
        pairs = self.uniform(2 * count).reshape(count, 2)
        fine = (np.floor(_INVERSION_STEPS * pairs[:, 0]) + pairs[:, 1]) / _INVERSION_STEPS
        return mean + ndtri(fine)


def ideal() -> list[Row]:
    """Five algorithms that do not overlap: each better than the next on every case."""
    numbers = RNumbers(4)
    numbers.uniform(CASES)  # drawn and not used, as in the package's recipe
    ranges = ((0.9, 1.0), (0.8, 0.89), (0.7, 0.79), (0.6, 0.69), (0.5, 0.59))
    return list(_rows([numbers.uniform(CASES, *each) for each in ranges]))


def random() -> list[Row]:
    """Five algorithms that do not differ but by chance."""
    values = expit(RNumbers(1).normal(len(ALGORITHMS) * CASES, mean=1.5))
    return list(_rows(np.split(values, len(ALGORITHMS))))


def worst_case() -> list[Row]:
    """Five algorithms that take every order equally often: all means are 0.9."""
    orders = np.array(list(permutations(np.linspace(0.8, 1.0, len(ALGORITHMS)))))
    return list(_rows(list(orders.T)))


def _rows(columns: list[NDArray[np.float64]]) -> Iterator[Row]:
    for name, column in zip(ALGORITHMS, columns, strict=True):
        for case, value in enumerate(column, 1):
            yield Row(name, f"case{case}", "dice", float(value))
