"""The registered metrics and readers as choices, in plain words."""

from __future__ import annotations

from itertools import groupby

from django.utils.html import format_html
from django.utils.safestring import SafeString

from scoring.contract import Direction
from scoring.metrics import Inputs, Metric, all_metrics, get_metric
from scoring.readers import all_readers

Choices = list[tuple[str, str | list[tuple[str, str]]]]

SEES = {
    Inputs.FIELD: "for each target: an array",
    Inputs.SCALAR: "for each target: one number",
    Inputs.SAMPLES: "many samples: of one target, or each target is one (pooled)",
    Inputs.ARRAY: "for each target: one object",
}


def metric_key(slug: str, version: int) -> str:
    """Return slug and version as one choice."""
    return f"{slug}/{version}"


def metric_choices(*, keep: str = "") -> Choices:
    """Return the registered metrics by family; `keep` is offered even if it is gone."""
    by_family = groupby(sorted(all_metrics(), key=_order), key=lambda metric: metric.family)
    found: Choices = [("", "---------")]
    found += [(family, [_choice(metric) for metric in members]) for family, members in by_family]
    known = {metric_key(metric.slug, metric.version) for metric in all_metrics()}
    if keep and keep not in known:
        found.append((keep, f"{keep} (not installed any more)"))
    return found


def reader_choices() -> Choices:
    """Return the registered readers."""
    return [(reader.slug, f"{reader.slug}: {reader.title}") for reader in all_readers()]


def metric_help(slug: str, version: int) -> SafeString:
    """Return what a metric means, for the person who chooses it."""
    metric = get_metric(slug, version)
    return format_html(
        "{} Sees {}. {}.", metric.help, SEES[metric.inputs], direction_in_words(metric)
    )


def direction_in_words(metric: Metric) -> str:
    """Return which way is better, and what is perfect."""
    if not metric.rankable:
        return "Shown only: neither lower nor higher is better"
    word = "Higher" if metric.direction is Direction.HIGHER else "Lower"
    perfect = "no value" if metric.perfect is None else f"{metric.perfect:g}"
    return f"{word} is better, {perfect} is perfect"


def _order(metric: Metric) -> tuple[str, str, int]:
    return metric.family, metric.slug, metric.version


def _choice(metric: Metric) -> tuple[str, str]:
    key = metric_key(metric.slug, metric.version)
    return key, f"{metric.slug}: {metric.title} ({direction_in_words(metric).lower()})"


# When a family is the right one, for somebody who knows the science and not the metrics.
WHEN = {
    "scalars": "One number for each target, such as a measured value. Fit to rank by.",
    "regression": "Many numbers of one target, or one of each target seen together (pooled).",
    "fields": "Arrays over space and time: solutions of equations, weather, images of a quantity.",
    "classification": "Classes of many samples: labels, or probabilities of each class.",
    "retrieval": "Lists in which the best should stand first: screening, recommendation.",
    "ensembles": "Forecasts by members of an ensemble, compared with what came to be.",
    "parametric forecasts": "Forecasts by mean and width of a distribution.",
    "quantile forecasts": "Forecasts by quantiles, as of epidemics and prices.",
    "probability forecasts": "Probabilities of one event, and how honest they are.",
    "distributions": "A whole distribution or histogram against another.",
    "structure": "Places of atoms of proteins and molecules.",
    "segmentation": "Masks of one region or a few in images and volumes.",
    "instances": "Masks of single objects, such as cells, that are to be told apart.",
    "set matching": "Sets of found objects or points, of which none belongs to one by name.",
    "mass spectra": "Lists of peaks with intensities.",
    "sequences": "Sequences of letters or tokens.",
    "survival": "Times until an event, some of which are not known to their end.",
    "function prediction": "Many labels of an ontology for each protein.",
    "discovery": "How much sooner a ranking finds what is sought.",
}


# Words that people search by, where a record says it in others.
ALSO = {
    "kendall_tau_b": "rank correlation order",
    "kendall_tau_c": "rank correlation order",
    "spearman": "rank correlation order",
    "weighted_tau": "rank correlation order",
    "absolute_error": "mae mean absolute error robust outlier",
    "squared_error": "rmse mse root mean square outlier",
    "signed_error": "bias shift mean signed error",
    "max_absolute_error": "worst case outlier",
    "max_error": "worst case point maximum",
    "balanced_accuracy": "imbalanced rare class",
    "mcc": "imbalanced rare class matthews",
    "average_precision": "imbalanced rare class precision recall",
    "weighted_kappa": "annotators agreement ordered levels ordinal",
    "cohen_kappa": "annotators agreement",
    "crps_fair": "ensemble probabilistic forecast",
    "wis": "quantiles interval probabilistic forecast",
    "lddt": "protein structure local distance",
    "rmsd": "protein structure superposition",
}


def search_metrics(query: str, *, family: str = "") -> list[Metric]:
    """Return the metrics whose record has all words of the query, by family."""
    words = query.lower().split()
    return [
        metric
        for metric in sorted(all_metrics(), key=_order)
        if (not family or metric.family == family)
        and all(word in _text_of(metric) for word in words)
    ]


def families() -> list[str]:
    """Return the families of metrics."""
    return sorted({metric.family for metric in all_metrics()})


def _text_of(metric: Metric) -> str:
    said = (metric.slug, metric.title, metric.family, metric.help, *metric.traps)
    return " ".join((*said, WHEN.get(metric.family, ""), ALSO.get(metric.slug, ""))).lower()
