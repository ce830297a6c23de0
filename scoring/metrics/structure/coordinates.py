"""Structures of molecules: coordinates in angstrom, one row for each residue, in a fixed order.

Which residue is which is settled before: row i of prediction and reference is the same residue.
A residue that a prediction leaves out is a row of NaN, which only the readers of structure files
make.
"""

from __future__ import annotations

import numpy as np

from scoring.contract import Direction, JsonValue
from scoring.errors import MetricInputError, MetricUndefinedError
from scoring.metrics.base import Inputs, Meaning, Metric, Parameter
from scoring.metrics.fields.chunk import FloatArray
from scoring.readers.base import AnyArray
from scoring.structure.distances import kept_shares, neighbours_of, residue_means
from scoring.structure.search import CUTOFFS, BestFits, best_fits
from scoring.structure.superposition import rmsd as rmsd_of_atoms

_FARTHEST = 1e6  # angstrom; squares and products of these stay exact enough
_POINTS = ("n 3", "n 3")
_ATOMS = ("* 3", "* 3")
_NO_ATOMS = "the reference has no residues"
_SEARCH_TRAP = (
    "The best superposition is searched for, by the published seeds; every program gives a lower "
    "bound, and programs differ in the last digits. This one agrees with TMscore to four decimals."
)
_LEFT_OUT = "A residue that the prediction leaves out counts as wrong: the divisor is the target's."
_ORDER_TRAP = (
    "Residues are compared by their number, never aligned: TM-align and US-align answer another "
    "question and give higher values."
)


