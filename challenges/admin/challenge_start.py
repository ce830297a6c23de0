"""A new challenge from a template: which kind, then the few facts a template cannot know."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_slug
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from challenges.admin.scope import ScopedAdmin
from challenges.errors import ChallengeError, TemplateRefused
from challenges.services.templates import (
    LONGEST_SLUG,
    Start,
    all_templates,
    get_template,
    start_challenge,
)
from heldout.bundle.errors import BundleError


def _in_weeks(weeks: int) -> datetime:
    day = timezone.now().date() + timedelta(weeks=weeks)
    return datetime.combine(day, time(12), tzinfo=UTC)


class StartForm(forms.Form):
    """What a template cannot know; all of it can be changed afterwards."""

    title = forms.CharField(
        label=_("Title"), max_length=100, widget=forms.TextInput(attrs={"size": 50})
    )
    slug = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_SLUG,
        validators=[validate_slug],
        help_text=_("Letters, digits and dashes, as in /challenges/this-part/."),
    )
    round_title = forms.CharField(
        label=_("Title of the round"), max_length=160, initial=_("First round")
    )
    opens_at = forms.SplitDateTimeField(
        label=_("Opens"), widget=AdminSplitDateTime, initial=lambda: _in_weeks(4), help_text="UTC."
    )
    closes_at = forms.SplitDateTimeField(
        label=_("Closes"),
        widget=AdminSplitDateTime,
        initial=lambda: _in_weeks(12),
        help_text="UTC.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and opens >= closes:
            self.add_error("closes_at", _("A round closes after it opens."))
        return cleaned


class ChallengeStart(ScopedAdmin):
    """Pages that begin a challenge."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("new/", wrap(self.templates_view), name="challenges_challenge_templates"),
            path("new/<slug:slug>/", wrap(self.start_view), name="challenges_challenge_start"),
            *super().get_urls(),
        ]

    def templates_view(self, request: HttpRequest) -> HttpResponse:
        """Show the kinds of challenge there are templates for."""
        self._only_who_may_add(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _("New challenge from a template"),
            "templates": all_templates(),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/challenge/templates.html", context)

    def start_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Ask for what a template cannot know, then make the challenge and its first draft."""
        self._only_who_may_add(request)
        try:
            template = get_template(slug)
        except TemplateRefused:
            raise Http404 from None
        form = StartForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                report = start_challenge(
                    template,
                    Start(**form.cleaned_data),
                    by=request.user,  # type: ignore[arg-type]  # the admin lets nobody else in
                )
            except (ChallengeError, BundleError) as error:
                form.add_error(None, str(error))
            else:
                self.log_addition(request, report.challenge, f"From the template {slug}.")
                messages.success(
                    request, _("Your challenge is begun. The list tells what is next.")
                )
                round_ = report.rounds[0].round
                return HttpResponseRedirect(
                    reverse("admin:challenges_round_change", args=[round_.pk])
                )
        context = {
            **self.admin_site.each_context(request),
            "title": template.title,
            "template": template,
            "form": form,
            "opts": self.opts,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/challenges/challenge/start.html", context)

    def _only_who_may_add(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied
