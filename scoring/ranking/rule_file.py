"""Read a rule from what a JSON, TOML or YAML file says, and tell all that is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar

from scoring.aggregate import MissingPolicy
from scoring.contract import Aggregate, Direction, Problem
from scoring.errors import UnknownMetricError
from scoring.metrics.registry import get_metric
from scoring.ranking.rule import Adjustment, MetricTerm, ModelChoice, RankRule, Scheme, Ties
from scoring.ranking.table import LABELS
from scoring.ranking.zscores import ZScoreRule
from scoring.readers import ProblemLog

Choice = TypeVar("Choice", bound=StrEnum)
_KEYS = tuple(each.name for each in fields(RankRule))


def rule_from(content: object) -> RankRule:
    """Build a rule from the content of a rule file.

    Raises
    ------
    PredictionFormatError
        With a problem for every key that is wrong: what, and what to write.

    Examples
    --------
    >>> rule = rule_from({"metrics": [{"metric": "rmse", "direction": "lower"}]})
    >>> rule.scheme.value, rule.missing.value
    ('aggregate', 'incomplete')
    """
    log = ProblemLog()
    keys = _Keys(content, log, where="", allowed=_KEYS)
    rule = RankRule(
        metrics=_terms(keys.get("metrics"), log),
        scheme=keys.choice("scheme", Scheme.AGGREGATE),
        aggregate=keys.choice("aggregate", Aggregate.MEAN),
        levels=_levels(keys),
        unit_weights=keys.label("unit_weights"),
        target_weights=_target_weights(keys.get("target_weights", {}), log),
        models=keys.choice("models", ModelChoice.FIRST),
        missing=keys.choice("missing", MissingPolicy.INCOMPLETE),
        penalty=keys.number("penalty", None),
        tolerance=keys.real("tolerance", 0.0, low=0.0),
        target_tolerance=keys.real("target_tolerance", 0.0, low=0.0),
        ties=keys.choice("ties", Ties.MIN),
        z_score=_z_score(keys.get("z_score", {}), log),
        alpha=keys.real("alpha", 0.05, low=1e-6, high=0.5),
        adjust=keys.choice("adjust", Adjustment.NONE),
        resample=keys.label("resample", extra=("target",)) or "target",
        strata=keys.label("strata"),
        confidence=keys.real("confidence", 0.95, low=0.5, high=0.999),
    )
    log.raise_if_any()
    for problem in contradictions(rule):
        log.append(problem)
    log.raise_if_any()
    return rule


def contradictions(rule: RankRule) -> list[Problem]:
    """Return what a rule asks for that cannot be had together."""
    return [
        Problem("RULE", f"rule, key {key}: {message}", f"key {key}", remedy)
        for applies, key, message, remedy in _CONTRADICTIONS
        if applies(rule)
    ]


_COMPOSITE = (Scheme.MEAN_RANK, Scheme.Z_SCORE)
_CONTRADICTIONS: tuple[tuple[Callable[[RankRule], bool], str, str, str], ...] = (
    (
        lambda rule: len(rule.metrics) > 1 and rule.scheme not in _COMPOSITE,
        "metrics",
        "several metrics are named, and this scheme ranks by one metric",
        "leave one, or use scheme z_score or mean_rank, which combine several",
    ),
    (
        lambda rule: rule.aggregate is Aggregate.POOLED,
        "aggregate",
        "a pooled metric has one value for all targets, so nothing is left to aggregate",
        "give that value as the one target of the table, with aggregate mean",
    ),
    (
        lambda rule: (
            rule.scheme is Scheme.TEST_THEN_RANK
            and bool(rule.levels or rule.unit_weights or rule.target_weights)
        ),
        "scheme",
        "test_then_rank compares targets one by one: levels and weights mean nothing to it",
        "leave out levels, unit_weights and target_weights",
    ),
    (
        lambda rule: (
            rule.models is ModelChoice.BEST_COMPOSITE and rule.scheme is not Scheme.Z_SCORE
        ),
        "models",
        "best_composite chooses by the sum of Z-scores, which only scheme z_score has",
        "use best_per_metric or first",
    ),
    (
        lambda rule: (
            rule.missing is MissingPolicy.WORST
            and rule.penalty is None
            and rule.scheme is not Scheme.MEAN_RANK
        ),
        "penalty",
        "missing is worst, but nothing says what stands in",
        "declare penalty: a value of the metric, or a Z-score for scheme z_score",
    ),
    (
        lambda rule: rule.strata is not None and rule.strata == rule.resample,
        "strata",
        "it is the same label as resample: every draw would be the same",
        "resample something that lies within the strata",
    ),
)


class _Keys:
    """The keys of one part of a rule file; notes what is wrong and goes on with the default."""

    def __init__(
        self, content: object, log: ProblemLog, *, where: str, allowed: Sequence[str]
    ) -> None:
        self._where, self._log = where, log
        self._content: Mapping[str, Any] = content if isinstance(content, Mapping) else {}
        if not isinstance(content, Mapping):
            self.wrong("", f"is not a table of keys, but {content!r}", f"give {', '.join(allowed)}")
        for key in self._content:
            if key not in allowed:
                self.wrong(str(key), "is not a key of a rule", f"use one of {', '.join(allowed)}")

    def wrong(self, key: str, message: str, remedy: str) -> None:
        place = ".".join(part for part in (self._where, key) if part) or "(all)"
        self._log.add("RULE", f"rule, key {place}: {message}", where=f"key {place}", remedy=remedy)

    def get(self, key: str, default: object = None) -> Any:
        return self._content.get(key, default)

    def choice(self, key: str, default: Choice) -> Choice:
        found = self.get(key, default)
        allowed = list(type(default))
        if isinstance(found, str) and found in allowed:
            return type(default)(found)
        self.wrong(key, f"{found!r} is not a choice", f"use one of {', '.join(allowed)}")
        return default

    def label(self, key: str, *, extra: tuple[str, ...] = ()) -> str | None:
        found = self.get(key)
        if found is None or found in LABELS or found in extra:
            return None if found is None else str(found)
        self.wrong(key, f"{found!r} is no label", f"use one of {', '.join((*extra, *LABELS))}")
        return None

    def number(self, key: str, default: float | None) -> float | None:
        """Return a number, or None where the file says null."""
        return None if self.get(key, default) is None else self.real(key, default or 0.0)

    def real(
        self, key: str, default: float, *, low: float = -math.inf, high: float = math.inf
    ) -> float:
        found = self.get(key, default)
        if _is_number(found) and low <= found <= high:
            return float(found)
        bounds = "" if low == -math.inf else f" from {low:g}" + f" to {high:g}" * (high < math.inf)
        self.wrong(key, f"{found!r} is not a number{bounds}", f"write a number{bounds}")
        return default


def _is_number(found: object) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)


def _terms(content: object, log: ProblemLog) -> tuple[MetricTerm, ...]:
    if not isinstance(content, Sequence) or isinstance(content, str) or not content:
        _Keys({}, log, where="", allowed=()).wrong(
            "metrics", "names no metric", "give a list of {metric, direction, weight}"
        )
        return ()
    terms = [_term(each, f"metrics[{place}]", log) for place, each in enumerate(content)]
    names = [term.metric for term in terms]
    for name in sorted({name for name in names if names.count(name) > 1}):
        _Keys({}, log, where="", allowed=()).wrong(
            "metrics", f"{name!r} is named twice", "name each metric once, with its weight"
        )
    return tuple(terms)


def _term(content: object, where: str, log: ProblemLog) -> MetricTerm:
    content = {"metric": content} if isinstance(content, str) else content
    keys = _Keys(content, log, where=where, allowed=("metric", "direction", "weight"))
    name = keys.get("metric")
    if not isinstance(name, str) or not name:
        keys.wrong("metric", "names no metric", "write the metric as in the table of scores")
        name = ""
    direction = Direction.HIGHER
    if keys.get("direction") is not None:
        direction = keys.choice("direction", direction)
    elif name:
        direction = _registered_direction(name, keys) or direction
    weight = keys.real("weight", 1.0, low=0.0)
    if weight == 0:
        keys.wrong("weight", "is 0", "leave the metric out, or give it a weight")
    return MetricTerm(name, direction, weight)


def _registered_direction(name: str, keys: _Keys) -> Direction | None:
    try:
        return get_metric(name).direction
    except UnknownMetricError:
        keys.wrong(
            "direction",
            f"{name!r} is no metric of the catalogue, so its direction must be declared",
            "write direction: lower or direction: higher",
        )
        return None


def _levels(keys: _Keys) -> tuple[str, ...]:
    found = keys.get("levels", [])
    listed = isinstance(found, Sequence) and not isinstance(found, str)
    if listed and all(each in LABELS for each in found) and len(set(found)) == len(found):
        return tuple(found)
    keys.wrong("levels", f"{found!r} is not a list of labels", f"list some of {', '.join(LABELS)}")
    return ()


def _target_weights(content: object, log: ProblemLog) -> dict[str, float]:
    if not isinstance(content, Mapping):
        _Keys(content, log, where="target_weights", allowed=("a weight for each target",))
        return {}
    keys = _Keys(content, log, where="target_weights", allowed=list(content))
    return {str(target): keys.real(target, 1.0, low=0.0) for target in content}


def _z_score(content: object, log: ProblemLog) -> ZScoreRule:
    keys = _Keys(content, log, where="z_score", allowed=("ddof", "drop_below", "floor"))
    ddof = keys.get("ddof", 0)
    if ddof not in (0, 1) or isinstance(ddof, bool):
        keys.wrong("ddof", f"{ddof!r} is neither 0 nor 1", "write 0 (population) or 1 (sample)")
        ddof = 0
    return ZScoreRule(ddof=ddof, drop_below=_limit(keys, "drop_below"), floor=_limit(keys, "floor"))


def _limit(keys: _Keys, key: str) -> float | None:
    """Return a limit of Z-scores; the word ``none``, as TOML has no null, switches it off."""
    return None if keys.get(key) == "none" else keys.number(key, -2.0)
