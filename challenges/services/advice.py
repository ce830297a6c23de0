"""Known traps of metrics in the context of a round: what an expert would say looking over it.

Judged from public facts of the targets and the choices alone; `answer_traps` reads the answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from challenges.models import Round
from challenges.selectors import metric_choices, primary_metric_or_none, target_specs
from scoring.contract import Aggregate, MetricChoice, TargetSpec
from scoring.errors import UnknownMetricError
from scoring.metrics import Inputs, get_metric

# Below so many samples a correlation or an R2 says next to nothing.
FEW_SAMPLES = 10
CORRELATIONS = frozenset(
    {"pearson", "spearman", "kendall_tau_b", "kendall_tau_c", "weighted_tau", "r2_pearson", "ccc"}
)
VARIANCE_SHARES = frozenset({"r2_determination", "explained_variance"})
PERCENTAGES = frozenset({"mape", "smape", "msle", "rmsle"})
RELATIVE = frozenset({"mape", "relative_l1", "relative_l2", "nrmse", "nmse"})
HIDES_MINORITY = frozenset({"accuracy", "exact_match", "hamming_loss", "auroc"})
SEES_MINORITY = frozenset(
    {"balanced_accuracy", "mcc", "average_precision", "auprc_trapezoid", "f_beta", "g_mean",
     "cohen_kappa", "weighted_kappa", "recall", "auprc_interpolated"}
)  # fmt: skip
IN_MEMBERS_BIASED = {"crps_ensemble": "crps_fair", "energy_score": "energy_score_fair"}
UNITS_OF_TARGET = "unit of the target"


@dataclass(frozen=True, slots=True)
class Advice:
    """One trap: the metric's key (empty: the choice as a whole) and what to do about it."""

    key: str
    sentence: str


def advice_on(round: Round) -> list[Advice]:
    """Return the known traps of the round's metrics, the whole choice first."""
    choices = metric_choices(round)
    if not choices:
        return []
    primary = primary_metric_or_none(round)
    found = _of_all(choices)
    for choice in choices:
        is_primary = primary is not None and primary.key == choice.key
        found += advice_for(choice, target_specs(round), is_primary=is_primary)
    return found


def advice_for(
    choice: MetricChoice, targets: list[TargetSpec], *, is_primary: bool = False
) -> list[Advice]:
    """Return the known traps of one metric with these targets."""
    try:
        metric = get_metric(choice.slug, choice.version)
    except UnknownMetricError:
        return []
    sentences = [
        *_few_samples(choice, targets),
        *_percentages(choice, targets),
        *_scales(choice, targets, is_primary=is_primary, unit=metric.unit),
        *_boundaries(choice),
        *_ensembles(choice),
    ]
    if metric.inputs is Inputs.SCALAR and choice.aggregate is Aggregate.MEDIAN:
        sentences.append(
            f"{choice.key}: a median over targets does not see the worse half of them at all; "
            "show a mean beside it."
        )
    return [Advice(choice.key, sentence) for sentence in sentences]


def _of_all(choices: list[MetricChoice]) -> list[Advice]:
    slugs = {choice.slug for choice in choices}
    found = []
    if len(choices) == 1:
        found.append(
            Advice(
                "",
                "There is one metric only. Every metric is blind to something: add a second that "
                "sees what the first does not, such as a worst case beside a mean.",
            )
        )
    if slugs & HIDES_MINORITY and not slugs & SEES_MINORITY:
        names = ", ".join(sorted(slugs & HIDES_MINORITY))
        found.append(
            Advice(
                "",
                f"{names} can be high for a model that never finds a rare class. Add one that "
                "sees it, such as balanced_accuracy, mcc or average_precision.",
            )
        )
    if len(slugs & CORRELATIONS) == len(slugs):
        found.append(
            Advice(
                "",
                "All metrics are correlations: a prediction in the wrong unit or with a constant "
                "shift would be perfect. Add an error, such as absolute_error.",
            )
        )
    return found


def _few_samples(choice: MetricChoice, targets: list[TargetSpec]) -> list[str]:
    if choice.slug not in CORRELATIONS | VARIANCE_SHARES:
        return []
    if choice.aggregate is Aggregate.POOLED:
        if len(targets) >= FEW_SAMPLES:
            return []
        return [
            f"{choice.key} is computed over {len(targets)} targets: below {FEW_SAMPLES} one "
            "outlier decides its sign."
        ]
    lengths = [target.of_reference[0] for target in targets if target.of_reference]
    short = [length for length in lengths if length is not None and length < FEW_SAMPLES]
    what = "has no value" if choice.slug in CORRELATIONS else "has no value or is minus infinity"
    found = [
        f"{choice.key} {what} for a target whose answer is constant, and differs from the pooled "
        "one: a mean of values per target does not see differences between targets. 'Look at the "
        "answers' tells whether one is constant."
    ]
    if short:
        found.append(
            f"{choice.key}: {len(short)} targets have fewer than {FEW_SAMPLES} samples, too few."
        )
    return found


def _percentages(choice: MetricChoice, targets: list[TargetSpec]) -> list[str]:
    if choice.slug not in PERCENTAGES | {"relative_l1", "relative_l2"}:
        return []
    near_zero = [target for target in targets if target.low is None or target.low <= 0]
    if not near_zero:
        return []
    return [
        f"{choice.key} divides by the answer or takes its logarithm: where answers are near zero "
        f"they decide alone. {len(near_zero)} targets have no lower limit above zero."
    ]


def _scales(
    choice: MetricChoice, targets: list[TargetSpec], *, is_primary: bool, unit: str
) -> list[str]:
    shapes = {target.shape for target in targets}
    if not is_primary or len(shapes) < 2 or not unit.startswith(UNITS_OF_TARGET):
        return []
    return [
        f"{choice.key} is in the unit of the target, and targets differ in shape: those on a "
        "larger scale decide the mean. Choose a normalized metric, or weigh the targets."
    ]


def _boundaries(choice: MetricChoice) -> list[str]:
    if choice.slug != "brmse":
        return []
    return [
        f"{choice.key} looks at the edge of the array. In a periodic problem the edge is an "
        "ordinary place, and the value says nothing of its own; leave it out there."
    ]


def _ensembles(choice: MetricChoice) -> list[str]:
    fair = IN_MEMBERS_BIASED.get(choice.slug)
    if fair is None:
        return []
    return [
        f"{choice.key} punishes small ensembles. If entries may differ in their number of "
        f"members, choose {fair}."
    ]
