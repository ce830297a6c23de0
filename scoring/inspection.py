"""Looking at values while they are scored, so that every file is read once.

Sums that are finite prove that every value in them is: only where they are not, or where a range
is declared, are the values themselves looked at. What is found here only stops the scoring; the
complete list of problems is the reader's to make.
"""

from __future__ import annotations

from scoring.contract import TargetSpec
from scoring.errors import ReferenceFaultError, UnfitValuesError
from scoring.readers.base import SLAB_BYTES, AnyArray, ArraySource
from scoring.readers.checks import all_right


class TargetInspection:
    """Looks at reference and prediction of one target.

    Parameters
    ----------
    target : TargetSpec
        With the range that binds its prediction.
    checked : bool
        Whether the prediction's values were checked when it was read.
    """

    def __init__(self, target: TargetSpec, *, checked: bool) -> None:
        self._target = target
        # The range binds predictions; of a reference only shape and finiteness are asked.
        self._reference = TargetSpec(target.slug, target.of_reference)
        self._checked = checked
        ranged = target.low is not None or target.high is not None
        self.every_piece = ranged and not checked
        self.complete = False

    def __call__(self, reference: AnyArray, prediction: AnyArray) -> None:
        """Look at a piece of both.

        Raises
        ------
        ReferenceFaultError
            If the reference has a value that is not finite.
        UnfitValuesError
            If the prediction has one, or one outside the target's range.
        """
        if not all_right(reference, self._reference):
            raise ReferenceFaultError(
                f"the reference of target {self._target.slug} is unfit: NOT_FINITE"
            )
        self._look(prediction)

    def whole(self, reference: AnyArray, prediction: AnyArray) -> None:
        """Look at both arrays as a whole."""
        self(reference, prediction)
        self.complete = True

    def rest(self, prediction: ArraySource) -> None:
        """Look through a prediction that nobody has read to its end."""
        if self.complete or self._checked:
            return
        for piece in prediction.chunks(SLAB_BYTES):
            self._look(piece)

    def _look(self, prediction: AnyArray) -> None:
        if not self._checked and not all_right(prediction, self._target):
            raise UnfitValuesError(f"the prediction of target {self._target.slug} is unfit")
