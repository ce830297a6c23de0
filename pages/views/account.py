"""Signing up and API tokens."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.errors import AccountError
from accounts.models import ApiToken, User
from accounts.services import create_token
from pages.forms import SignUpForm, TokenForm


@sensitive_post_parameters("password1", "password2")
def signup(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("pages:home")
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = form.create()
        except AccountError as error:
            form.add_refusal(error)
        else:
            login(request, person)
            return redirect("pages:home")
    return render(request, "pages/signup.html", {"form": form})


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
