"""A board as an address asks for it and as a visitor may see it: every view begins here."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from accounts.selectors import active_teams_of
from challenges.models import Round
from challenges.selectors import visible_rounds
from leaderboards.revisions import sheet_of
from leaderboards.sheets import Sheet
from leaderboards.visible import VisibleBoard, visible_board
from pages.boards.choice import Choice, choice_of, chosen_view
from pages.boards.lines import BoardView


@dataclass(frozen=True, slots=True)
class SeenBoard:
    """A round's board for this visitor: as asked for, in the revision asked for."""

    round: Round
    choice: Choice
    visible: VisibleBoard
    view: BoardView | None

    @property
    def name(self) -> str:
        """A name for files made of it."""
        number = self.visible.revision.number if self.visible.revision else 0
        return f"{self.round.challenge.slug}-{self.round.slug}-revision-{number}"


def visible_round(request: HttpRequest, challenge: str, round: str) -> Round:
    """Return a round this visitor may see; what is out of sight does not exist."""
    return get_object_or_404(visible_rounds(request.user), challenge__slug=challenge, slug=round)


def seen_board(request: HttpRequest, challenge: str, round: str) -> SeenBoard:
    """Return the view of a board that a request asks for."""
    found = visible_round(request, challenge, round)
    choice = choice_of(request.GET)
    visible = visible_board(
        found, request.user, timezone.now(), as_of=choice.at, number=choice.revision
    )
    if choice.revision is not None and visible.revision is None:
        raise Http404("no such revision")
    teams = list(active_teams_of(request.user))
    return SeenBoard(found, choice, visible, chosen_view(visible, choice, mine=teams))


def seen_or_404(request: HttpRequest, challenge: str, round: str) -> tuple[SeenBoard, BoardView]:
    """Return a board that is there to be seen; for files, which cannot be of nothing."""
    seen = seen_board(request, challenge, round)
    if seen.view is None:
        raise Http404("no board to see")
    return seen, seen.view


def seen_sheet(seen: SeenBoard) -> Sheet | None:
    """Return the scores behind a board, None where they are withheld or there is no board."""
    return sheet_of(seen.visible)


def page_of(seen: SeenBoard) -> str:
    """Return the address of the board's own page."""
    return reverse("pages:board", args=[seen.round.challenge.slug, seen.round.slug])


def permanent_address(request: HttpRequest, seen: SeenBoard) -> str:
    """Return the address under which this view of this revision stays."""
    revision = seen.visible.revision
    number = str(revision.number) if revision else ""
    return request.build_absolute_uri(f"{page_of(seen)}{seen.choice.kept(revision=number, at='')}")
