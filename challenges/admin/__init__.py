"""The organizer's desk: charters, rounds, targets, answers, and the acts on a round."""

from challenges.admin.audit import AuditEventAdmin
from challenges.admin.challenge import ChallengeAdmin
from challenges.admin.dispute import DisputeAdmin
from challenges.admin.reference import ReferenceAccessAdmin, ReferenceAdmin
from challenges.admin.round import RoundAdmin
from challenges.admin.target import TargetAdmin

__all__ = [
    "AuditEventAdmin",
    "ChallengeAdmin",
    "DisputeAdmin",
    "ReferenceAccessAdmin",
    "ReferenceAdmin",
    "RoundAdmin",
    "TargetAdmin",
]
