"""Sequences of tokens: whole numbers that stand for letters, residues, bases or words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.contract import Direction
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric
from scoring.metrics.case_mean import case_mean, sample_blocks
from scoring.metrics.fields.chunk import FloatArray
from scoring.metrics.segmentation.masks import labels_of
from scoring.readers.base import AnyArray

_LOG_SUM_TOLERANCE = 1e-4
_MOST_CELLS = 1 << 34  # a minute or so of row by row work


def _tokens(reference: AnyArray, prediction: AnyArray) -> tuple[NDArray[Any], NDArray[Any]]:
    truth, guess = labels_of(reference), labels_of(prediction)
    if truth.size * guess.size > _MOST_CELLS:
        raise MetricInputError("the sequences are too long to be aligned: 100000 tokens are plenty")
    return truth, guess


def _levenshtein(truth: NDArray[Any], guess: NDArray[Any]) -> int:
    """Return the fewest insertions, deletions and substitutions; memory of one row."""
    steps = np.arange(guess.size + 1)
    row = steps
    for token in truth:
        changed = row[:-1] + (guess != token)
        best = np.concatenate([[row[0] + 1], np.minimum(changed, row[1:] + 1)])
        # An insertion continues the row: best[j] = min over i <= j of best[i] + (j - i).
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


def edit_distance(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the Levenshtein distance of two sequences."""
    return float(_levenshtein(*_tokens(reference, prediction)))


def edit_distance_normalized(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the Levenshtein distance over the length of the longer sequence."""
    truth, guess = _tokens(reference, prediction)
    longest = max(truth.size, guess.size)
    if not longest:
        raise MetricUndefinedError("both sequences are empty")
    return _levenshtein(truth, guess) / longest


def token_error_rate(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the Levenshtein distance over the length of the reference."""
    truth, guess = _tokens(reference, prediction)
    if not truth.size:
        raise MetricUndefinedError("the reference is empty")
    return _levenshtein(truth, guess) / truth.size


def surprise(reference: FloatArray, prediction: FloatArray) -> FloatArray:
    """Return minus the predicted log-probability of each true token, shape (n)."""
    from scipy.special import logsumexp

    tokens = labels_of(reference)
    if tokens.min() < 0 or tokens.max() >= prediction.shape[1]:
        raise MetricInputError("a true token is outside the vocabulary of the prediction")
    if np.abs(logsumexp(prediction, axis=1)).max() > _LOG_SUM_TOLERANCE:
        raise MetricInputError(
            "the prediction must hold the natural logarithms of probabilities that sum to 1 for "
            "every token; apply a log-softmax first"
        )
    return np.asarray(-prediction[np.arange(tokens.size), tokens])


def _exponential(means: FloatArray, _count: int) -> float:
    if means[0] > math.log(np.finfo(np.float64).max):
        raise MetricUndefinedError("the perplexity is too large for a number")
    return math.exp(max(means[0], 0.0))


_INTEGERS = "Tokens are whole numbers: the round says which number stands for which letter or word."
_ONE_COST = "Insertion, deletion and substitution cost 1 each; swapping two neighbours costs 2."
_LEVENSHTEIN = "Levenshtein, Sov. Phys. Dokl. 10, 707 (1966)"


def _sequence(slug: str, title: str, *, whole: Callable[..., float], **record: Any) -> Metric:
    return Metric(
        slug=slug,
        title=title,
        family="sequences",
        inputs=Inputs.ARRAY,
        shapes=("k", "j"),
        direction=Direction.LOWER,
        perfect=0.0,
        whole=whole,
        **record,
    )


METRICS = (
    _sequence(
        "edit_distance",
        "Edit distance (Levenshtein)",
        meaning=Meaning.SEQUENCE,
        whole=edit_distance,
        unit="edits",
        bounds=(0.0, None),
        help="Fewest insertions, deletions and substitutions that turn the prediction into the "
        "reference.",
        traps=("Long targets weigh more: see token_error_rate.", _ONE_COST, _INTEGERS),
        formula=r"d(u, v)",
        citation=_LEVENSHTEIN,
    ),
    _sequence(
        "edit_distance_normalized",
        "Edit distance over the longer length",
        meaning=Meaning.SEQUENCE,
        whole=edit_distance_normalized,
        unit="1",
        bounds=(0.0, 1.0),
        undefined_when="both sequences are empty",
        help="Edit distance over the length of the longer sequence: 0 the same, 1 nothing right.",
        traps=("Not a metric in the mathematical sense.", _ONE_COST, _INTEGERS),
        formula=r"d(u, v) / \max(|u|, |v|)",
        citation=_LEVENSHTEIN,
    ),
    _sequence(
        "token_error_rate",
        "Token error rate (word or character error rate)",
        meaning=Meaning.SEQUENCE,
        whole=token_error_rate,
        unit="1",
        bounds=(0.0, None),
        undefined_when="the reference is empty",
        help="Edit distance over the length of the reference: the word error rate if tokens are "
        "words, the character error rate if they are letters.",
        traps=(
            "It may be above 1, where much is inserted.",
            "Over many targets the customary rate is pooled: the mean over targets weighs short "
            "ones more.",
            _ONE_COST,
            _INTEGERS,
        ),
        formula=r"d(u, v) / |v|",
        citation="Morris, Maier & Green, Interspeech 2004, 2765, doi:10.21437/Interspeech.2004-668",
    ),
    Metric(
        slug="perplexity",
        title="Perplexity",
        meaning=Meaning.LOGARITHM,
        family="sequences",
        inputs=Inputs.SAMPLES,
        shapes=("n v", "n"),
        direction=Direction.LOWER,
        unit="equally likely tokens",
        bounds=(1.0, None),
        perfect=1.0,
        undefined_when="the predicted probabilities are too small for a number",
        help="Exponential of the mean surprise at the true tokens: among how many equally likely "
        "tokens the model seems to choose. The prediction holds the log-probability of every "
        "token of the vocabulary.",
        traps=(
            "Vocabularies differ: perplexities of different tokenizations cannot be compared.",
            "Natural logarithms. Log-probabilities must be finite: probability 0 cannot be said.",
            "Whether the model saw the true tokens before it is a rule of the round.",
        ),
        formula=r"\exp\big( -\operatorname{mean}_i \log p_i(v_i) \big)",
        citation="Jelinek et al., J. Acoust. Soc. Am. 62, S63 (1977), doi:10.1121/1.2016299",
        mergeable=case_mean(surprise, _exponential, blocks=sample_blocks),
    ),
)
