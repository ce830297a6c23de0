"""Submissions, the runs that score them, their scores, the quota ledger and the site's upkeep."""

from submissions.models.quota import QuotaEntry
from submissions.models.scores import Score, ScoringRun, ShadowScoring
from submissions.models.submission import NEXT, Submission, SubmissionState
from submissions.models.upkeep import FileCheck, Tally, UploadSlot

__all__ = [
    "NEXT",
    "FileCheck",
    "QuotaEntry",
    "Score",
    "ScoringRun",
    "ShadowScoring",
    "Submission",
    "SubmissionState",
    "Tally",
    "UploadSlot",
]
