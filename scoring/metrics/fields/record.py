"""What the records of field metrics have in common."""

from __future__ import annotations

from scoring.contract import Direction
from scoring.metrics.base import Inputs, Meaning, Mergeable, Metric, Parameter

PDEBENCH = "Takamoto et al., PDEBench, NeurIPS Datasets and Benchmarks 2022, arXiv:2210.07182"
THE_WELL = "Ohana et al., The Well, NeurIPS Datasets and Benchmarks 2024, arXiv:2412.00568"
FNO = "Li et al., Fourier Neural Operator, ICLR 2021, arXiv:2010.08895"
APEBENCH = "Koehler et al., APEBench, NeurIPS Datasets and Benchmarks 2024, arXiv:2411.00180"

LAYOUT = Parameter(
    "layout",
    "One letter for each axis of the target's array, in order: b samples, t time, c channels, "
    "x y z space. 'tx' is (time, x); PDEBench stores 'bxytc'.",
    default="tx",
)
BAND_CHOICES = ("low", "mid", "high")
AVERAGED = (
    "Computed for each sample, time and channel over space, then averaged: this differs from one "
    "root over everything."
)
UNIFORM = "Assumes a uniform grid: every grid point counts the same."
PERIODIC = (
    "Assumes a periodic domain on a uniform grid: elsewhere the jump at the ends puts energy into "
    "every wavenumber."
)
WHOLE_LANES = (
    "Needs all of space at once: memory holds one step of the first axis, or the whole field if "
    "the layout begins with space."
)


def field_metric(
    slug: str,
    title: str,
    *,
    rule: Mergeable,
    unit: str = "unit of the target",
    parameters: tuple[Parameter, ...] = (),
    bounds: tuple[float | None, float | None] = (0.0, None),
    direction: Direction = Direction.LOWER,
    **record: str | float | tuple[str, ...],
) -> Metric:
    """Return the record of a streaming field metric."""
    return Metric(
        slug=slug,
        title=title,
        family="fields",
        inputs=Inputs.FIELD,
        meaning=Meaning.VALUE,
        direction=direction,
        unit=unit,
        bounds=bounds,
        perfect=float(record.pop("perfect", 0.0)),  # type: ignore[arg-type]
        parameters=(LAYOUT, *parameters),
        mergeable=rule,
        **record,  # type: ignore[arg-type]
    )
