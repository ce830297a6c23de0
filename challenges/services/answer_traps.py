"""Traps that only the answers tell: constant, near zero, nearly of one class.

Says which metric is spoilt for which target; never a value, a count of classes or their names.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from accounts.models import User
from challenges.models import Round
from challenges.services.advice import CORRELATIONS, HIDES_MINORITY, PERCENTAGES, VARIANCE_SHARES
from challenges.services.references import open_references
from scoring.contract import Aggregate
from scoring.readers.base import ProblemLog
from scoring.readers.npy_format import open_array

MOST_VALUES = 4_000_000  # of one answer: the first of a larger one
NEAR_ZERO = 1e-3  # of the typical size
MOST_CLASSES = 50
ONE_CLASS = 0.8
NEED_SPREAD = CORRELATIONS | VARIANCE_SHARES | {"weighted_kappa", "cohen_kappa", "mcc", "vrmse"}
DIVIDE = PERCENTAGES | {"relative_l1", "relative_l2", "nrmse", "nmse"}
BY_POINT = frozenset({"mape", "smape"})


def answer_traps(round: Round, *, by: User) -> list[str]:
    """Read the answers and return which metrics they spoil. That it was done is written down."""
    rows = list(round.metrics.all())
    per_target = {row.metric for row in rows if row.aggregate != Aggregate.POOLED.value}
    pooled = {row.metric for row in rows} - per_target
    found: list[str] = []
    singles: list[NDArray[np.float64]] = []
    with open_references(round=round, purpose="look for traps", subject=by.username) as handles:
        for slug, handle in handles.items():
            values = _values(handle, slug)
            if values.size == 1:
                singles.append(values)
            found += _traps(values, per_target, where=f"The answer of target {slug}")
    if singles and pooled:
        found += _traps(np.concatenate(singles), pooled, where="All answers together")
    return found


def _values(handle: BinaryIO, slug: str) -> NDArray[np.float64]:
    source = open_array(handle, ProblemLog(), where=slug)
    if source is None:
        return np.empty(0)
    parts, size = [], 0
    for chunk in source.chunks():
        parts.append(np.asarray(chunk, dtype=np.float64).ravel())
        size += parts[-1].size
        if size >= MOST_VALUES:
            break
    return np.concatenate(parts) if parts else np.empty(0)


def _traps(values: NDArray[np.float64], metrics: set[str], *, where: str) -> list[str]:
    if values.size == 0:
        return []
    found = []
    size = np.abs(values)
    typical = float(np.median(size))
    spoilt = metrics & NEED_SPREAD
    if values.size > 1 and spoilt and float(np.ptp(values)) == 0.0:
        found.append(f"{where}: constant, so these have no value there: {_names(spoilt)}.")
    spoilt = metrics & DIVIDE
    if spoilt and float(size.max()) == 0.0:
        found.append(f"{where}: zero everywhere, which these divide by: {_names(spoilt)}.")
    elif metrics & BY_POINT and bool((size < NEAR_ZERO * typical).any()):
        names = _names(metrics & BY_POINT)
        found.append(f"{where}: values near zero, which decide alone in {names}.")
    spoilt = metrics & HIDES_MINORITY
    if spoilt and _share_of_largest(values) > ONE_CLASS:
        found.append(
            f"{where}: mostly of one class: always naming it would look good in "
            f"{_names(spoilt)}. Add balanced_accuracy or mcc."
        )
    return found


def _share_of_largest(values: NDArray[np.float64]) -> float:
    classes, counts = np.unique(values, return_counts=True)
    if values.size < 2 or classes.size > MOST_CLASSES or bool((classes != np.round(classes)).any()):
        return 0.0
    return float(counts.max() / values.size)


def _names(metrics: set[str]) -> str:
    return ", ".join(sorted(metrics))
