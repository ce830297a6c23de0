"""Standings in stored revisions, and the credit ledger."""

from leaderboards.models.board import Board, BoardRevision, Standing
from leaderboards.models.credit import CreditBook, CreditEntry
from leaderboards.models.objection import LineageObjection

__all__ = ["Board", "BoardRevision", "CreditBook", "CreditEntry", "LineageObjection", "Standing"]
