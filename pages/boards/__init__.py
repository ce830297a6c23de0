"""What the pages show of boards: stored revisions, read in a fixed number of queries."""

from pages.boards.drawings import heat_picture, ranks_picture
from pages.boards.lines import (
    MOST_DRAWN,
    MOST_SHOWN,
    BoardView,
    Column,
    Line,
    board_of,
)
from pages.boards.targets import Breakdown, breakdown_of, lower_is_better, target_rows

__all__ = [
    "MOST_DRAWN",
    "MOST_SHOWN",
    "BoardView",
    "Breakdown",
    "Column",
    "Line",
    "board_of",
    "breakdown_of",
    "heat_picture",
    "lower_is_better",
    "ranks_picture",
    "target_rows",
]
