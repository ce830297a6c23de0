"""Challenges, their rounds, targets and sealed references."""

from challenges.models.amendment import RoundAmendment
from challenges.models.announcement import Announcement
from challenges.models.challenge import Challenge, ChallengeRole
from challenges.models.correction import Correction
from challenges.models.dispute import Dispute
from challenges.models.reference import Reference, ReferenceAccess
from challenges.models.round import Round, RoundFile, RoundMetric, RoundState
from challenges.models.target import Target
from challenges.models.track import TargetWindow, Track, Window, window_of

__all__ = [
    "Announcement",
    "Challenge",
    "ChallengeRole",
    "Correction",
    "Dispute",
    "Reference",
    "ReferenceAccess",
    "Round",
    "RoundAmendment",
    "RoundFile",
    "RoundMetric",
    "RoundState",
    "Target",
    "TargetWindow",
    "Track",
    "Window",
    "window_of",
]
