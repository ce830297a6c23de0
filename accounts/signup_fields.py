"""What signing up asks beside name and password. By itself, as allauth builds its forms on it."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class ProfileFields(forms.Form):
    """How a person is shown; the adapter keeps it."""

    display_name = forms.CharField(
        required=False,
        max_length=120,
        label=_("Display name"),
        help_text=_("As shown on boards. Empty: your username."),
    )
    affiliation = forms.CharField(required=False, max_length=200, label=_("Affiliation"))

    def signup(self, request: HttpRequest, user: User) -> None:
        """Nothing more: all is written in one transaction by `AccountAdapter.save_user`."""
