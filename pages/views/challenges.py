"""Challenge, round and target pages."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.selectors import active_teams_of
from challenges.disclosure import Kind, disclosed_at
from challenges.errors import DisputeRefused
from challenges.models import RoundState
from challenges.models.design_items import in_words
from challenges.selectors import (
    announcements,
    can_organize,
    is_released,
    released_files,
    released_targets,
    visible_challenges,
    visible_rounds,
)
from challenges.services.disputes import visible_disputes
from leaderboards.sight import sight_of
from leaderboards.visible import visible_board
from pages.boards import board_of, ranks_picture, target_rows
from pages.boards.choice import Choice
from pages.boards.heads import heads_of, metric_heads
from pages.boards.seen import visible_round
from pages.boards.targets import pictured
from pages.disclosure import board_in_words, clocks_in_words
from pages.quotas import quotas_of
from pages.rounds import metrics_of, reader_of, sorted_rounds
from pages.target_makers import makers_of
from pages.views.boards import lines_of
from submissions.services.disputes import may_dispute, open_dispute


def challenge(request: HttpRequest, challenge: str) -> HttpResponse:
    found = get_object_or_404(visible_challenges(request.user), slug=challenge)
    context = {
        "challenge": found,
        "rounds": sorted_rounds(visible_rounds(request.user).filter(challenge=found), request.user),
        "roles": found.roles.select_related("user").order_by("pk"),
    }
    return render(request, "pages/challenge.html", context)


def round_page(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    found, now = visible_round(request, challenge, round), timezone.now()
    teams = list(active_teams_of(request.user))
    targets = list(found.targets.all())
    released = released_targets(found, now)
    shown = visible_board(found, request.user, now)
    board = board_of(shown, mine=teams)
    address = reverse("pages:board", args=[found.challenge.slug, found.slug])
    context = {
        "round": found,
        "sight": shown.sight,
        "board_date": disclosed_at(found, Kind.BOARD),
        "board_words": board_in_words(
            found, private_targets=sum(each.is_private for each in targets)
        ),
        "clocks": clocks_in_words(found),
        "state": found.state_at(now),
        "tracks": found.tracks.all(),
        "board": board,
        "lines": lines_of(request, board),
        "heads": heads_of(Choice(), base=address),
        "other_heads": metric_heads(board, Choice(), base=address) if board else [],
        "picture": ranks_picture(board) if board and board.ranked else "",
        "is_posted": found.credit_books.exists(),
        "targets": [(each, each.pk in released) for each in targets],
        "files": released_files(found, request.user, now),
        "metrics": metrics_of(found),
        "reader": reader_of(found),
        "design_items": in_words(found.design_items),
        "amendments": found.amendments.all(),
        "announcements": announcements(found),
        "offered": found.offered_data.order_by("title"),
        "quotas": quotas_of(teams, found, now),
        "can_organize": can_organize(request.user, found.challenge),
    }
    return render(request, "pages/round.html", context)


def preview(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    """Show a round that is not open yet as an entrant will see it when it opens."""
    found = visible_round(request, challenge, round)
    early = found.state in {RoundState.DRAFT, RoundState.UPCOMING}
    if not early or not can_organize(request.user, found.challenge):
        raise Http404("nothing to preview")
    at, targets = found.opens_at, list(found.targets.all())
    context = {
        "round": found,
        "state": RoundState.OPEN,
        "is_preview": True,
        "sight": sight_of(found, AnonymousUser(), at),
        "board_date": disclosed_at(found, Kind.BOARD),
        "board_words": board_in_words(
            found, private_targets=sum(each.is_private for each in targets)
        ),
        "clocks": clocks_in_words(found),
        "tracks": found.tracks.all(),
        "targets": [(each, is_released(each, found, at)) for each in targets],
        "files": released_files(found, AnonymousUser(), at),
        "metrics": metrics_of(found),
        "reader": reader_of(found),
        "design_items": in_words(found.design_items),
        "offered": found.offered_data.order_by("title"),
    }
    return render(request, "pages/round.html", context)


def target(request: HttpRequest, challenge: str, round: str, target: str) -> HttpResponse:
    parent, now = visible_round(request, challenge, round), timezone.now()
    prefetch_related_objects([parent], "tracks")  # windows, files and sight ask for them
    found = get_object_or_404(parent.targets, slug=target)
    metrics = [each for each in parent.metrics.all() if each.aggregate != "pooled"]
    shown = visible_board(parent, request.user, now)
    board = board_of(shown, mine=active_teams_of(request.user))
    organizes = can_organize(request.user, parent.challenge)
    is_revealed = parent.state_at(now) in {RoundState.REVEALED, RoundState.FINAL}
    found.round = parent
    address = request.build_absolute_uri(found.get_absolute_url())
    context = {
        "round": parent,
        "target": found,
        "makers": makers_of(found, is_revealed=is_revealed, address=address),
        "sight": shown.sight,
        "is_released": organizes or is_released(found, parent, now),
        "is_revealed": is_revealed,
        "files": released_files(parent, request.user, now).filter(target=found),
        "metrics": metrics,
        "rows": target_rows(found, board, metrics) if board else [],
        "pictured": pictured(shown, found, code=request.GET.get("entry", "")),
        "reference": found.references.filter(is_current=True).first(),
        "disputes": visible_disputes(found, request.user, organizes=organizes),
        "may_dispute": may_dispute(found, request.user),
    }
    return render(request, "pages/target.html", context)


@login_required
@require_POST
def dispute(request: HttpRequest, challenge: str, round: str, target: str) -> HttpResponse:
    parent = visible_round(request, challenge, round)
    found = get_object_or_404(parent.targets, slug=target)
    try:
        open_dispute(found, text=request.POST.get("text", ""), by=cast(User, request.user))
    except DisputeRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The organizers have your dispute; the answer appears here."))
    return redirect(found)
