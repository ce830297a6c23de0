"""Pictures of boards and credit as SVG text: pure functions, no Django, no randomness.

Colours, type and dark mode come from the site's style sheet through class names, so that a
picture follows the page it stands in. Every picture carries a title and a description.
"""

from leaderboards.pictures.bar import BarPart, stacked_bar
from leaderboards.pictures.flow import Flow, credit_flow
from leaderboards.pictures.heat import HeatRow, heat_map
from leaderboards.pictures.ranks import RankLine, rank_intervals

__all__ = [
    "BarPart",
    "Flow",
    "HeatRow",
    "RankLine",
    "credit_flow",
    "heat_map",
    "rank_intervals",
    "stacked_bar",
]
