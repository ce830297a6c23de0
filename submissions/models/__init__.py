"""Submissions, the runs that score them, their scores, uploads, the quota ledger and upkeep."""

from submissions.models.quota import QuotaEntry
from submissions.models.scores import Score, ScoringRun, ShadowScoring
from submissions.models.submission import NEXT, Submission, SubmissionState
from submissions.models.upkeep import FileCheck, Tally, UploadSlot
from submissions.models.upload import ResumableUpload

__all__ = [
    "NEXT",
    "FileCheck",
    "QuotaEntry",
    "ResumableUpload",
    "Score",
    "ScoringRun",
    "ShadowScoring",
    "Submission",
    "SubmissionState",
    "Tally",
    "UploadSlot",
]
