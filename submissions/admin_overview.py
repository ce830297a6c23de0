"""The live overview of a round, with what organizers do from there: refund and grant."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from challenges.admin.forms import ReasonForm
from challenges.admin.scope import ScopedAdmin
from challenges.models import Round
from challenges.selectors import organized_challenges
from submissions.errors import SubmissionError
from submissions.models import Submission
from submissions.overview import overview_of
from submissions.parts import part_if_changed
from submissions.services.quota import grant, refund

MOST_GRANTED = 100


class GrantForm(forms.Form):
    """Extra submissions for one team."""

    team = forms.CharField(label=_("Team"), help_text=_("Its name or its address."), max_length=80)
    amount = forms.IntegerField(
        label=_("Submissions"), min_value=1, max_value=MOST_GRANTED, initial=1
    )
    day = forms.DateField(
        label=_("Day"), required=False, help_text=_("In UTC, like 2027-03-01; empty: today.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Kept in the ledger."))

    def clean_team(self) -> Team:
        named = self.cleaned_data["team"].strip()
        found = Team.objects.filter(slug=named).first() or Team.objects.filter(name=named).first()
        if found is None:
            raise forms.ValidationError(_("There is no team of this name or address."))
        return found


class OverviewPages(ScopedAdmin):
    """Pages of one round, for its organizers."""

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "submissions_submission"
        at = "overview/<int:pk>/"
        return [
            path(at, wrap(self.overview_view), name=f"{name}_overview"),
            path(f"{at}part/", wrap(self.part_view), name=f"{name}_overview_part"),
            path(f"{at}grant/", wrap(self.grant_view), name=f"{name}_grant"),
            path(f"{at}refund/<slug:code>/", wrap(self.refund_view), name=f"{name}_refund"),
            *super().get_urls(),
        ]

    def overview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what goes on in a round."""
        round_ = self._round(request, pk)
        context = {**self._context(request, round_), "overview": overview_of(round_)}
        return TemplateResponse(request, "admin/submissions/overview.html", context)

    def part_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Answer the part of the overview that changes; 304 while it does not."""
        round_ = self._round(request, pk)
        context = {"round": round_, "overview": overview_of(round_)}
        return part_if_changed(request, "admin/submissions/_overview.html", context)

    def grant_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give a team extra submissions."""
        round_ = self._round(request, pk)
        form = GrantForm(request.POST or None, initial={"team": request.GET.get("team", "")})
        if request.method == "POST" and form.is_valid():
            facts = form.cleaned_data
            try:
                grant(round=round_, by=request.user, **facts)  # type: ignore[arg-type]
            except SubmissionError as error:
                form.add_error(None, str(error))
            else:
                told = _("%(team)s has %(amount)d more.") % {
                    "team": facts["team"].name,
                    "amount": facts["amount"],
                }
                return self._back(request, round_, told)
        context = {**self._context(request, round_), "title": _("Grant submissions"), "form": form}
        return TemplateResponse(request, "admin/submissions/overview_form.html", context)

    def refund_view(self, request: HttpRequest, pk: int, code: str) -> HttpResponse:
        """Give back what a submission used of its team's quota."""
        round_ = self._round(request, pk)
        found = get_object_or_404(Submission, round=round_, code=code)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                done = refund(found, by=request.user, reason=reason)  # type: ignore[arg-type]
            except SubmissionError as error:
                form.add_error(None, str(error))
            else:
                if not done:
                    return self._back(
                        request, round_, _("There was nothing to give back."), done=False
                    )
                self.log_change(request, found, f"refunded. {reason}")
                return self._back(request, round_, _("The submission is given back."))
        title = _("Give back the quota of %(code)s") % {"code": code}
        context = {**self._context(request, round_), "title": title, "form": form}
        return TemplateResponse(request, "admin/submissions/overview_form.html", context)

    def _round(self, request: HttpRequest, pk: int) -> Round:
        if not request.user.has_perm("submissions.view_submission"):
            raise PermissionDenied
        mine = Round.objects.filter(challenge__in=organized_challenges(request.user))
        return get_object_or_404(mine.select_related("challenge"), pk=pk)

    def _context(self, request: HttpRequest, round_: Round) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": round_,
            "round": round_,
            "opts": self.opts,
        }

    def _back(
        self, request: HttpRequest, round_: Round, told: Any, *, done: bool = True
    ) -> HttpResponseRedirect:
        (messages.success if done else messages.warning)(request, told)
        return HttpResponseRedirect(
            reverse("admin:submissions_submission_overview", args=[round_.pk])
        )
