"""Metrics: records with a definition, its traps, its source, and the function itself.

A module below this package that defines `METRICS` offers built-in metrics; a family of several
modules has a folder. Packages installed by the operator add theirs through the entry-point group
``heldout.metrics``.
"""

from scoring.metrics.base import Inputs, Meaning, Mergeable, Metric, Parameter
from scoring.metrics.choices import check_choices
from scoring.metrics.registry import all_metrics, get_metric, newest_metrics

__all__ = [
    "Inputs",
    "Meaning",
    "Mergeable",
    "Metric",
    "Parameter",
    "all_metrics",
    "check_choices",
    "get_metric",
    "newest_metrics",
]
