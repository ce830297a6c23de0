"""Contacts between residues: pairs scored by a prediction, against a structure."""

from __future__ import annotations

import numpy as np

from scoring.contract import Direction
from scoring.errors import MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.readers.base import AnyArray
from scoring.structure.contacts import RANGES, pairs_in_range, precision_of_top


def contact_precision(
    reference: AnyArray, prediction: AnyArray, *, separation: str, per_length: int, cutoff: float
) -> float:
    """Return the share of true contacts among the L / per_length best-scored pairs.

    Parameters
    ----------
    reference : array of shape (n, 3)
        One atom of each residue, in angstrom.
    prediction : array of shape (n, n)
        A score for each pair, higher meaning more certain.
    """
    points = np.asarray(reference, dtype=np.float64)
    scores = np.asarray(prediction, dtype=np.float64)
    contacts, pair_scores = pairs_in_range(points, scores, separation=separation, cutoff=cutoff)
    if not contacts.any():
        raise MetricUndefinedError("the reference has no contacts at this separation")
    top = min(max(1, len(points) // per_length), len(contacts))
    return precision_of_top(contacts, pair_scores, top=top)


METRICS = (
    Metric(
        slug="contact_precision",
        title="Contact precision",
        family="structure",
        inputs=Inputs.ARRAY,
        meaning=Meaning.ORDER,
        direction=Direction.HIGHER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=1.0,
        help=(
            "Predicted is a matrix of scores, one for each pair of residues; the L / 5 pairs "
            "scored highest are compared with the contacts of the reference, whose coordinates "
            "(CB, and CA of glycine) are given. The share of true contacts among them."
        ),
        traps=(
            "The two scores of a pair, above and below the diagonal, are averaged first.",
            "Among equal scores at the end of the list the mean over all orders is taken.",
            "A perfect prediction has 1 only where the reference has as many contacts as pairs "
            "are looked at.",
        ),
        undefined_when="the reference has no contacts at this separation",
        formula=r"|\mathrm{top}_{L/5} \cap \{(i, j) : d_{ij} < 8\}| \,/\, (L / 5)",
        citation=("Monastyrskyy et al., Proteins 84 Suppl. 1 (2016) 131, doi:10.1002/prot.24943"),
        shapes=("n n", "n 3"),
        parameters=(
            Parameter(
                "separation",
                "Which pairs: short is 6 to 11 residues apart in the sequence, medium 12 to 23, "
                "long 24 and more.",
                default="long",
                choices=tuple(RANGES),
            ),
            Parameter(
                "per_length",
                "The list has the length of the target divided by this: 5 is top L/5.",
                default=5,
                low=1,
            ),
            Parameter(
                "cutoff",
                "Residues closer than this, in angstrom, touch.",
                default=8.0,
                low=1.0,
                high=50.0,
            ),
        ),
        whole=contact_precision,
    ),
)
