"""People and teams."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.models import Team, User
from accounts.selectors import active_members_of, active_teams_of
from challenges.selectors import visible_artifacts, visible_rounds
from pages.boards import current_standings
from pages.credit import person_credit


def person(request: HttpRequest, username: str) -> HttpResponse:
    found = get_object_or_404(User, username=username, is_active=True)
    context = {
        "person": found,
        "teams": active_teams_of(found),
        "credit": person_credit(
            found, visible_rounds(request.user), visible_artifacts(request.user)
        ),
    }
    return render(request, "pages/person.html", context)


def team(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Team, slug=slug)
    standings = current_standings(visible_rounds(request.user))
    context = {
        "team": found,
        "members": active_members_of(found),
        "standings": standings.filter(submission__team=found).order_by(
            "-submission__round__closes_at", "position"
        ),
        "methods": found.artifacts.order_by("title", "registered_at"),
    }
    return render(request, "pages/team.html", context)
