"""Credit: who made a round's progress possible, in exact micro-points.

Pure arithmetic, no Django: :func:`settle` turns the facts of a :class:`Round` into its
:class:`Books`; :func:`export.recompute` does the same from the public export.
"""

from scoring.credit.books import settle
from scoring.credit.records import (
    COMMONS,
    Baseline,
    Books,
    Comparison,
    CreditError,
    CreditKind,
    Likeness,
    Node,
    NodeKind,
    Posting,
    RecordError,
    Result,
    Round,
    ScoringUnit,
    Share,
    SkillLine,
    TargetSet,
    TargetUnit,
    UnitScore,
)
from scoring.credit.validity import unmet_conditions

__all__ = [
    "COMMONS",
    "Baseline",
    "Books",
    "Comparison",
    "CreditError",
    "CreditKind",
    "Likeness",
    "Node",
    "NodeKind",
    "Posting",
    "RecordError",
    "Result",
    "Round",
    "ScoringUnit",
    "Share",
    "SkillLine",
    "TargetSet",
    "TargetUnit",
    "UnitScore",
    "settle",
    "unmet_conditions",
]
