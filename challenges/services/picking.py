"""Which metrics fit the targets of a round, and adding one with settings that can work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from challenges.errors import ChallengeError
from challenges.models import Round, RoundMetric
from challenges.selectors import target_specs
from challenges.services.advice import advice_for
from challenges.services.rounds import locked_draft
from scoring.contract import Aggregate, MetricChoice, TargetSpec
from scoring.metrics import Inputs, Metric, check_choices, get_metric


@dataclass(frozen=True, slots=True)
class Pick:
    """A metric in the light of a round's targets."""

    metric: Metric
    misfit: str  # why it cannot be computed with its default settings; empty: it can
    advice: tuple[str, ...]


def picks_for(round: Round, metrics: Sequence[Metric]) -> list[Pick]:
    """Return the metrics with what speaks against each here: those that fit come first."""
    specs = _of_each_shape(target_specs(round))
    found = [_pick(metric, specs) for metric in metrics]
    return sorted(found, key=lambda pick: bool(pick.misfit))


@transaction.atomic
def add_metric(round: Round, slug: str, version: int) -> RoundMetric:
    """Add a metric to a draft with its defaults; the first that can be primary is.

    Raises
    ------
    UnknownMetricError
        If there is no such metric.
    ChallengeError
        If the round has it already, or is published.
    """
    locked = locked_draft(round)
    metric = get_metric(slug, version)
    if RoundMetric.objects.filter(round=locked, key=metric.slug).exists():
        raise ChallengeError(
            f"The round has {metric.slug} already.",
            "Add it a second time in the form, with another key and other parameters.",
        )
    choice = _choice(metric, target_specs(locked))
    has_primary = RoundMetric.objects.filter(round=locked, is_primary=True).exists()
    pooled = choice.aggregate is Aggregate.POOLED
    return RoundMetric.objects.create(
        round=locked,
        key=metric.slug,
        metric=metric.slug,
        version=metric.version,
        aggregate=choice.aggregate.value,
        is_primary=not has_primary and metric.rankable and not pooled,
        position=RoundMetric.objects.filter(round=locked).count(),
    )


def _of_each_shape(specs: list[TargetSpec]) -> list[TargetSpec]:
    """Return one target of each shape: thousands of one shape say the same."""
    return list({(spec.shape, spec.of_reference): spec for spec in specs}.values())


def _choice(metric: Metric, specs: list[TargetSpec]) -> MetricChoice:
    single = bool(specs) and all(spec.shape in ((), (1,)) for spec in specs)
    pooled = metric.inputs is Inputs.SAMPLES and single
    return MetricChoice(
        key=metric.slug,
        slug=metric.slug,
        version=metric.version,
        aggregate=Aggregate.POOLED if pooled else Aggregate.MEAN,
    )


def _pick(metric: Metric, specs: list[TargetSpec]) -> Pick:
    choice = _choice(metric, specs)
    problems = check_choices([choice], specs)
    told = problems[0].message if problems else ""
    advice = tuple(each.sentence for each in advice_for(choice, specs))
    return Pick(metric, told[:1].upper() + told[1:], advice)
