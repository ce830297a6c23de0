"""Three entries to ``hundred-digits``, computed from the statements alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from demo.digits.analysed import ANALYSED
from demo.digits.plain import PLAIN
from demo.digits.quick import QUICK


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry and its record for the catalogue."""

    slug: str
    title: str
    summary: str
    description: str
    solvers: Mapping[str, Callable[[], float]]
    baseline: bool = False


@dataclass(frozen=True, slots=True)
class Prediction:
    """Values by target slug, and the seconds spent."""

    values: dict[str, float]
    seconds: float


ENTRIES = (
    Entry(
        slug="back-of-the-envelope",
        title="Back of the envelope",
        summary="Coarse grids, short sums and small matrices",
        description=(
            "Ten answers of a few lines each: midpoint rules, a hundred primes for twenty "
            "thousand, ten rows for infinitely many, single precision for the photon."
        ),
        solvers=QUICK,
        baseline=True,
    ),
    Entry(
        slug="plain-double-precision",
        title="Plain double precision",
        summary="The first method one thinks of, with library defaults",
        description=(
            "Adaptive quadrature, finite differences, truncated matrices and standard optimisers "
            "in double precision. No problem is rewritten before it is computed."
        ),
        solvers=PLAIN,
    ),
    Entry(
        slug="analysed",
        title="Analysis first",
        summary="Each problem turned into an easy one before computing",
        description=(
            "Turned paths of integration, symmetry, series acceleration, optimality conditions, "
            "and sixty digits for the photon, which loses one at every reflection."
        ),
        solvers=ANALYSED,
    ),
)


def predict(entry: Entry) -> Prediction:
    """Compute an entry's ten values and measure what they cost."""
    begun = time.perf_counter()
    values = {slug: solver() for slug, solver in entry.solvers.items()}
    return Prediction(values, time.perf_counter() - begun)


def csv_text(values: Mapping[str, float]) -> str:
    """Write values as CSV with the header ``target,value``, each with all its digits."""
    return "target,value\n" + "".join(f"{slug},{value!r}\n" for slug, value in values.items())


def entry(slug: str) -> Entry:
    """Return the entry called `slug`."""
    return next(candidate for candidate in ENTRIES if candidate.slug == slug)
