"""Standings and the credit ledger: computed, so only looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.admin_base import ViewOnly, ViewOnlyInline
from challenges.admin.scope import ScopedAdmin
from challenges.errors import ChallengeError
from challenges.models import Correction
from challenges.services.corrections import withdraw_correction
from leaderboards.models import (
    BoardRevision,
    CreditBook,
    CreditEntry,
    DuplicateSearch,
    NearDuplicate,
    Standing,
)
from leaderboards.services.corrections import publish_correction, who_moves
from submissions.services.shadow import progress_of


@admin.register(Correction)
class CorrectionAdmin(ScopedAdmin):
    """Who moves under a correction, and the two buttons that end it.

    It stands here, not with the challenges, because it compares boards.
    """

    challenge_path = "round__challenge"
    change_form_template = "admin/challenges/correction/change_form.html"
    list_display = ("round", "reason", "made_at", "in_force_at", "withdrawn_at")
    list_filter = (("round", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("round__challenge",)
    fields = (
        "round",
        "reason",
        "proposed",
        "metric_versions",
        "made_by",
        "made_at",
        "in_force_at",
        "withdrawn_at",
    )
    readonly_fields = fields

    @admin.display(description="proposed answers")
    def proposed(self, correction: Correction) -> str:
        rows = correction.references.select_related("target").order_by("target__slug")
        return ", ".join(f"{row.target.slug} (version {row.version})" for row in rows) or "none"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a new answer of a published target proposes one

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        correction = kwargs.get("obj")
        if correction is not None and correction.is_open:
            context["progress"] = progress_of(correction)
            context["moves"] = who_moves(correction)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Correction) -> HttpResponse:
        acts = {
            "_publish": (publish_correction, "The correction is in force, with its board."),
            "_withdraw": (withdraw_correction, "The correction is withdrawn."),
        }
        for name, (act, done) in acts.items():
            if name in request.POST:
                try:
                    act(obj, by=request.user)  # type: ignore[arg-type]  # nobody else gets in
                except ChallengeError as error:
                    messages.error(request, str(error))
                else:
                    self.log_change(request, obj, done)
                    messages.success(request, done)
        return HttpResponseRedirect(request.path)


@admin.register(BoardRevision)
class BoardRevisionAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "board__round__challenge"
    list_display = ("board", "number", "created_at")
    list_filter = (("board__round", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("board__round__challenge",)
    fields = ("board", "number", "created_at", "inputs_sha256", "rule", "columns", "target_slugs")


@admin.register(Standing)
class StandingAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "revision__board__round__challenge"
    list_display = (
        "submission",
        "revision",
        "position",
        "rank",
        "status",
        "value",
        "rank_low",
        "rank_high",
        "answered",
        "offered",
    )
    list_filter = ("status", ("revision__board__round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("submission", "revision__board__round__challenge")
    search_fields = ("submission__code", "submission__team__name")
    show_full_result_count = False


@admin.register(CreditBook)
class CreditBookAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "round__challenge"
    list_display = (
        "round",
        "number",
        "created_at",
        "minted_micropoints",
        "open_micropoints",
        "reason",
    )
    list_filter = (("round", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("round__challenge",)


@admin.register(CreditEntry)
class CreditEntryAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "round__challenge"
    list_display = ("round", "kind", "account", "micropoints", "result", "self_use", "reverses")
    list_filter = ("kind", "self_use", ("round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("round__challenge", "account", "reverses")
    search_fields = ("account__title", "account__slug", "result")
    show_full_result_count = False


class NearDuplicateInline(ViewOnlyInline):
    model = NearDuplicate
    fields = ("one", "other", "distance", "gap")


@admin.register(DuplicateSearch)
class DuplicateSearchAdmin(ViewOnly, ScopedAdmin):
    """What organizers see before the reveal; everyone sees it with the books."""

    challenge_path = "round__challenge"
    list_display = (
        "round",
        "made_at",
        "is_current",
        "percent",
        "measured",
        "unmeasured",
        "reason",
    )
    list_filter = ("is_current", ("round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("round__challenge",)
    inlines = (NearDuplicateInline,)
