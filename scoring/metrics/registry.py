"""Which metrics there are: the modules below this package and what the operator installed."""

from __future__ import annotations

import importlib
import pkgutil
from difflib import get_close_matches
from functools import cache
from importlib.metadata import entry_points

import scoring.metrics
from scoring.errors import UnknownMetricError
from scoring.metrics.base import Metric

ENTRY_POINT_GROUP = "heldout.metrics"


def get_metric(slug: str, version: int | None = None) -> Metric:
    """Return the metric of this slug, at this version or the newest.

    Raises
    ------
    UnknownMetricError
        If there is none.

    Examples
    --------
    >>> import numpy as np
    >>> nrmse = get_metric("nrmse")
    >>> field = np.sin(np.linspace(0.0, 6.0, 32)).reshape(2, 16)
    >>> nrmse.compute(field, 1.5 * field, layout="tx")
    0.5
    """
    versions = [metric for metric in all_metrics() if metric.slug == slug]
    if not versions:
        near = get_close_matches(slug, sorted({metric.slug for metric in all_metrics()}), n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UnknownMetricError(f"no metric {slug!r}{hint}")
    for metric in reversed(versions):
        if version in (None, metric.version):
            return metric
    there = ", ".join(str(metric.version) for metric in versions)
    raise UnknownMetricError(f"metric {slug} has no version {version}; there is {there}")


def all_metrics() -> tuple[Metric, ...]:
    """Return every registered metric in every version, by slug and version."""
    return _metrics()


def newest_metrics() -> tuple[Metric, ...]:
    """Return every registered metric in its newest version, by slug."""
    return tuple({metric.slug: metric for metric in all_metrics()}.values())


@cache
def _metrics() -> tuple[Metric, ...]:
    found: dict[tuple[str, int], Metric] = {}
    for metric in (*built_in_metrics(), *_installed()):
        if (metric.slug, metric.version) in found:
            raise ValueError(f"two metrics are registered as {metric.slug!r} {metric.version}")
        found[metric.slug, metric.version] = metric
    return tuple(found[key] for key in sorted(found))


def built_in_metrics() -> list[Metric]:
    """Return what the modules below this package name in `METRICS`, without installed packages."""
    below = pkgutil.walk_packages(scoring.metrics.__path__, f"{scoring.metrics.__name__}.")
    modules = [importlib.import_module(name) for name in sorted(module.name for module in below)]
    return [metric for module in modules for metric in getattr(module, "METRICS", ())]


def _installed() -> list[Metric]:
    """Load what installed packages offer: each entry point is a `Metric` or several."""
    metrics: list[Metric] = []
    for point in entry_points(group=ENTRY_POINT_GROUP):
        offered = point.load()
        metrics += [offered] if isinstance(offered, Metric) else list(offered)
    return metrics
