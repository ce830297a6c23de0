"""The table of what everyone sees when, made from the code that decides it.

`python -m tests.visibility` writes docs/visibility.md anew.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "visibility.md"
OPENS = datetime(2030, 1, 1, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=30)
REVEALED = CLOSES + timedelta(days=10)
MOMENTS = {
    "before it opens": OPENS - timedelta(days=1),
    "open": OPENS + timedelta(days=10),
    "closed": CLOSES + timedelta(days=1),
    "revealed": REVEALED + timedelta(days=1),
}
RULES: dict[str, dict[str, Any]] = {
    "live": {},
    "delayed by 24 h": {"board_policy": "delayed", "board_delay_hours": 24},
    "hidden until the close": {"board_policy": "close"},
    "hidden until the reveal": {"board_policy": "reveal"},
    "Ladder": {"board_policy": "ladder", "ladder_step": 0.1},
    "live, 2 decimals": {"shown_decimals": 2},
    "live, private targets": {"split": True},
    "live, names from the reveal on": {"names_shown": "reveal"},
    "live, single targets from the close on": {"target_scores_shown": "close"},
    "live, prediction files from the reveal on": {"predictions_shown": "reveal"},
    "live, descriptions of methods from the close on": {"abstracts_shown": "close"},
    "live, names and files from the reveal on": {
        "names_shown": "reveal",
        "predictions_shown": "close",
    },
}
COLUMNS = (
    *("rules", "moment", "values, ranks", "entries' number", "names", "on one target"),
    *("files", "descriptions", "skill, credit"),
)
HEAD = """# What everyone sees when

Written by `python -m tests.visibility` from the rules in `leaderboards/sight.py`; a test holds it
to them. "Everyone" is also the entrant: a team's own page shows what this table says, and no
more. Organizers of the challenge see everything at any time.

A prediction file names its team, so that it is never shown before names are. Of a team's own
files the team has all at any time.

| viewer | besides what everyone sees |
|---|---|
| entrant | of the own team: files, state, refusals; its name where others read a label |
| target provider | of the own targets: inputs and answer at any time; of entries nothing |
| assessor | scores of every entry under a code; names from the round's date, or the reveal |
| organizer | everything, at any time |

`tests/api/test_visibility.py` plants scores and names in a round of each kind of rule and follows
every link, as each of these viewers: pages, API, files, feeds, headers.
"""


def table() -> str:
    """Return the page."""
    heads = f"\n| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"
    return (
        HEAD
        + heads
        + "".join(
            _row(rules, fields, moment) for rules, fields in RULES.items() for moment in MOMENTS
        )
    )


def _row(rules: str, fields: dict[str, Any], moment: str) -> str:
    from challenges.models import Round
    from leaderboards.sight import _sight

    given = {key: value for key, value in fields.items() if key != "split"}
    round_ = Round(opens_at=OPENS, closes_at=CLOSES, revealed_at=REVEALED, **given)
    at = MOMENTS[moment]
    sight = _sight(round_, at, everything=False, is_split="split" in fields)
    if moment == "before it opens":
        return f"| {rules} | {moment} | no entries yet | - | - | - | - | - | - |\n"
    values = "whole"
    if not sight.board:
        values = "no"
    elif sight.ladder:
        values = "what the Ladder lets out"
    elif sight.public_targets:
        values = "of public targets"
    elif sight.decimals is not None:
        values = f"{sight.decimals} decimals"
    elif sight.delay is not None:
        values = "those of a board so old"
    targets = "public ones" if sight.public_targets else "yes"
    cells = [
        values,
        "yes" if sight.board else "no",
        "no" if not sight.board else "yes" if sight.names else "labels",
        targets if sight.target_scores else "no",
        "yes" if sight.predictions else "no",
        "yes" if sight.abstracts else "no",
        "yes" if sight.credit else "no",
    ]
    return f"| {rules} | {moment} | {' | '.join(cells)} |\n"


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    PAGE.write_text(table())
