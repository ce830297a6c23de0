"""A team's submissions: the list, one with its state and scores, and the state alone."""

from __future__ import annotations

import hashlib

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control

from accounts.selectors import active_teams_of
from pages.scores import score_table
from submissions.models import Submission
from submissions.selectors import queue_position, visible_submissions

SHOWN = 200


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    found = Submission.objects.filter(team__in=active_teams_of(request.user))
    shown = found.select_related("round__challenge", "team", "method", "submitted_by")[:SHOWN]
    return render(request, "pages/submissions.html", {"submissions": shown})


def submission(request: HttpRequest, code: str) -> HttpResponse:
    found = _visible(request, code)
    context = {
        "submission": found,
        "position": queue_position(found),
        "table": score_table(found),
        "standing": found.standings.filter(revision__board__current_id__isnull=False)
        .order_by("-revision__number")
        .first(),
    }
    return render(request, "pages/submission.html", context)


@cache_control(private=True, no_cache=True)
def state(request: HttpRequest, code: str) -> HttpResponseBase:
    """Answer the part of the page that changes while a submission waits and runs."""
    found = _visible(request, code)
    context = {"submission": found, "position": queue_position(found)}
    html = render_to_string("pages/_state.html", context, request)
    etag = f'"{hashlib.sha256(html.encode()).hexdigest()[:32]}"'
    answer = get_conditional_response(request, etag=etag) or HttpResponse(html)
    answer["ETag"] = etag
    return answer


def _visible(request: HttpRequest, code: str) -> Submission:
    try:
        return visible_submissions(request.user).select_related(
            "round__challenge", "team", "method", "submitted_by"
        ).get(code=code)
    except Submission.DoesNotExist:
        raise Http404("no submission of this code that you may see") from None
