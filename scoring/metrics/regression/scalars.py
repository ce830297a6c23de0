"""Metrics of one number against one number: a value for each target."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

from scoring.contract import Direction
from scoring.errors import MetricInputError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.readers.base import AnyArray

SIGN = Parameter(
    "sign",
    "Which difference: 'prediction_minus_reference' is positive where the prediction is too "
    "high; 'reference_minus_prediction' is the other way round.",
    default="prediction_minus_reference",
    choices=("prediction_minus_reference", "reference_minus_prediction"),
)
# Wide enough for the exact decimal expansion of any pair of doubles.
_EXACT = Context(prec=800)


def _number(values: AnyArray) -> float:
    if values.size != 1:
        raise MetricInputError("this metric compares one number with one number")
    return float(values.reshape(()))


def absolute_error(reference: AnyArray, prediction: AnyArray) -> float:
    """Return |prediction - reference|."""
    return abs(_number(prediction) - _number(reference))


def squared_error(reference: AnyArray, prediction: AnyArray) -> float:
    """Return (prediction - reference) squared."""
    difference = _number(prediction) - _number(reference)
    return difference * difference


def signed_error(reference: AnyArray, prediction: AnyArray, *, sign: str) -> float:
    """Return the difference, with the sign as declared."""
    difference = _number(prediction) - _number(reference)
    return -difference if sign == "reference_minus_prediction" else difference


def digits_correct(reference: AnyArray, prediction: AnyArray, *, digits: int) -> float:
    """Return how many leading decimal digits of the prediction are correct.

    The digits are counted from the reference's first nonzero digit. The first ``k`` are correct
    if both numbers are the same after *rounding* both (half away from zero) to that decimal
    place, or the same after *cutting* both there: a person may have written either. The result
    is the largest ``k`` up to `digits` for which that holds, 0 if there is none. Both numbers are
    taken as the shortest decimals that denote them in double precision.

    A reference of exactly zero has no first digit: then exactly zero scores `digits`, all else 0.

    Examples
    --------
    >>> import numpy as np
    >>> digits_correct(np.array(0.3233674316), np.array(0.323367), digits=10)
    6.0
    """
    truth = Decimal(repr(_number(reference)))
    guess = Decimal(repr(_number(prediction)))
    if truth.is_zero():
        return float(digits) if guess.is_zero() else 0.0
    for count in range(digits, 0, -1):
        place = Decimal(1).scaleb(truth.adjusted() - count + 1)
        for rounding in (ROUND_HALF_UP, ROUND_DOWN):
            kept = truth.quantize(place, rounding, context=_EXACT)
            if not kept.is_zero() and kept == guess.quantize(place, rounding, context=_EXACT):
                return float(count)
    return 0.0


METRICS = (
    Metric(
        slug="absolute_error",
        title="Absolute error",
        family="scalars",
        inputs=Inputs.SCALAR,
        meaning=Meaning.VALUE,
        direction=Direction.LOWER,
        unit="unit of the target",
        bounds=(0.0, None),
        perfect=0.0,
        help="How far the predicted number is from the true one, for each target.",
        traps=("Aggregated by the mean over targets this is the MAE.",),
        formula=r"|u - v|",
        citation="Willmott & Matsuura, Climate Research 30, 79 (2005), doi:10.3354/cr030079",
        whole=absolute_error,
    ),
    Metric(
        slug="squared_error",
        title="Squared error",
        family="scalars",
        inputs=Inputs.SCALAR,
        meaning=Meaning.VALUE,
        direction=Direction.LOWER,
        unit="unit of the target, squared",
        bounds=(0.0, None),
        perfect=0.0,
        help="Square of the error, for each target.",
        traps=(
            "With the aggregate 'root_mean' over targets this is the RMSE; with 'mean' the MSE.",
            "One large error outweighs many small ones.",
        ),
        formula=r"(u - v)^2",
        citation="Willmott & Matsuura, Climate Research 30, 79 (2005), doi:10.3354/cr030079",
        whole=squared_error,
    ),
    Metric(
        slug="signed_error",
        title="Signed error",
        family="scalars",
        inputs=Inputs.SCALAR,
        meaning=Meaning.VALUE,
        direction=Direction.LOWER,
        unit="unit of the target",
        bounds=(None, None),
        perfect=0.0,
        rankable=False,
        parameters=(SIGN,),
        help="Error with its sign, for each target; its mean over targets is the mean error "
        "(bias).",
        traps=(
            "Zero is best and both signs are worse, so it cannot rank entries.",
            "Fields differ in the sign they publish: read the parameter.",
        ),
        formula=r"u - v \quad\text{or}\quad v - u",
        citation="JCGM 200:2012, International Vocabulary of Metrology, 2.16",
        whole=signed_error,
    ),
    Metric(
        slug="digits_correct",
        title="Correct digits",
        family="scalars",
        inputs=Inputs.SCALAR,
        meaning=Meaning.VALUE,
        direction=Direction.HIGHER,
        unit="digits",
        bounds=(0.0, 15.0),
        perfect=10.0,
        perfect_parameter="digits",
        parameters=(
            Parameter(
                "digits",
                "How many digits count; double precision carries 15.",
                default=10,
                low=1,
                high=15,
            ),
        ),
        help="One point for each correct leading decimal digit, counted from the first nonzero "
        "digit of the true value: correct means equal after rounding both numbers there, or "
        "after cutting both there.",
        traps=(
            "0.9999 against 1.0000 has four correct digits, though no character agrees: rounding "
            "decides.",
            "A reference known to fewer digits than are counted makes the last points a lottery.",
        ),
        formula=r"\max\{k \le d : \operatorname{round}_k u = \operatorname{round}_k v \;\lor\; "
        r"\operatorname{trunc}_k u = \operatorname{trunc}_k v\}",
        citation="Bornemann, Laurie, Wagon & Waldvogel, The SIAM 100-Digit Challenge, SIAM 2004, "
        "doi:10.1137/1.9780898717969",
        whole=digits_correct,
    ),
)
