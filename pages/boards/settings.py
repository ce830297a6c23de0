"""What a board can be filtered by, as lists of choices for a form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from challenges.models import Round
from leaderboards.revisions import has_other_models
from leaderboards.visible import VisibleBoard
from pages.boards.choice import Choice
from submissions.models import Submission


@dataclass(frozen=True, slots=True)
class Setting:
    """One choice of the form: its key in the address, and what it may be."""

    key: str
    label: str
    options: Sequence[tuple[str, str]]
    now: str


def settings_of(round_: Round, board: VisibleBoard, choice: Choice) -> list[Setting]:
    """Return the settings that would change something on this board."""
    kinds = {line.submission.entry_kind for line in board.lines}
    tracks = {
        line.submission.track.slug: line.submission.track.title
        for line in board.lines
        if line.submission.track
    }
    found = [
        ("track", _("Track"), _("all"), sorted(tracks.items())),
        ("kind", _("Entries"), _("all"), [each for each in _kinds() if each[0] in kinds]),
        ("by", _("One line for each"), _("method"), [("team", _("team"))]),
    ]
    if board.revision is not None and board.sight.target_scores:
        targets = round_.targets.filter(slug__in=board.revision.target_slugs)
        if board.sight.public_targets:
            targets = targets.filter(is_private=False)
        rows = list(targets.values_list("family", "classes"))
        columns = board.revision.columns
        found += [
            ("metric", _("Ranked by"), columns[0].get("label") or columns[0]["key"],
             [(each["key"], each.get("label") or each["key"]) for each in columns[1:]]),
            ("class", _("Targets of class"), _("all"),
             _named({label for _family, labels in rows for label in labels})),
            ("family", _("Targets of family"), _("all"), _named({row[0] for row in rows} - {""})),
        ]  # fmt: skip
    if has_other_models(board):
        now = str(Round.ModelBasis(round_.model_basis).label)
        others = [each for each in Round.ModelBasis.choices if each[0] != round_.model_basis]
        found.append(("model", _("Models"), now, [(str(a), str(b)) for a, b in others]))
    return [
        Setting(key, label, [("", every), *options], choice.query.get(key, ""))
        for key, label, every, options in found
        if options
    ]


def _kinds() -> Sequence[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in Submission.EntryKind.choices]


def _named(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in sorted(values)]
