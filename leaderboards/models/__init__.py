"""Standings in stored revisions, and the credit ledger."""

from leaderboards.models.board import Board, BoardRevision, Standing
from leaderboards.models.consensus import Consensus
from leaderboards.models.credit import CreditBook, CreditEntry
from leaderboards.models.document import BoardDocument, ShownChange
from leaderboards.models.duplicate import DuplicateSearch, NearDuplicate
from leaderboards.models.objection import LineageObjection

__all__ = [
    "Board",
    "BoardDocument",
    "BoardRevision",
    "Consensus",
    "CreditBook",
    "CreditEntry",
    "DuplicateSearch",
    "LineageObjection",
    "NearDuplicate",
    "ShownChange",
    "Standing",
]
