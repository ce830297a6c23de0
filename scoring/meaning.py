"""What the predictions of a round mean, by its metrics, and so how several are made one.

Nothing is guessed: a metric whose predictions nobody has told the meaning of allows no consensus,
and metrics that disagree allow what they all do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from scoring.consensus import Way
from scoring.contract import MetricChoice, TargetSpec
from scoring.metrics.base import Meaning, Metric
from scoring.metrics.registry import get_metric

BUILT_IN: dict[Meaning, str] = {
    # Quantiles keep their order under both, and parameters of a normal, logistic or log-normal
    # forecast are averaged as its quantiles would be.
    Meaning.VALUE: """
        acc activity_ratio band_energy_error bias_latitude brmse conserved_drift correlation_time
        crmse frmse linf max_error nmse nrmse nrmse_apebench nrmse_well pearson_field relative_h1
        relative_l1 relative_l2 rmse_field rmse_latitude rmse_latitude_each rollout_nrmse
        spectral_mse spectral_nmse spectrum_log_error ssim valid_time vrmse
        absolute_error digits_correct signed_error squared_error
        ccc centred_rmse explained_variance huber mae mape max_absolute_error mean_error
        median_absolute_error mse msle nrmse_samples r2_determination rmse rmsle slope smape
        discovery_acceleration
        crps_gaussian crps_logistic crps_lognormal dawid_sebastiani log_score_gaussian
        pit_deviation_gaussian
        coverage_deviation interval_coverage interval_score pinball_loss quantile_bias
        quantile_score wis wis_dispersion wis_overprediction wis_underprediction
    """,
    Meaning.PROBABILITY: """
        auroc_multiclass brier ece_binary ece_top_label log_loss
        brier_reliability brier_resolution integrated_brier
        hellinger jensen_shannon kl_divergence total_variation wasserstein_histogram
    """,
    Meaning.LABEL: """
        accuracy balanced_accuracy cohen_kappa exact_match f_beta g_mean hamming_loss jaccard mcc
        precision recall specificity weighted_kappa youden_j
        assd dice dice_macro hausdorff hd95 iou iou_macro relative_volume_difference surface_dice
        volume_similarity
    """,
    Meaning.ORDER: """
        auprc_interpolated auprc_trapezoid auroc average_precision top_k_accuracy
        kendall_tau_b kendall_tau_c pearson r2_pearson spearman weighted_tau
        average_precision_at_k bedroc enrichment_factor enrichment_share ndcg precision_at_k
        r_precision recall_at_k reciprocal_rank rie top_recall
        contact_precision fmax smin harrell_c uno_c
    """,
    Meaning.FRAME: """
        gdt_ha gdt_ts lddt lddt_residue_mean modelled_fraction rmsd tm_score
    """,
    Meaning.SET: """
        energy_distance kolmogorov_smirnov mmd_gaussian wasserstein
        brier_ensemble crps_ensemble crps_fair energy_score energy_score_fair ensemble_mean_rmse
        rank_histogram_chi2 rank_histogram_deviation spread_skill_ratio variogram_score
        spectral_angle spectral_cosine spectral_entropy_similarity
        chamfer gospa matched_f1 matched_mae matched_rmse ospa unmatched_count
    """,
    Meaning.NAMES: """
        adjusted_rand normalized_mutual_information panoptic_quality recognition_quality
        segmentation_quality variation_of_information
    """,
    Meaning.SEQUENCE: "edit_distance edit_distance_normalized token_error_rate",
    Meaning.LOGARITHM: "perplexity",
}
_WAYS: dict[Meaning, frozenset[Way]] = {
    Meaning.VALUE: frozenset({Way.MEDIAN, Way.MEAN}),
    Meaning.PROBABILITY: frozenset({Way.MEAN}),
    Meaning.LABEL: frozenset({Way.VOTE}),
    Meaning.ORDER: frozenset(Way),  # no objection, but no reason either
}


class Obstacle(StrEnum):
    """Why the predictions of a round have no middle."""

    UNDECLARED = "undeclared"
    ORDER = "order"
    DISAGREEMENT = "disagreement"
    FREE_SHAPE = "free_shape"
    FRAME = "frame"
    SET = "set"
    NAMES = "names"
    SEQUENCE = "sequence"
    LOGARITHM = "logarithm"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a round's predictions are made one, or why not; `metric` is the key of who objects."""

    ways: tuple[Way, ...] = ()
    normalise: bool = False
    obstacle: Obstacle | None = None
    metric: str = ""


def meaning_of(metric: Metric) -> Meaning | None:
    """Return what a prediction for this metric is; None if nobody has told.

    Examples
    --------
    >>> meaning_of(get_metric("rmsd"))
    <Meaning.FRAME: 'frame'>
    """
    return metric.meaning or _by_slug().get(metric.slug)


def ways_for(metrics: Sequence[MetricChoice], targets: Sequence[TargetSpec]) -> Verdict:
    """Decide how predictions of these targets, judged by these metrics, are made one.

    Examples
    --------
    >>> verdict = ways_for([MetricChoice("e", "mae"), MetricChoice("r", "spearman")], [])
    >>> [way.value for way in verdict.ways]
    ['median', 'mean']
    >>> ways_for([MetricChoice("r", "spearman")], []).obstacle
    <Obstacle.ORDER: 'order'>
    """
    allowed, scale = frozenset(Way), False
    for choice in metrics:
        meaning = meaning_of(get_metric(choice.slug, choice.version))
        if meaning is None:
            return Verdict(obstacle=Obstacle.UNDECLARED, metric=choice.key)
        if meaning not in _WAYS:
            return Verdict(obstacle=Obstacle(meaning.value), metric=choice.key)
        allowed &= _WAYS[meaning]
        scale |= meaning is not Meaning.ORDER
        if not allowed:
            return Verdict(obstacle=Obstacle.DISAGREEMENT, metric=choice.key)
    if not scale:
        return Verdict(obstacle=Obstacle.ORDER)
    if any(None in target.shape for target in targets):
        return Verdict(obstacle=Obstacle.FREE_SHAPE)
    return Verdict(
        ways=tuple(way for way in Way if way in allowed),
        normalise=_takes_any_multiple(metrics) and _has_classes(targets),
    )


def _takes_any_multiple(metrics: Sequence[MetricChoice]) -> bool:
    """Tell whether a metric divides the probabilities of a sample by their sum."""
    return any(
        choice.parameters.get("renormalize", False)
        for choice in metrics
        if meaning_of(get_metric(choice.slug, choice.version)) is Meaning.PROBABILITY
    )


def _has_classes(targets: Sequence[TargetSpec]) -> bool:
    """Tell whether the last axis of each prediction holds classes, which the answer has not."""
    return bool(targets) and all(len(t.shape) == len(t.of_reference) + 1 for t in targets)


@cache
def _by_slug() -> dict[str, Meaning]:
    return {slug: meaning for meaning, slugs in BUILT_IN.items() for slug in slugs.split()}
