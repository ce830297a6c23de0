"""From values to an order: the one ranking function, the schemes, and what they rest on.

`order` ranks values. Everything else here prepares values for it (`schemes`, `zscores`), says how
that is declared (`rule`), or asks how firm the order is (`significance`, `stability`). `board` puts
them together; `ladder` guards a board that answers while a round is open.
"""

from scoring.ranking.order import Ranking, competition_ranks, rank_entries

__all__ = ["Ranking", "competition_ranks", "rank_entries"]
