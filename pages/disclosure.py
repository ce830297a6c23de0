"""What a round shows when, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from challenges.disclosure import Kind, disclosed_at, shown_from_of
from challenges.models import Round
from challenges.models.disclosure import BoardPolicy, ShownFrom

KINDS: dict[Kind, Promise] = {
    Kind.NAMES: gettext_lazy("Names of teams, methods and people"),
    Kind.TARGET_SCORES: gettext_lazy("Scores on single targets"),
    Kind.PREDICTIONS: gettext_lazy("Prediction files"),
    Kind.ABSTRACTS: gettext_lazy("Descriptions of methods"),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """One kind of information and when it is shown; the moment is there when it is known."""

    what: str
    when: str
    moment: datetime | None


def board_in_words(round_: Round, *, private_targets: int) -> list[str]:
    """Say what the board shows until the reveal, one sentence for each rule."""
    said = [_policy(round_)]
    if private_targets:
        said.append(
            ngettext(
                "%(number)d target is private: until the reveal it counts for nothing that is "
                "shown, and then like all others.",
                "%(number)d targets are private: until the reveal they count for nothing that is "
                "shown, and then like all others.",
                private_targets,
            )
            % {"number": private_targets}
        )
    if round_.shown_decimals is not None:
        said.append(
            ngettext(
                "Scores are shown with %(number)d decimal until the reveal.",
                "Scores are shown with %(number)d decimals until the reveal.",
                round_.shown_decimals,
            )
            % {"number": round_.shown_decimals}
        )
    return said


def clocks_in_words(round_: Round) -> list[Clock]:
    """Say when each other kind of information is shown, as far as it is not by itself."""
    usual = {Kind.PREDICTIONS: ShownFrom.NEVER}
    return [
        Clock(str(what), _event(shown_from_of(round_, kind)), disclosed_at(round_, kind))
        for kind, what in KINDS.items()
        if shown_from_of(round_, kind) is not usual.get(kind, ShownFrom.ALWAYS)
    ]


def _policy(round_: Round) -> str:
    policy = BoardPolicy(round_.board_policy)
    if policy is BoardPolicy.DELAYED:
        hours = round_.board_delay_hours or 0
        return ngettext(
            "A board is shown %(hours)d hour after it was computed, and an entrant's own scores "
            "as late.",
            "A board is shown %(hours)d hours after it was computed, and an entrant's own scores "
            "as late.",
            hours,
        ) % {"hours": hours}
    if policy is BoardPolicy.LADDER:
        return _ladder(round_)
    return {
        BoardPolicy.LIVE: _("Each score is on the board as soon as it is there."),
        BoardPolicy.CLOSE: _(
            "Scores, ranks and the number of entries are hidden until the round closes, from "
            "entrants too."
        ),
        BoardPolicy.REVEAL: _(
            "Scores, ranks and the number of entries are hidden until the answers are revealed, "
            "from entrants too."
        ),
    }[policy]


def _ladder(round_: Round) -> str:
    if round_.ladder_step is None:
        return _(
            "A Ladder: a team's shown score moves only when a submission is better than what is "
            "shown by more than the standard error of the difference. The scores themselves are "
            "sealed until the reveal."
        )
    return _(
        "A Ladder: a team's shown score moves only when a submission is better than what is "
        "shown by more than %(step)g, and is rounded. The scores themselves are sealed until the "
        "reveal."
    ) % {"step": round_.ladder_step}


def _event(shown_from: ShownFrom) -> str:
    return {
        ShownFrom.ALWAYS: _("with the board"),
        ShownFrom.CLOSE: _("when the round closes"),
        ShownFrom.REVEAL: _("when the answers are revealed"),
        ShownFrom.DATE: _("from a date on"),
        ShownFrom.NEVER: _("not shown"),
    }[shown_from]
