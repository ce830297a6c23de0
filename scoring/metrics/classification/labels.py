"""Classification by labels: the class, or the set of labels, predicted for each sample."""

from __future__ import annotations

from functools import partial

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.classification.confusion import (
    Counts,
    averaged_ratio,
    confusion_matrix,
    indicators,
    label_pair,
    labels,
)
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.samples_chunk import SamplesChunk
from scoring.metrics.samples_rule import ALL_ANSWERED, Parameters, SamplesRule
from scoring.readers.base import AnyArray

_SOKOLOVA = "Sokolova & Lapalme, Inf. Process. Manag. 45, 427 (2009), doi:10.1016/j.ipm.2009.03.002"
_COHEN_W = "Cohen, Psychol. Bull. 70, 213 (1968), doi:10.1037/h0026256"
_IMBALANCE = "On unbalanced classes, always calling the common one scores high."
_AVERAGE = Parameter(
    "average",
    "'binary' looks at the positive class alone; 'macro' is the plain mean over classes (or "
    "labels); 'weighted' the mean weighted by true samples; 'micro' counts all classes together; "
    "'samples' is the mean over samples, with several labels each.",
    default="binary",
    choices=("binary", "macro", "micro", "weighted", "samples"),
)
_POSITIVE = Parameter("positive", "The label of the positive class.", default=1)
_EMPTY = Parameter(
    "empty",
    "What 0 divided by 0 counts as, where a class is neither predicted nor true.",
    default="zero",
    choices=("zero", "one", "undefined"),
)


def _agreements(chunk: SamplesChunk, _: Parameters) -> FloatArray:
    truth = labels(chunk.reference, name="reference")
    return np.asarray((truth == labels(chunk.prediction, name="prediction")).sum())


def _differences(chunk: SamplesChunk, _: Parameters) -> FloatArray:
    truth = labels(chunk.reference, name="reference")
    wrong = truth != labels(chunk.prediction, name="prediction")
    return np.asarray(wrong.reshape(len(wrong), -1).mean(axis=1).sum())


def _exact(chunk: SamplesChunk, _: Parameters) -> FloatArray:
    truth = indicators(chunk.reference, name="reference")
    return np.asarray((truth == indicators(chunk.prediction, name="prediction")).all(1).sum())


def _precision(counts: Counts) -> tuple[FloatArray, FloatArray]:
    return counts.tp, counts.tp + counts.fp


def _recall(counts: Counts) -> tuple[FloatArray, FloatArray]:
    return counts.tp, counts.tp + counts.fn


def _jaccard(counts: Counts) -> tuple[FloatArray, FloatArray]:
    return counts.tp, counts.tp + counts.fp + counts.fn


def f_beta(reference: AnyArray, prediction: AnyArray, *, beta: float, **how: str | int) -> float:
    """Return the weighted harmonic mean of precision and recall."""

    def ratio(counts: Counts) -> tuple[FloatArray, FloatArray]:
        hits = (1.0 + beta**2) * counts.tp
        return hits, hits + beta**2 * counts.fn + counts.fp

    return averaged_ratio(reference, prediction, ratio=ratio, **how)  # type: ignore[arg-type]


def _recalls(reference: AnyArray, prediction: AnyArray) -> FloatArray:
    """Return the recall of every class that occurs in the reference."""
    _, table = confusion_matrix(*label_pair(reference, prediction))
    support = table.sum(axis=1)
    return np.asarray((np.diagonal(table) / support)[support > 0])


def balanced_accuracy(reference: AnyArray, prediction: AnyArray, *, adjusted: bool) -> float:
    """Return the mean recall over the classes of the reference."""
    recalls = _recalls(reference, prediction)
    if not adjusted:
        return float(recalls.mean())
    if recalls.size < 2:
        raise MetricUndefinedError("the reference holds one class only: chance cannot be taken off")
    return float((recalls.mean() - 1 / recalls.size) / (1 - 1 / recalls.size))


