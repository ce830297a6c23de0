"""People and teams."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import Team, User
from accounts.selectors import active_members_of, active_teams_of, is_member
from catalog.errors import SharesRefused
from catalog.services import confirm_share
from challenges.selectors import visible_artifacts, visible_rounds
from leaderboards.selectors import round_credits
from leaderboards.visible import visible_standings
from pages.credit import person_credit


def person(request: HttpRequest, username: str) -> HttpResponse:
    found = get_object_or_404(User, username=username, is_active=True)
    rounds = {f"{each.challenge.slug}/{each.slug}": each for each in visible_rounds(request.user)}
    credit = person_credit(
        found,
        round_credits(rounds.values(), request.user, timezone.now()),
        visible_artifacts(request.user),
    )
    context = {
        "person": found,
        "teams": active_teams_of(found),
        "credit": credit,
        "rounds": [(rounds[each.round], each) for each in credit.rounds if each.round in rounds],
    }
    return render(request, "pages/person.html", context)


@login_required
@require_POST
def confirm(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Confirm one's own share of an artifact: from then on it counts."""
    artifact = get_object_or_404(visible_artifacts(request.user), slug=slug, version=version)
    share = get_object_or_404(artifact.contributions, person=request.user)
    try:
        confirm_share(share, by=cast(User, request.user))
    except SharesRefused as error:
        messages.error(request, f"{error.message} {error.remedy}")
    else:
        told = _("Your share of %(work)s is confirmed.") % {"work": artifact.title}
        messages.success(request, told)
    return redirect("pages:person", request.user.username)


def team(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Team, slug=slug)
    context = {
        "team": found,
        "is_member": is_member(request.user, found),
        "members": active_members_of(found),
        "standings": visible_standings(
            visible_rounds(request.user),
            request.user,
            timezone.now(),
            among=Q(submission__team=found),
        ),
        "methods": found.artifacts.order_by("title", "registered_at"),
    }
    return render(request, "pages/team.html", context)
