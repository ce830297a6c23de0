"""The rule of a board as JSON, and its columns, as a revision keeps them."""

from __future__ import annotations

from typing import Any

from challenges.models import Round
from leaderboards.entries import Rule
from scoring.engine import ENGINE_VERSION
from scoring.metrics.registry import get_metric


def rule_document(rule: Rule) -> dict[str, Any]:
    """Say in JSON how the board was ranked, seed included, so that anyone can do it again."""
    return {
        "metric": rule.primary.key,
        "direction": rule.direction.value,
        "aggregate": rule.how.value,
        "tie_tolerance": rule.tolerance,
        "missing_policy": rule.missing.value,
        "missing_penalty": rule.penalty,
        "bootstrap_resamples": rule.resamples,
        "bootstrap_seed": rule.seed,
        "engine_version": ENGINE_VERSION,
        "entry": _entry_in_words(rule),
    }


def _entry_in_words(rule: Rule) -> str:
    last = "last scored submission of each team and method"
    if rule.replaces == Round.UploadReplaces.ANSWERS:
        last = "last scored answer of each team and method to each target"
    if rule.basis == Round.ModelBasis.BEST:
        return f"{last}; of its models the best for each target and metric"
    return last


def column_documents(rule: Rule) -> list[dict[str, Any]]:
    """Describe the board's metric columns, the ranking one first."""
    columns = []
    for metric in rule.metrics:
        record = get_metric(metric.metric, metric.version)
        columns.append(
            {
                "key": metric.key,
                "label": metric.label or record.title,
                "metric": metric.metric,
                "version": metric.version,
                "unit": record.unit,
                "direction": record.direction.value,
                "aggregate": metric.aggregate,
                "is_primary": metric.is_primary,
            }
        )
    return columns
