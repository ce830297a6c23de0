"""A person's teams: making one, inviting, joining, leaving, handing over, merging."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import teams
from accounts.errors import AccountError, InvitationRefused
from accounts.models import Team, User
from accounts.selectors import (
    active_members_of,
    active_teams_of,
    captain_of,
    is_captain,
    is_member,
)
from accounts.services import create_named_team
from pages.forms import InviteForm, TeamForm
from submissions.errors import SubmissionError
from submissions.services.merging import merge_by_invitation, obstacles


@never_cache
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    user, form = cast(User, request.user), TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(create_named_team(form.cleaned_data["name"], by=user))
        except AccountError as error:
            form.add_error("name", str(error))
    found = active_teams_of(user)
    rows = [(team, captain_of(team), active_members_of(team)) for team in found]
    return render(request, "pages/teams.html", {"form": form, "teams": rows})


@never_cache
@login_required
def manage(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a member may do in the team, and do one of it."""
    team, user = get_object_or_404(Team, slug=slug), cast(User, request.user)
    if not is_member(user, team):
        raise Http404
    form = InviteForm(request.POST if request.POST.get("act") == "invite" else None)
    url = ""
    if request.method == "POST":
        try:
            if request.POST.get("act") == "invite" and form.is_valid():
                url = teams.invite(team, by=user, **form.cleaned_data).url
                form = InviteForm()
            elif answer := _do(request, team, user):
                return answer
        except AccountError as error:
            messages.error(request, str(error))
    context = {
        "team": team,
        "members": active_members_of(team),
        "captain": captain_of(team),
        "is_captain": is_captain(user, team),
        "invitations": teams.open_invitations(team),
        "form": form,
        "url": url,
    }
    return render(request, "pages/team_manage.html", context)


def _do(request: HttpRequest, team: Team, user: User) -> HttpResponse | None:
    """Do one act of those that need no form; nothing if it is none of them."""
    given = request.POST
    match given.get("act"):
        case "revoke" if given.get("invitation", "").isdecimal():
            if teams.revoke(team, pk=int(given["invitation"]), by=user):
                messages.success(request, _("The invitation works no more."))
        case "hand-over" if given.get("sure"):
            other = get_object_or_404(User, username=given.get("to", ""))
            teams.hand_over(team, by=user, to=other)
            told = _("%(name)s is the captain now.") % {"name": other.public_name}
            messages.success(request, told)
        case "leave" if given.get("sure"):
            teams.leave(team, by=user)
            messages.success(request, _("You have left %(team)s.") % {"team": team.name})
            return redirect("pages:teams")
        case _:
            return None
    return redirect("pages:team-manage", team.slug)


@never_cache
@login_required
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what an invitation leads to; a POST takes it."""
    user = cast(User, request.user)
    try:
        found = teams.invitation_of(secret)
    except InvitationRefused as error:
        return render(request, "pages/invitation.html", {"refusal": error}, status=404)
    captained = [team for team in active_teams_of(user) if is_captain(user, team)]
    if request.method == "POST":
        try:
            if found.merges:
                own = get_object_or_404(active_teams_of(user), slug=request.POST.get("team", ""))
                team = merge_by_invitation(secret, team=own, by=user)
            else:
                team = teams.join(secret, by=user)
        except (AccountError, SubmissionError) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Welcome to %(team)s.") % {"team": team.name})
            return redirect(team)
    choices = [(team, list(obstacles(team, found))) for team in captained if found.merges]
    context = {
        "invitation": found,
        "members": active_members_of(found.team),
        "choices": choices,
        "is_member": is_member(user, found.team),
    }
    return render(request, "pages/invitation.html", context)
