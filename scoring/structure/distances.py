"""Distances inside a structure, which need no superposition: neighbours, and lDDT over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring.structure.superposition import FloatArray

_BLOCK_VALUES = 2**16  # distances held at once while neighbours are looked for
_BLOCK_PAIRS = 2**16

IndexArray = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The pairs of atoms of different residues that lie close together in a reference."""

    first: IndexArray  # (pairs,)
    second: IndexArray
    lengths: FloatArray
    residues: IndexArray  # (atoms,): number of each atom's residue, from 0

    def __len__(self) -> int:
        return len(self.first)


def neighbours_of(reference: FloatArray, *, radius: float) -> Neighbours:
    """Return the pairs of atoms at most `radius` apart, in angstrom.

    Parameters
    ----------
    reference : array of shape (residues, atoms, 3)
        The same number of atoms in each residue; pairs inside a residue do not count.

    Notes
    -----
    The last result is kept, so that many models of one target share it. It takes 24 bytes for
    each pair.
    """
    plain = np.ascontiguousarray(reference, dtype=np.float64)
    return _found_neighbours(plain.tobytes(), atoms=plain.shape[1], radius=radius)


def kept_shares(
    neighbours: Neighbours, model: FloatArray, *, cutoffs: Sequence[float]
) -> FloatArray:
    """Return, for each pair, the share of cutoffs within which the model keeps its distance.

    Parameters
    ----------
    model : array of shape (residues, atoms, 3)
        The reference's atoms in its order. NaN marks an atom that the model leaves out: none of
        its distances is kept.
    cutoffs : sequence of float
        Largest differences, in angstrom, at which a distance is kept.
    """
    columns = np.ascontiguousarray(model.reshape(-1, 3).T, dtype=np.float64)
    kept = np.zeros(len(neighbours), dtype=np.int8)
    for start in range(0, len(neighbours), _BLOCK_PAIRS):
        block = slice(start, start + _BLOCK_PAIRS)
        apart = _lengths(columns, first=neighbours.first[block], second=neighbours.second[block])
        apart -= neighbours.lengths[block]
        np.abs(apart, out=apart)
        for cutoff in cutoffs:
            kept[block] += apart <= cutoff  # never true of a NaN
    return kept / len(cutoffs)


def residue_means(neighbours: Neighbours, shares: FloatArray) -> FloatArray:
    """Return the mean share of the pairs of each residue that has any.

    A pair counts for both its residues.
    """
    count = int(neighbours.residues[-1]) + 1
    total, kept = np.zeros(count), np.zeros(count)
    for atoms in (neighbours.first, neighbours.second):
        ends = neighbours.residues[atoms]
        total += np.bincount(ends, minlength=count)
        kept += np.bincount(ends, shares, minlength=count)
    there = total > 0
    return np.asarray(kept[there] / total[there])


@lru_cache(maxsize=1)
def _found_neighbours(reference_bytes: bytes, *, atoms: int, radius: float) -> Neighbours:
    points = np.frombuffer(reference_bytes).reshape(-1, 3)
    pairs = list(_close_pairs(points - points.mean(axis=0), atoms, radius=radius))
    first, second = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    lengths = _lengths(np.ascontiguousarray(points.T), first=first, second=second)
    return Neighbours(first, second, lengths, np.repeat(np.arange(len(points) // atoms), atoms))


def _close_pairs(
    points: FloatArray, atoms: int, *, radius: float
) -> Iterator[tuple[IndexArray, IndexArray]]:
    """Yield the pairs (i < j) in blocks of whole residues: rows of the matrix of distances."""
    count = len(points)
    squares = np.sum(points * points, axis=1, keepdims=True)
    ones = np.ones_like(squares)
    left = np.concatenate([-2.0 * points, squares, ones], axis=1)
    right = np.ascontiguousarray(np.concatenate([points, ones, squares], axis=1).T)
    begin = 0
    while begin < count:
        rows = max(1, _BLOCK_VALUES // (count - begin) // atoms) * atoms
        end = min(count, begin + rows)
        near = left[begin:end] @ right[:, begin:] <= radius * radius
        residue = np.arange(end - begin) // atoms
        near[:, : end - begin] &= residue[:, np.newaxis] < residue
        first, second = np.divmod(np.flatnonzero(near), count - begin)
        yield first + begin, second + begin
        begin = end


def _lengths(columns: FloatArray, *, first: IndexArray, second: IndexArray) -> FloatArray:
    squared = np.zeros(len(first))
    for column in columns:
        apart = column[first]
        apart -= column[second]
        apart *= apart
        squared += apart
    return np.sqrt(squared, out=squared)
