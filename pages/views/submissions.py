"""A team's submissions: the list, one with its state and scores, and the state alone."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.selectors import is_member, readable_teams_of
from challenges.disclosure import Kind, disclosed_at
from challenges.models import RoundState
from challenges.selectors import can_organize
from leaderboards.sight import sight_of
from leaderboards.visible import visible_standing
from pages.forms import WithdrawForm
from pages.scores import score_table
from submissions.errors import SubmissionError
from submissions.models import Submission, SubmissionState
from submissions.parts import part_if_changed
from submissions.selectors import queue_place, visible_submissions
from submissions.services.withdraw import withdraw

SHOWN = 200


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    found = Submission.objects.filter(team__in=readable_teams_of(request.user))
    shown = found.select_related("round__challenge", "team", "method", "submitted_by")[:SHOWN]
    return render(request, "pages/submissions.html", {"submissions": shown})


def submission(request: HttpRequest, code: str) -> HttpResponse:
    return _page(request, _visible(request, code))


@require_POST
@login_required
def withdraw_submission(request: HttpRequest, code: str) -> HttpResponse:
    found, form = _visible(request, code), WithdrawForm(request.POST)
    if form.is_valid():
        try:
            withdraw(found, by=cast(User, request.user), reason=form.cleaned_data["reason"])
            return redirect(found)
        except SubmissionError as error:
            form.add_error(None, str(error))
    return _page(request, found, form=form, status=422)


def _page(
    request: HttpRequest,
    found: Submission,
    *,
    form: WithdrawForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    context = {
        "submission": found,
        "place": queue_place(found),
        "board_date": disclosed_at(found.round, Kind.BOARD),
        "sight": sight_of(found.round, request.user, now),
        "table": score_table(found, request.user, now),
        "standing": visible_standing(found, request.user, now),
        "form": form or WithdrawForm(),
        "can_withdraw": can_withdraw(request, found),
    }
    return render(request, "pages/submission.html", context, status=status)


@cache_control(private=True, no_cache=True)
def state(request: HttpRequest, code: str) -> HttpResponseBase:
    """Answer the part of the page that changes while a submission waits and runs."""
    found = _visible(request, code)
    context = {"submission": found, "place": queue_place(found)}
    return part_if_changed(request, "pages/_state.html", context)


def can_withdraw(request: HttpRequest, submission: Submission) -> bool:
    """Tell whether to offer withdrawing; the service decides when it is asked."""
    if submission.state == SubmissionState.WITHDRAWN:
        return False
    state = submission.round.state
    if can_organize(request.user, submission.round.challenge):
        return state is not RoundState.FINAL
    before_reveal = state in {RoundState.OPEN, RoundState.CLOSED}
    return before_reveal and is_member(request.user, submission.team)


def _visible(request: HttpRequest, code: str) -> Submission:
    try:
        return (
            visible_submissions(request.user)
            .select_related("round__challenge", "team", "method", "submitted_by")
            .get(code=code)
        )
    except Submission.DoesNotExist:
        raise Http404("no submission of this code that you may see") from None