def g_mean(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the geometric mean of recall over the classes of the reference."""
    recalls = _recalls(reference, prediction)
    return float(np.prod(recalls) ** (1 / recalls.size))


def _rates(reference: AnyArray, prediction: AnyArray, positive: int) -> tuple[float, float]:
    """Return sensitivity and specificity of two classes."""
    truth, guess = label_pair(reference, prediction)
    if len(np.union1d(np.union1d(truth, guess), [positive])) > 2:
        raise MetricInputError("this metric is for two classes")
    actual = truth == positive
    if actual.all() or not actual.any():
        raise MetricUndefinedError("the reference holds one class only")
    called = guess == positive
    return float(called[actual].mean()), float(1.0 - called[~actual].mean())


def specificity(reference: AnyArray, prediction: AnyArray, *, positive: int) -> float:
    """Return the share of true negatives that are called negative."""
    return _rates(reference, prediction, positive)[1]


def youden_j(reference: AnyArray, prediction: AnyArray, *, positive: int) -> float:
    """Return sensitivity + specificity - 1."""
    return sum(_rates(reference, prediction, positive)) - 1.0


def mcc(reference: AnyArray, prediction: AnyArray, *, constant: str) -> float:
    """Return Matthews' correlation, in Gorodkin's form for any number of classes."""
    _, table = confusion_matrix(*label_pair(reference, prediction))
    true, called, total = table.sum(axis=1), table.sum(axis=0), table.sum()
    below = (total**2 - np.vecdot(called, called)) * (total**2 - np.vecdot(true, true))
    if below == 0:
        if constant == "undefined":
            raise MetricUndefinedError("all predictions, or all references, are of one class")
        return 0.0
    return float((np.trace(table) * total - np.vecdot(true, called)) / np.sqrt(below))


def cohen_kappa(
    reference: AnyArray, prediction: AnyArray, *, weights: str = "none", distance: str = "value"
) -> float:
    """Return the agreement beyond chance, with disagreements weighted."""
    classes, table = confusion_matrix(*label_pair(reference, prediction))
    places = classes if distance == "value" else np.arange(classes.size)
    apart = np.abs(places[:, np.newaxis] - places).astype(np.float64)
    cost = {"none": np.sign(apart), "linear": apart, "quadratic": apart**2}[weights]
    chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if not (cost * chance).sum():
        raise MetricUndefinedError("all predictions and references are of one class")
    return float(1.0 - (cost * table).sum() / (cost * chance).sum())


def _of_labels(slug: str, title: str, **record: object) -> Metric:
    usual = {
        "direction": Direction.HIGHER,
        "bounds": (0.0, 1.0),
        "perfect": 1.0,
        "shapes": ("n", "n"),
        "citation": _SOKOLOVA,
    }
    return Metric(
        slug=slug,
        title=title,
        family="classification",
        inputs=Inputs.SAMPLES,
        meaning=Meaning.LABEL,
        unit="1",
        missing=ALL_ANSWERED,
        **{**usual, **record},  # type: ignore[arg-type]
    )


def _of_counts(slug: str, title: str, **record: object) -> Metric:
    extra = record.pop("parameters", ())
    return _of_labels(
        slug,
        title,
        shapes=("n *", "n *"),
        parameters=(*extra, _AVERAGE, _POSITIVE, _EMPTY),  # type: ignore[misc]
        undefined_when="0 is divided by 0 and the parameter 'empty' says 'undefined'",
        **record,
    )


METRICS = (
    _of_labels(
        "accuracy",
        "Accuracy",
        mergeable=SamplesRule(_agreements),
        help="Share of samples whose class is right.",
        traps=(_IMBALANCE,),
        formula=r"\operatorname{mean}_i [u_i = v_i]",
    ),
    _of_labels(
        "balanced_accuracy",
        "Balanced accuracy",
        whole=balanced_accuracy,
        bounds=(-1.0, 1.0),
        parameters=(
            Parameter(
                "adjusted",
                "Whether chance is taken off, so that 0 is chance and 1 is perfect.",
                default=False,
            ),
        ),
        help="Recall of each class, averaged over the classes that occur in the reference.",
        traps=("A class that occurs only among predictions is no class of the mean.",),
        undefined_when="adjusted, and the reference holds one class only",
        formula=r"\operatorname{mean}_{c} P(u = c \mid v = c)",
        citation="Brodersen et al., ICPR 2010, doi:10.1109/ICPR.2010.764",
    ),
    _of_counts(
        "precision",
        "Precision",
        whole=partial(averaged_ratio, ratio=_precision),
        help="Share of what is called positive that is so.",
        traps=("Calling nothing positive has no precision: see the parameter 'empty'.",),
        formula=r"TP / (TP + FP)",
    ),
    _of_counts(
        "recall",
        "Recall (sensitivity)",
        whole=partial(averaged_ratio, ratio=_recall),
        help="Share of the true positives that are called so.",
        traps=("Calling everything positive has recall 1.",),
        formula=r"TP / (TP + FN)",
    ),
    _of_counts(
        "f_beta",
        "F score",
        whole=f_beta,
        parameters=(
            Parameter(
                "beta",
                "How many times recall counts as much as precision; 1 is the F1 score.",
                default=1.0,
                low=1e-6,
                high=1e6,
            ),
        ),
        help="Weighted harmonic mean of precision and recall.",
        traps=(
            "True negatives do not count: exchanging the classes changes the value.",
            "The macro average is the mean of the classes' F, not the F of their mean precision "
            "and recall.",
        ),
        formula=r"(1+\beta^2) TP / ((1+\beta^2) TP + \beta^2 FN + FP)",
    ),
    _of_counts(
        "jaccard",
        "Jaccard index of labels",
        whole=partial(averaged_ratio, ratio=_jaccard),
        help="Samples that are both called positive and so, divided by those that are either.",
        traps=("True negatives do not count.",),
        formula=r"TP / (TP + FP + FN)",
        citation="Jaccard, New Phytologist 11, 37 (1912), doi:10.1111/j.1469-8137.1912.tb05611.x",
    ),
    _of_labels(
        "hamming_loss",
        "Hamming loss",
        mergeable=SamplesRule(_differences),
        direction=Direction.LOWER,
        perfect=0.0,
        shapes=("n *", "n *"),
        help="Share of labels that are wrong, over all samples and labels.",
        traps=("With many labels that are mostly absent, predicting none is almost perfect.",),
        formula=r"\operatorname{mean}_{i,c} [u_{ic} \ne v_{ic}]",
        citation="Schapire & Singer, Machine Learning 37, 297 (1999), doi:10.1023/A:1007614523901",
    ),
    _of_labels(
        "exact_match",
        "Exact match ratio",
        mergeable=SamplesRule(_exact),
        shapes=("n c", "n c"),
        help="Share of samples with every one of their labels right.",
        traps=("One wrong label of many costs the whole sample.",),
        formula=r"\operatorname{mean}_i [u_i = v_i]",
    ),
    _of_labels(
        "specificity",
        "Specificity",
        whole=specificity,
        parameters=(_POSITIVE,),
        help="Share of the true negatives that are called negative.",
        traps=("Calling everything negative has specificity 1.",),
        undefined_when="the reference holds one class only",
        formula=r"TN / (TN + FP)",
    ),
    _of_labels(
        "youden_j",
        "Youden's J (informedness)",
        whole=youden_j,
        bounds=(-1.0, 1.0),
        parameters=(_POSITIVE,),
        help="Sensitivity plus specificity minus 1: 0 is chance, whatever the share of positives.",
        undefined_when="the reference holds one class only",
        formula=r"TP/(TP+FN) + TN/(TN+FP) - 1",
        citation="Youden, Cancer 3, 32 (1950), "
        "doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3",
    ),
    _of_labels(
        "g_mean",
        "Geometric mean of recalls",
        whole=g_mean,
        help="Geometric mean of recall over the classes that occur in the reference; for two "
        "classes the root of sensitivity times specificity.",
        traps=("One class that is never found makes it 0.",),
        formula=r"\left(\prod_c P(u = c \mid v = c)\right)^{1/C}",
        citation="Kubat & Matwin, ICML 1997",
    ),
    _of_labels(
        "mcc",
        "Matthews correlation",
        whole=mcc,
        bounds=(-1.0, 1.0),
        parameters=(
            Parameter(
                "constant",
                "The value where all predictions, or all references, are of one class.",
                default="zero",
                choices=("zero", "undefined"),
            ),
        ),
        help="Correlation of predicted and true classes, for two or more of them; 0 is chance.",
        traps=("With more than two classes its smallest value lies above -1.",),
        undefined_when="one side is of one class only and the parameter says so",
        formula=r"(c s - \sum_k p_k t_k) / \sqrt{(s^2 - \sum_k p_k^2)(s^2 - \sum_k t_k^2)}",
        citation="Gorodkin, Comput. Biol. Chem. 28, 367 (2004), "
        "doi:10.1016/j.compbiolchem.2004.09.006",
    ),
    _of_labels(
        "cohen_kappa",
        "Cohen's kappa",
        whole=cohen_kappa,
        bounds=(-1.0, 1.0),
        help="Agreement beyond what chance would give from the two sides' frequencies.",
        traps=("The same accuracy has a smaller kappa where one class is common.",),
        undefined_when="all predictions and references are of one class",
        formula=r"(p_o - p_e) / (1 - p_e)",
        citation="Cohen, Educ. Psychol. Meas. 20, 37 (1960), doi:10.1177/001316446002000104",
    ),
    _of_labels(
        "weighted_kappa",
        "Weighted kappa",
        whole=cohen_kappa,
        bounds=(-1.0, 1.0),
        parameters=(
            Parameter(
                "weights",
                "How the cost of a disagreement grows with the distance of the classes.",
                default="quadratic",
                choices=("linear", "quadratic"),
            ),
            Parameter(
                "distance",
                "'value' is the difference of the labels; 'position' that of their places among "
                "the labels that occur, as scikit-learn does.",
                default="value",
                choices=("value", "position"),
            ),
        ),
        help="Agreement beyond chance for grades: a near miss costs less than a far one.",
        traps=(
            "Where a grade between others never occurs, the two distances give different values.",
            "Linear and quadratic weights give different numbers: read the parameter.",
        ),
        undefined_when="all predictions and references are of one class",
        formula=r"1 - \sum_{ij} w_{ij} O_{ij} / \sum_{ij} w_{ij} E_{ij}",
        citation=_COHEN_W,
    ),
)
