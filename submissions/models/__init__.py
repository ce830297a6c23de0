"""Submissions, the runs that score them, their scores and the quota ledger."""

from submissions.models.quota import QuotaEntry
from submissions.models.scores import Score, ScoringRun, ShadowScoring
from submissions.models.submission import NEXT, Submission, SubmissionState

__all__ = [
    "NEXT",
    "QuotaEntry",
    "Score",
    "ScoringRun",
    "ShadowScoring",
    "Submission",
    "SubmissionState",
]
