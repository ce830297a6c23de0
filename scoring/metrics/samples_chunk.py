"""One piece of a set of samples: some steps along the first axis of reference and prediction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scoring.readers.base import AnyArray


@dataclass(frozen=True, slots=True)
class SamplesPlan:
    """Shapes of one sample: those of the arrays without their first axis."""

    prediction: tuple[int, ...]
    reference: tuple[int, ...]


class SamplesChunk:
    """A piece of reference and prediction, in float64, with the same samples in both."""

    def __init__(self, *, reference: AnyArray, prediction: AnyArray) -> None:
        self._reference = reference
        self._prediction = prediction

    @property
    def plan(self) -> SamplesPlan:
        return SamplesPlan(self._prediction.shape[1:], self._reference.shape[1:])

    @cached_property
    def reference(self) -> NDArray[np.float64]:
        """Samples of the reference along the first axis."""
        return np.asarray(self._reference, dtype=np.float64)

    @cached_property
    def prediction(self) -> NDArray[np.float64]:
        """Samples of the prediction along the first axis."""
        return np.asarray(self._prediction, dtype=np.float64)
