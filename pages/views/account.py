"""A person's own account, and API tokens."""

from __future__ import annotations

from typing import cast

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.identity import is_identified, offers_connections, remedy_of_identity
from accounts.models import ApiToken, User
from accounts.second_factor import has_second_factor, lacks_second_factor
from accounts.selectors import active_teams_of
from accounts.services import create_token
from pages.forms import ProfileForm, TokenForm


@never_cache
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show how the person is known here, and where each part of the account is changed."""
    user = cast(User, request.user)
    # A row of its own: what the form refuses must not stand in the page's head.
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("pages:account")
    context = {
        "form": form,
        "teams": active_teams_of(user),
        "email": EmailAddress.objects.filter(user=user, primary=True).first(),
        "connections": SocialAccount.objects.filter(user=user),
        "offers_connections": offers_connections(),
        "has_second_factor": has_second_factor(user),
        "lacks_second_factor": lacks_second_factor(user),
        "is_identified": is_identified(user),
        "identity_remedy": remedy_of_identity(),
    }
    return render(request, "pages/account.html", context)


@never_cache
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    user, secret = cast(User, request.user), ""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        _token, secret = create_token(user, name=given["name"], scopes=given["scopes"])
        form = TokenForm()
    context = {"form": form, "secret": secret, "tokens": ApiToken.objects.filter(user=user)}
    return render(request, "pages/tokens.html", context)


@require_POST
@login_required
def revoke_token(request: HttpRequest, key: str) -> HttpResponse:
    user = cast(User, request.user)
    token = get_object_or_404(ApiToken, user=user, token_key=key)
    token.delete()
    messages.success(request, _("The token “%(name)s” works no more.") % {"name": token.name})
    return redirect("pages:tokens")
