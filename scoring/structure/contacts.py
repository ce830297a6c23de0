"""Which residues touch, and how many of the best-scored pairs of a prediction do."""

from __future__ import annotations

import numpy as np

from scoring.structure.superposition import FloatArray

# Residues between the two of a pair, by the names of the assessments: from, up to (None: any).
RANGES: dict[str, tuple[int, int | None]] = {
    "short": (6, 11),
    "medium": (12, 23),
    "long": (24, None),
    "medium_and_long": (12, None),
}


def precision_of_top(contacts: FloatArray, scores: FloatArray, *, top: int) -> float:
    """Return the share of contacts among the best-scored pairs.

    Where equal scores straddle the end of the list, it is the mean over all orders of them, so
    that the order of pairs in a file never matters.

    Parameters
    ----------
    contacts : array of shape (pairs,)
        1 for a pair that touches, else 0.
    scores : array of shape (pairs,)
        Higher is more certain.
    top : int
        How many pairs are looked at, from 1 to all.
    """
    last = np.partition(scores, len(scores) - top)[len(scores) - top]
    above, level = scores > last, scores == last
    sure = float(contacts[above].sum())
    rest = top - int(above.sum())
    return (sure + rest * float(contacts[level].mean())) / top


def pairs_in_range(
    points: FloatArray, scores: FloatArray, *, separation: str, cutoff: float
) -> tuple[FloatArray, FloatArray]:
    """Return contacts (0 or 1) and scores of the pairs of a range of separations.

    Parameters
    ----------
    points : array of shape (n, 3)
        One point for each residue, in angstrom.
    scores : array of shape (n, n)
        The two scores of a pair, above and below the diagonal, are averaged.
    separation : str
        A name of `RANGES`.
    cutoff : float
        Residues closer than this touch.
    """
    nearest, farthest = RANGES[separation]
    first, second = np.triu_indices(len(points), k=nearest)
    if farthest is not None:
        kept = second - first <= farthest
        first, second = first[kept], second[kept]
    apart = np.linalg.norm(points[first] - points[second], axis=1)
    return (apart < cutoff).astype(np.float64), (scores[first, second] + scores[second, first]) / 2
