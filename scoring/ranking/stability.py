"""Would the order be another, had something been a little different?

Kendall's tau between orders; ranks with one target, or one group of targets, left out; how far a
board on the public part of the targets differs from that on the sealed part; and two published
ways to put an error on a value.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Aggregate, Direction
from scoring.ranking.order import competition_ranks
from scoring.uncertainty import ROUNDING, Draws, Evaluate, replicate, weighted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROWS = 4096


def kendall_taus(replicates: FloatArray, board: FloatArray) -> FloatArray:
    """Return Kendall's tau-b between each row of a table of values and one row of values.

    Parameters
    ----------
    replicates : array of shape (rows, entries)
        Values by which entries are ranked; NaN stands after all others, in either direction.
    board : array of shape (entries,)
        The same of the board they are compared with, better in the same direction.

    Returns
    -------
    array of shape (rows,)
        NaN where all entries of one order tie.

    Examples
    --------
    >>> kendall_taus(np.array([[1.0, 2, 3], [3, 2, 1]]), np.array([1.0, 2, 3])).tolist()
    [1.0, -1.0]
    """
    board = np.where(np.isnan(board), np.inf, board)
    taus = [
        _taus(replicates[first : first + _ROWS], board)
        for first in range(0, len(replicates), _ROWS)
    ]
    return np.concatenate(taus) if taus else np.empty(0)


def _taus(rows: FloatArray, board: FloatArray) -> FloatArray:
    columns = np.ascontiguousarray(np.where(np.isnan(rows), np.inf, rows).T)
    agreement = np.zeros(len(rows), dtype=np.int64)
    untied = np.zeros(len(rows), dtype=np.int64)
    untied_board = 0
    for entry in range(len(board) - 1):
        others = columns[entry + 1 :]
        ahead = (others > columns[entry]).astype(np.int8) - (others < columns[entry])
        expected = (board[entry + 1 :] > board[entry]).astype(np.int8) - (
            board[entry + 1 :] < board[entry]
        )
        agreement += (ahead * expected[:, np.newaxis]).sum(axis=0, dtype=np.int64)
        untied += np.count_nonzero(ahead, axis=0)
        untied_board += int(np.count_nonzero(expected))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(agreement / np.sqrt(untied.astype(np.float64) * untied_board))


def ranks_without_each(
    evaluate: Evaluate, units: IntArray, *, direction: Direction, tolerance: float = 0.0
) -> IntArray:
    """Rank the entries again with one unit of targets left out, for every unit.

    Parameters
    ----------
    evaluate : function
        As for `scoring.uncertainty.replicate`.
    units : integer array of shape (targets,)
        ``arange(targets)`` leaves out one target at a time; the numbers of a label leave out all
        targets of one label.

    Returns
    -------
    integer array of shape (units, entries)
    """
    counts = (units[np.newaxis, :] != np.unique(units)[:, np.newaxis]).astype(np.float64)
    values = evaluate(counts)
    magnitude = np.nan_to_num(np.abs(values), nan=0.0).max(axis=1, initial=0.0)
    return competition_ranks(
        values, direction=direction, tolerance=np.maximum(tolerance, ROUNDING * magnitude)
    )


def shake_up(public: IntArray, private: IntArray) -> float:
    """Return the mean change of rank between two boards, as a share of the number of entries.

    Examples
    --------
    >>> shake_up(np.array([1, 2, 3, 4]), np.array([2, 1, 3, 4]))
    0.125
    """
    if public.shape != private.shape or not public.size:
        raise ValueError("give the ranks of the same entries on both boards")
    return float(np.abs(public - private).mean() / public.size)


def sampl_bounds(replicates: FloatArray, *, confidence: float = 0.95) -> tuple[FloatArray, ...]:
    """Return the bounds that SAMPL's analyses print: sorted draws 249 and n - 248 of 10,000.

    They are a little off the quantiles, and not symmetric. For other numbers of draws, those at
    the same places. Draws without value are not allowed.

    Source: the published analysis scripts of SAMPL6.
    """
    draws = len(replicates)
    place = math.floor(draws * (1.0 - confidence) / 2.0 + 1e-9) - 1
    if place < 2 or np.isnan(replicates).any():
        raise ValueError("these bounds need a value in every draw, and 120 draws or more at 95 %")
    ordered = np.sort(replicates, axis=0)
    return ordered[place], ordered[draws - place + 1]


def standard_errors_to_best(
    values: FloatArray,
    classes: IntArray,
    *,
    best: int,
    samples: int = 10_000,
    seed: int = 0,
) -> FloatArray:
    """Return the standard error of each entry's distance to the best, as ProteinGym prints it.

    Parameters
    ----------
    values : array of shape (entries, targets)
        One value for each protein, NaN allowed.
    classes : integer array of shape (targets,)
        As many proteins are drawn within each class as it has; the means of the classes are
        averaged.
    best : int
        Number of the entry that others are compared with; its own error is 0.

    Returns
    -------
    array of shape (entries,)
        Sample deviation over draws of the mean difference; NaN where a class has no value.
    """
    differences = values - values[best]
    parts = [
        weighted(differences[:, classes == each], how=Aggregate.MEAN) for each in np.unique(classes)
    ]
    members = [classes == each for each in np.unique(classes)]

    def evaluate(counts: FloatArray) -> FloatArray:
        means = [part(counts[:, member]) for part, member in zip(parts, members, strict=True)]
        return np.asarray(np.mean(means, axis=0))

    draws = Draws(np.arange(values.shape[1]), classes)
    return np.asarray(replicate(evaluate, draws, samples=samples, seed=seed).std(axis=0, ddof=1))