def _structures(reference: AnyArray, prediction: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Return both as (residues, atoms, 3), with NaN in every coordinate of an absent atom."""
    pair = [np.asarray(array, dtype=np.float64) for array in (reference, prediction)]
    if pair[0].ndim not in (2, 3) or pair[0].shape != pair[1].shape:
        raise MetricInputError("coordinates must be of shape (residues, 3) or (residues, atoms, 3)")
    if not pair[0].size:
        raise MetricUndefinedError(_NO_ATOMS)
    truth, guess = (array.reshape((len(array), -1, 3)) for array in pair)
    if any((np.abs(array) > _FARTHEST).any() for array in (truth, guess)):  # not so of a NaN
        raise MetricInputError(f"coordinates must be finite, within {_FARTHEST:g} angstrom")
    absent = np.asarray(np.isnan(guess).any(axis=-1))
    return truth, np.where(absent[..., np.newaxis], np.nan, guess)


def _common(truth: FloatArray, guess: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the atoms that the prediction has, in both."""
    there = ~np.isnan(guess[..., 0])
    return truth[there], guess[there]


def rmsd(reference: AnyArray, prediction: AnyArray, *, minimum_coverage: float) -> float:
    """Return the root mean squared distance of the modelled atoms after superposition.

    Parameters
    ----------
    reference, prediction : array of shape (residues, 3) or (residues, atoms, 3)
        In angstrom; NaN in the prediction marks what it leaves out.
    minimum_coverage : float
        The share of atoms that must be modelled.
    """
    truth, guess = _structures(reference, prediction)
    target, model = _common(truth, guess)
    if not len(model) or len(model) < minimum_coverage * truth[..., 0].size:
        raise MetricUndefinedError(
            f"{len(model)} of {truth[..., 0].size} atoms are modelled, which is less than the "
            f"declared part of {minimum_coverage:g}"
        )
    return rmsd_of_atoms(model, target)


def _fits(reference: AnyArray, prediction: AnyArray) -> tuple[BestFits, int]:
    truth, guess = _structures(reference, prediction)
    target, model = _common(truth, guess)
    if not len(model):
        return BestFits(0.0, (0,) * len(CUTOFFS)), len(truth)
    return best_fits(target, model, length=len(truth)), len(truth)


def tm_score(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the largest mean of 1 / (1 + (d / d0)^2) over residues and superpositions."""
    fits, length = _fits(reference, prediction)
    return min(fits.tm_sum / length, 1.0)


def gdt_ts(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the mean percentage of residues within 1, 2, 4 and 8 angstrom."""
    fits, length = _fits(reference, prediction)
    return 100.0 * sum(fits.within[1:]) / (4 * length)


def gdt_ha(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the mean percentage of residues within 0.5, 1, 2 and 4 angstrom."""
    fits, length = _fits(reference, prediction)
    return 100.0 * sum(fits.within[:4]) / (4 * length)


def lddt(
    reference: AnyArray, prediction: AnyArray, *, radius: float, cutoffs: list[JsonValue]
) -> float:
    """Return the share of neighbour distances kept, over all pairs at once."""
    truth, guess = _structures(reference, prediction)
    neighbours = neighbours_of(truth, radius=radius)
    shares = kept_shares(neighbours, guess, cutoffs=_checked_cutoffs(cutoffs))
    return float(shares.mean()) if len(shares) else float("nan")


def lddt_residue_mean(
    reference: AnyArray, prediction: AnyArray, *, radius: float, cutoffs: list[JsonValue]
) -> float:
    """Return the mean over residues of the share of their neighbour distances kept."""
    truth, guess = _structures(reference, prediction)
    neighbours = neighbours_of(truth, radius=radius)
    shares = kept_shares(neighbours, guess, cutoffs=_checked_cutoffs(cutoffs))
    return float(residue_means(neighbours, shares).mean()) if len(shares) else float("nan")


def _checked_cutoffs(cutoffs: list[JsonValue]) -> list[float]:
    plain = [c for c in cutoffs if isinstance(c, int | float) and not isinstance(c, bool)]
    if not 0 < len(cutoffs) == len(plain) <= 100 or not all(0 < c < _FARTHEST for c in plain):
        raise MetricInputError("parameter cutoffs must be positive distances in angstrom")
    return [float(c) for c in plain]


def modelled_fraction(reference: AnyArray, prediction: AnyArray) -> float:
    """Return the share of the target's atoms that the prediction has."""
    _, guess = _structures(reference, prediction)
    return float(1.0 - np.isnan(guess[..., 0]).mean())


_LDDT_PARAMETERS = (
    Parameter(
        "radius",
        "Atoms at most this many angstrom apart in the reference are neighbours.",
        default=15.0,
        low=1.0,
        high=50.0,
    ),
    Parameter(
        "cutoffs",
        "The differences in angstrom up to which a distance counts as kept; the value is the "
        "mean over them.",
        default=[0.5, 1.0, 2.0, 4.0],
    ),
)
_LDDT_TRAPS = (
    "Distances cannot tell a structure from its mirror image.",
    "Only the declared atoms are compared: with CA alone it is lDDT-CA, whose values are not "
    "those of all atoms. Chemically equal side-chain atoms are not swapped, and there is no "
    "filter of bad stereochemistry.",
    "Memory: 24 bytes for each pair of neighbours in the reference.",
    _LEFT_OUT,
)
_LDDT_CITATION = "Mariani et al., Bioinformatics 29 (2013) 2722, doi:10.1093/bioinformatics/btt473"
_TM_CITATION = "Zhang and Skolnick, Proteins 57 (2004) 702, doi:10.1002/prot.20264"
_GDT_CITATION = "Zemla, Nucleic Acids Res. 31 (2003) 3370, doi:10.1093/nar/gkg571"

METRICS = (
    Metric(
        slug="rmsd",
        title="RMSD after superposition",
        family="structure",
        inputs=Inputs.ARRAY,
        meaning=Meaning.FRAME,
        direction=Direction.LOWER,
        unit="angstrom",
        bounds=(0.0, None),
        perfect=0.0,
        help=(
            "Root of the mean squared distance between modelled and true atoms after the best "
            "rotation and shift of the whole; mirror images are not allowed. A few wild residues "
            "set its value: GDT and lDDT are fairer to a mostly right model."
        ),
        traps=(
            "Leaving out difficult residues makes it smaller. It therefore asks for all of them, "
            "unless the round declares a smaller part; look at modelled_fraction beside it.",
        ),
        undefined_when="fewer atoms are modelled than the round asks for",
        formula=r"\min_{R, t} \sqrt{\frac{1}{n} \sum_i |R x_i + t - y_i|^2}",
        citation=(
            "Kabsch, Acta Cryst. A 32 (1976) 922, doi:10.1107/S0567739476001873; A 34 (1978) 827, "
            "doi:10.1107/S0567739478001680"
        ),
        shapes=_ATOMS,
        absent_parts=True,
        parameters=(
            Parameter(
                "minimum_coverage",
                "The part of the atoms that must be modelled, from 0 to 1.",
                default=1.0,
                low=0.0,
                high=1.0,
            ),
        ),
        whole=rmsd,
    ),
    Metric(
        slug="tm_score",
        title="TM-score",
        family="structure",
        inputs=Inputs.ARRAY,
        meaning=Meaning.FRAME,
        direction=Direction.HIGHER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=1.0,
        help=(
            "How well the whole chain is laid on the target, from 0 to 1: near residues count, "
            "far ones hardly, on a scale that grows with length, so that values of targets of "
            "different length can be compared. Above 0.5 the fold is usually the same."
        ),
        traps=(_ORDER_TRAP, _LEFT_OUT, _SEARCH_TRAP, "The scale d0 is the one for proteins."),
        undefined_when=_NO_ATOMS,
        formula=(
            r"\max \frac{1}{L} \sum_i \frac{1}{1 + (d_i / d_0)^2},\quad "
            r"d_0 = \max(1.24 \sqrt[3]{L - 15} - 1.8,\ 0.5)"
        ),
        citation=_TM_CITATION,
        shapes=_POINTS,
        absent_parts=True,
        whole=tm_score,
    ),
    Metric(
        slug="gdt_ts",
        title="GDT total score",
        family="structure",
        inputs=Inputs.ARRAY,
        meaning=Meaning.FRAME,
        direction=Direction.HIGHER,
        unit="%",
        bounds=(0.0, 100.0),
        perfect=100.0,
        help=(
            "Percentage of the target's residues within 1, 2, 4 and 8 angstrom, each after the "
            "superposition that is best for it, and the mean of the four."
        ),
        traps=(_ORDER_TRAP, _LEFT_OUT, _SEARCH_TRAP),
        undefined_when=_NO_ATOMS,
        formula=r"\frac{100}{4 L} \sum_{c \in \{1, 2, 4, 8\}} \max |\{i : d_i \le c\}|",
        citation=_GDT_CITATION,
        shapes=_POINTS,
        absent_parts=True,
        whole=gdt_ts,
    ),
    Metric(
        slug="gdt_ha",
        title="GDT high accuracy",
        family="structure",
        inputs=Inputs.ARRAY,
        meaning=Meaning.FRAME,
        direction=Direction.HIGHER,
        unit="%",
        bounds=(0.0, 100.0),
        perfect=100.0,
        help=(
            "As gdt_ts, with half the distances: 0.5, 1, 2 and 4 angstrom. For models that are "
            "nearly right."
        ),
        traps=(_ORDER_TRAP, _LEFT_OUT, _SEARCH_TRAP),
        undefined_when=_NO_ATOMS,
        formula=r"\frac{100}{4 L} \sum_{c \in \{0.5, 1, 2, 4\}} \max |\{i : d_i \le c\}|",
        citation=f"{_GDT_CITATION} Read and Chavali, Proteins 69 Suppl. 8 (2007) 27, "
        "doi:10.1002/prot.21662",
        shapes=_POINTS,
        absent_parts=True,
        whole=gdt_ha,
    ),
    Metric(
        slug="lddt",
        title="lDDT over pairs",
        family="structure",
        inputs=Inputs.ARRAY,
        meaning=Meaning.FRAME,
        direction=Direction.HIGHER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=1.0,
        help=(
            "The share of distances between neighbours in the reference that the model keeps, to "
            "within 0.5, 1, 2 and 4 angstrom, pooled over all pairs. Nothing is superposed, so a "
            "domain that has moved as a whole costs little."
        ),
        traps=(
            "Pooled over pairs, residues inside the molecule weigh more than those at its "
            "surface; lddt_residue_mean gives each the same weight, and differs a little.",
            *_LDDT_TRAPS,
        ),
        undefined_when="no two residues of the reference are neighbours",
        formula=(
            r"\frac{1}{4 |P|} \sum_{(i, j) \in P} \sum_c \left[\, |d_{ij} - d'_{ij}| \le c "
            r"\,\right],\quad P = \{(i, j) : d_{ij} \le 15\}"
        ),
        citation=_LDDT_CITATION,
        shapes=_ATOMS,
        absent_parts=True,
        parameters=_LDDT_PARAMETERS,
        whole=lddt,
    ),
    Metric(
        slug="lddt_residue_mean",
        title="lDDT, mean over residues",
        family="structure",
        inputs=Inputs.ARRAY,
        meaning=Meaning.FRAME,
        direction=Direction.HIGHER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=1.0,
        help=(
            "As lddt, but the share is taken for each residue over its own neighbours, and then "
            "the mean over residues: each weighs the same. Residues without neighbours in the "
            "reference do not count."
        ),
        traps=_LDDT_TRAPS,
        undefined_when="no two residues of the reference are neighbours",
        formula=(
            r"\frac{1}{N} \sum_r \frac{1}{4 |P_r|} \sum_{(i, j) \in P_r} \sum_c \left[\, "
            r"|d_{ij} - d'_{ij}| \le c \,\right]"
        ),
        citation=_LDDT_CITATION,
        shapes=_ATOMS,
        absent_parts=True,
        parameters=_LDDT_PARAMETERS,
        whole=lddt_residue_mean,
    ),
    Metric(
        slug="modelled_fraction",
        title="Modelled fraction",
        family="structure",
        inputs=Inputs.ARRAY,
        meaning=Meaning.FRAME,
        direction=Direction.HIGHER,
        unit="1",
        bounds=(0.0, 1.0),
        perfect=1.0,
        help=(
            "The part of the target's atoms for which the prediction has coordinates, right or "
            "wrong. To be shown beside RMSD, which looks at those alone."
        ),
        undefined_when=_NO_ATOMS,
        formula=r"n_\mathrm{modelled} / n_\mathrm{target}",
        citation="Own definition, after the coverage columns of CASP and CAMEO.",
        shapes=_ATOMS,
        absent_parts=True,
        whole=modelled_fraction,
    ),
)
