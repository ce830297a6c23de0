"""Standings in stored revisions, and the credit ledger."""

from leaderboards.models.board import Board, BoardRevision, Standing
from leaderboards.models.credit import CreditBook, CreditEntry

__all__ = ["Board", "BoardRevision", "CreditBook", "CreditEntry", "Standing"]
