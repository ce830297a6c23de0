"""Pictures of boards and credit as SVG text: pure functions, no Django, no randomness.

Colours, type and dark mode come from the site's style sheet through class names, so that a
picture follows the page it stands in. Every picture carries a title and a description.
"""

from leaderboards.pictures.bar import BarPart, stacked_bar
from leaderboards.pictures.flow import Flow, credit_flow
from leaderboards.pictures.heat import HeatRow, heat_map
from leaderboards.pictures.ranks import RankLine, rank_intervals
from leaderboards.pictures.scatter import Axis, Dot, front, scatter
from leaderboards.pictures.standalone import standalone

__all__ = [
    "Axis",
    "BarPart",
    "Dot",
    "Flow",
    "HeatRow",
    "RankLine",
    "credit_flow",
    "front",
    "heat_map",
    "rank_intervals",
    "scatter",
    "stacked_bar",
    "standalone",
]
