"""Does the crowd beat the winner? In words, and no more than the data tell."""

from __future__ import annotations

from django.utils.translation import gettext as _

from leaderboards.shown import ShownStanding
from pages.boards.lines import BoardView
from pages.templatetags.marks import value as written


def crowd_of(board: BoardView) -> list[str]:
    """Return a sentence for each consensus of a board that is compared with the first entry."""
    return [told for line in board.lines if (told := _sentence(line.standing))]


def _sentence(row: ShownStanding) -> str:
    duel, number = row.against_first, row.submission.combined_from
    if not duel or number is None:
        return ""
    facts = {
        "name": row.submission.method.title,
        "number": number,
        "own": written(row.value),
        "other": written(duel["value"]),
    }
    if row.submission.track is not None:
        facts["name"] = f"{row.submission.track.title}, {facts['name']}"
    low, high = duel["advantage_low"], duel["advantage_high"]
    if low is None or high is None:
        return (
            _(
                "%(name)s of %(number)d entries has %(own)s, the first entry %(other)s. These "
                "targets do not tell whether that is more than chance."
            )
            % facts
        )
    if low > 0:
        text = _(
            "Yes. %(name)s of %(number)d entries has %(own)s, the first entry %(other)s; over "
            "draws of the targets it is better by %(low)s to %(high)s (95 %% interval)."
        )
    elif high < 0:
        low, high = -high, -low
        text = _(
            "No. %(name)s of %(number)d entries has %(own)s, the first entry %(other)s; over "
            "draws of the targets it is worse by %(low)s to %(high)s (95 %% interval)."
        )
    else:
        text = _(
            "Nobody can tell. %(name)s of %(number)d entries has %(own)s, the first entry "
            "%(other)s; over draws of the targets it is anything from worse by %(low)s to better "
            "by %(high)s (95 %% interval)."
        )
        low = -low
    return text % (facts | {"low": written(low), "high": written(high)})
