"""The search for the superpositions that lay most residues of a model on their target.

TM-score and GDT ask for the best of all superpositions, which nobody can try. Everybody tries
the ones of Zhang and Skolnick (Proteins 57 (2004) 702): take fragments of the whole chain, of a
half, a quarter ... down to four residues, at every start; superpose each, keep the residues that
then lie close, superpose those, and so on until nothing changes. A value so found is a lower
bound of the true one.

Here all fragments go at once. A superposition needs sums over its residues of 17 products of
coordinates, so the sums of all fragments are one matrix product, and the squared distances of
all residues after all superpositions are another; no coordinate is ever rotated. A set of
residues that was met before would lead the way it led before, and is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring.structure.superposition import FloatArray, rotations

CUTOFFS = (0.5, 1.0, 2.0, 4.0, 8.0)  # angstrom; GDT_TS takes the last four, GDT_HA the first
_ROUNDS = 20
_SHORTEST = 4
_FRAGMENT_LENGTHS = 6
_BLOCK_VALUES = 2**19  # distances held at once

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BestFits:
    """The best found over all superpositions, each value by a superposition of its own."""

    tm_sum: float  # of 1 / (1 + (distance / d0)^2) over residues
    within: tuple[int, ...]  # residues within each of `CUTOFFS`


def tm_d0(length: int) -> float:
    """Return the distance in angstrom at which a residue counts one half in the TM-score.

    Examples
    --------
    >>> round(tm_d0(100), 10)
    3.6520687935
    >>> tm_d0(16)
    0.5
    """
    return max(1.24 * float(np.cbrt(max(length - 15, 0))) - 1.8, 0.5)


def best_fits(target: FloatArray, model: FloatArray, *, length: int) -> BestFits:
    """Return the best fits of a model to its target.

    Parameters
    ----------
    target, model : array of shape (n, 3)
        The residues that both have, in angstrom.
    length : int
        Residues of the whole target, with those the model leaves out: it sets d0.

    Notes
    -----
    The last result is kept: the metrics of one target ask for the same search one by one.
    """
    pair = (np.ascontiguousarray(array, dtype=np.float64) for array in (target, model))
    target_bytes, model_bytes = (array.tobytes() for array in pair)
    return _searched(target_bytes, model_bytes, length=length)


@lru_cache(maxsize=1)
def _searched(target_bytes: bytes, model_bytes: bytes, *, length: int) -> BestFits:
    target, model = (np.frombuffer(b).reshape(-1, 3) for b in (target_bytes, model_bytes))
    search = _Search(_Features.of(model, target), d0=tm_d0(length))
    for starts, lengths in _fragments(len(target)):
        search.follow(starts, lengths)
    return BestFits(search.tm_sum, tuple(search.within))


def _fragments(count: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield blocks of fragments (starts, lengths), from the whole chain to the shortest."""
    shortest = min(_SHORTEST, count)
    halves = [count >> halving for halving in range(_FRAGMENT_LENGTHS - 1)]
    lengths = [*(half for half in halves if half > shortest), shortest]
    starts = np.concatenate([np.arange(count - length + 1) for length in lengths])
    sizes = np.concatenate([np.full(count - length + 1, length) for length in lengths])
    step = max(1, _BLOCK_VALUES // count)
    for begin in range(0, len(starts), step):
        yield starts[begin : begin + step], sizes[begin : begin + step]


@dataclass(frozen=True, slots=True)
class _Features:
    """What superpositions need of each residue (model x, target y), centred as a whole."""

    sums: FloatArray  # (n, 17): x, y, x_i y_j, |x|^2, |y|^2; added up over a set of residues
    distances: FloatArray  # (17, n): 1, x, y, x_i y_j, |x|^2 + |y|^2; squared distances are linear

    @classmethod
    def of(cls, model: FloatArray, target: FloatArray) -> _Features:
        x, y = model - model.mean(axis=0), target - target.mean(axis=0)
        products = (x[:, :, np.newaxis] * y[:, np.newaxis, :]).reshape(-1, 9)
        xx, yy = (np.sum(v * v, axis=1, keepdims=True) for v in (x, y))
        sums = np.concatenate([x, y, products, xx, yy], axis=1)
        parts = [np.ones_like(xx), x, y, products, xx + yy]
        return cls(sums, np.ascontiguousarray(np.concatenate(parts, axis=1).T))


@dataclass(slots=True)
class _Search:
    """Follows fragments to where they lead, and remembers the best on the way."""

    features: _Features
    d0: float
    tm_sum: float = 0.0
    within: list[int] = field(default_factory=lambda: [0] * len(CUTOFFS))
    seen: set[bytes] = field(default_factory=set)

    def follow(self, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
        """Superpose fragments, then what lies close after that, until nothing is new."""
        sums = self.features.sums
        running = np.concatenate([np.zeros((1, sums.shape[1])), np.cumsum(sums, axis=0)])
        moments, counts = running[starts + lengths] - running[starts], lengths.astype(np.float64)
        near = min(max(self.d0, 4.5), 8.0)
        for again in range(_ROUNDS + 1):
            squared = _linear_forms(moments, counts) @ self.features.distances
            self._note(squared)
            close, counts = self._new(squared, near + 1.0 if again else near - 1.0)
            if not len(close):
                return
            moments = close.astype(np.float64) @ sums

    def _note(self, squared: FloatArray) -> None:
        """Keep the best sums and counts of these superpositions (rows) over residues.

        Rows that cannot win, by what is known of them already, are not looked at again.
        """
        most = _counted(np.packbits(squared <= CUTOFFS[-1] ** 2, axis=1))
        self.within[-1] = max(self.within[-1], int(most.max()))
        good = squared[self._note_tm(squared, most)]  # a high mark to begin with
        for at in reversed(range(len(CUTOFFS) - 1)):
            limit = CUTOFFS[at] ** 2
            self.within[at] = max(self.within[at], int(np.count_nonzero(good <= limit)))
            promising = np.flatnonzero(most > self.within[at])
            if promising.size:
                near = _rows(squared, promising) <= limit
                counts = _counted(np.packbits(near, axis=1))
                self.within[at] = max(self.within[at], int(counts.max()))
                if len(counts) == len(most):
                    most = counts
                else:
                    most[promising] = counts

    def _note_tm(self, squared: FloatArray, near: NDArray[np.intp]) -> int:
        """Keep the best TM sum, and return a row with a high one.

        `near` counts each row's residues within the widest cutoff, which bounds its sum.
        """
        first = int(near.argmax())
        self.tm_sum = max(self.tm_sum, float(self._tm_sums(squared[first : first + 1])[0]))
        far_part = 1.0 / (1.0 + (CUTOFFS[-1] / self.d0) ** 2)
        bounds = near + (squared.shape[1] - near) * far_part
        promising = np.flatnonzero(bounds > self.tm_sum)
        if not promising.size:
            return first
        rows = _rows(squared, promising)
        sums = self._tm_sums(rows)
        best = int(sums.argmax())
        self.tm_sum = max(self.tm_sum, float(sums[best]))
        return best if len(rows) == len(squared) else int(promising[best])

    def _tm_sums(self, squared: FloatArray) -> FloatArray:
        parts = squared + self.d0**2
        np.reciprocal(parts, out=parts)
        return np.asarray(parts @ np.full(parts.shape[1], self.d0**2))

    def _new(self, squared: FloatArray, distance: float) -> tuple[BoolArray, FloatArray]:
        """Return the sets of residues within a distance that were not met before, and their sizes.

        Where a set has less than three residues, the distance is widened in steps of 0.5.
        """
        close = squared < distance * distance
        packed = np.packbits(close, axis=1)
        counts = _counted(packed)
        enough = min(3, squared.shape[1])
        few = np.flatnonzero(counts < enough)
        if few.size:
            third = np.partition(squared[few], enough - 1, axis=1)[:, enough - 1]
            steps = np.floor((np.sqrt(third) - distance) / 0.5) + 1.0
            wider = distance + 0.5 * steps[:, np.newaxis]
            close[few] = squared[few] < wider * wider
            packed[few] = np.packbits(close[few], axis=1)
            counts[few] = _counted(packed[few])
        fresh = []
        for row, key in enumerate(packed.view(f"V{packed.shape[1]}").ravel().tolist()):
            if key not in self.seen:
                self.seen.add(key)
                fresh.append(row)
        return close[fresh], counts[fresh].astype(np.float64)


def _rows(squared: FloatArray, chosen: NDArray[np.intp]) -> FloatArray:
    """Return the chosen rows, or all: to gather most of them costs more than it saves."""
    return squared[chosen] if 2 * len(chosen) < len(squared) else squared


def _counted(packed: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return how many bits are set in each row."""
    return np.asarray(np.bitwise_count(packed).sum(axis=1, dtype=np.intp))


def _linear_forms(moments: FloatArray, counts: FloatArray) -> FloatArray:
    """Return, for each superposition, the 17 factors that give |R x + t - y|^2 of a residue."""
    weight = counts[:, np.newaxis]
    x, y = moments[:, :3] / weight, moments[:, 3:6] / weight
    covariances = moments[:, 6:15].reshape(-1, 3, 3) - (
        weight[:, :, np.newaxis] * x[:, :, np.newaxis] * y[:, np.newaxis, :]
    )
    spread_x = moments[:, 15] - counts * np.sum(x * x, axis=1)
    spread_y = moments[:, 16] - counts * np.sum(y * y, axis=1)
    scales = np.sqrt(np.maximum(spread_x, 0.0) * np.maximum(spread_y, 0.0))
    turn = rotations(covariances, scales)
    shift = y - np.einsum("sij,sj->si", turn, x)
    forms = np.empty((len(moments), 17))
    forms[:, 0] = np.sum(shift * shift, axis=1)
    forms[:, 1:4] = 2.0 * np.einsum("si,sij->sj", shift, turn)
    forms[:, 4:7] = -2.0 * shift
    forms[:, 7:16] = -2.0 * np.swapaxes(turn, 1, 2).reshape(-1, 9)
    forms[:, 16] = 1.0
    return forms
