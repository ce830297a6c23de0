"""Submissions and what became of them: looked at, re-scored, withdrawn, refunded; never edited."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.admin_base import ViewOnly, ViewOnlyInline
from challenges.admin.forms import ReasonForm
from challenges.admin.scope import ScopedAdmin
from submissions.admin_overview import OverviewPages
from submissions.errors import SubmissionError
from submissions.models import QuotaEntry, Score, ScoringRun, Submission
from submissions.services.priority import prioritize
from submissions.services.quota import refund
from submissions.services.rescore import rescore
from submissions.services.withdraw import withdraw


class RunInline(ViewOnlyInline):
    model = ScoringRun
    fields = ("number", "is_current", "engine_version", "worker", "started_at", "finished_at")
    show_change_link = True


@admin.register(Submission)
class SubmissionAdmin(ViewOnly, OverviewPages):
    challenge_path = "round__challenge"
    list_display = ("code", "round", "team", "entry_kind", "state", "received_at", "reason_code")
    list_filter = (
        "state",
        "entry_kind",
        ("round", admin.RelatedOnlyFieldListFilter),
        "reason_code",
    )
    list_select_related = ("round__challenge", "team")
    search_fields = ("code", "team__name", "method__title", "sha256")
    date_hierarchy = "received_at"
    inlines = (RunInline,)
    actions = (
        "rescore_selected",
        "withdraw_selected",
        "refund_selected",
        "put_first_selected",
        "make_ordinary_selected",
    )
    fieldsets = (
        (
            None,
            {"fields": ("code", "round", "team", "submitted_by", "method", "entry_kind", "note")},
        ),
        ("File", {"fields": ("file_name", "size_bytes", "sha256", "received_at", "answered")}),
        ("State", {"fields": ("state", "queued_at", "priority", "attempt", "finished_at")}),
        ("Told to the team", {"fields": ("reason_code", "reason", "problems")}),
        ("Told to organizers", {"fields": ("organizer_note",)}),
    )

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Acts are for organizers; the list holds only submissions to their challenges."""
        return request.user.has_perm("submissions.view_submission")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who comes first is for operators of the site, as workers serve all challenges."""
        return bool(request.user.is_superuser)

    @admin.action(
        description="Put selected submissions first in their challenge", permissions=["operate"]
    )
    def put_first_selected(self, request: HttpRequest, queryset: Any) -> None:
        self._each(request, queryset, act=prioritize, done="put first")

    @admin.action(
        description="Let selected submissions wait in their turn", permissions=["operate"]
    )
    def make_ordinary_selected(self, request: HttpRequest, queryset: Any) -> None:
        ordinary = functools.partial(prioritize, priority=None)
        self._each(request, queryset, act=ordinary, done="made to wait in their turn")

    @admin.action(description="Score selected submissions again", permissions=["act"])
    def rescore_selected(self, request: HttpRequest, queryset: Any) -> None:
        self._each(request, queryset, act=rescore, done="queued to be scored again")

    @admin.action(description="Withdraw selected submissions with a reason", permissions=["act"])
    def withdraw_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._with_reason(
            request,
            queryset,
            action="withdraw_selected",
            title="Withdraw submissions",
            meaning="They stay on record with the reason, and no longer count.",
            act=withdraw,
            done="withdrawn",
        )

    @admin.action(description="Give back the quota of selected submissions", permissions=["act"])
    def refund_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._with_reason(
            request,
            queryset,
            action="refund_selected",
            title="Give quota back",
            meaning="The teams may submit as many times more on the day these counted for.",
            act=refund,
            done="refunded",
        )

    def _with_reason(
        self,
        request: HttpRequest,
        queryset: Any,
        *,
        action: str,
        title: str,
        meaning: str,
        act: Callable[..., Any],
        done: str,
    ) -> HttpResponse | None:
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if form.is_bound and form.is_valid():
            reason = form.cleaned_data["reason"]
            self._each(request, queryset, act=act, done=done, reason=reason)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "meaning": meaning,
            "form": form,
            "chosen": queryset,
            "action": action,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/action_with_reason.html", context)

    def _each(
        self,
        request: HttpRequest,
        queryset: Any,
        *,
        act: Callable[..., Any],
        done: str,
        **facts: str,
    ) -> None:
        count = 0
        for submission in queryset.select_related("round__challenge", "team"):
            try:
                outcome = act(submission, by=request.user, **facts)
            except SubmissionError as error:
                messages.error(request, f"{submission.code}: {error}")
                continue
            if outcome is False:
                messages.warning(request, f"{submission.code}: there was nothing to give back.")
                continue
            self.log_change(request, submission, f"{done}. {facts.get('reason', '')}".strip())
            count += 1
        if count:
            messages.success(request, f"{count} submissions {done}.")


@admin.register(ScoringRun)
class ScoringRunAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "submission__round__challenge"
    list_display = ("submission", "number", "is_current", "engine_version", "worker", "finished_at")
    list_filter = ("is_current", ("submission__round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("submission",)
    search_fields = ("submission__code",)
    fields = (
        "submission",
        "number",
        "attempt",
        "is_current",
        "reference_versions",
        "metric_versions",
        "engine_version",
        "worker",
        "started_at",
        "finished_at",
    )


@admin.register(Score)
class ScoreAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "run__submission__round__challenge"
    list_display = ("run", "target", "metric", "status", "value")
    list_filter = ("status", ("run__submission__round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("run__submission", "target", "metric")
    search_fields = ("run__submission__code", "target__slug", "metric__key")
    show_full_result_count = False
    fields = ("run", "target", "metric", "status", "value", "detail")


@admin.register(QuotaEntry)
class QuotaEntryAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "round__challenge"
    list_display = ("at", "team", "round", "act", "amount", "day", "submission", "by", "reason")
    list_filter = ("act", ("round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("team", "round__challenge", "submission", "by")
    search_fields = ("team__name", "submission__code")
    date_hierarchy = "day"
