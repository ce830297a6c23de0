"""Targets on their own: for rounds with many, for corrections and for cancelling."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.admin_base import PlainTabular
from challenges.admin.forms import CorrectedTargetForm, ReasonForm, ScheduleForm
from challenges.admin.round_inlines import answer_status
from challenges.admin.scope import ScopedAdmin
from challenges.errors import ChallengeError
from challenges.models import Reference, Target, TargetWindow, Track
from challenges.selectors import can_give_roles
from challenges.services.corrections import PROPOSED, store_answers
from challenges.services.schedule import schedule_targets
from challenges.services.targets import cancel_target, remove_target

FROZEN = (
    "round",
    "slug",
    "position",
    "shape",
    "reference_shape",
    "low",
    "high",
    "weight",
    "evaluation_units",
    "unit_of",
    "classes",
    "family",
    "is_private",
    "opens_at",
    "closes_at",
)


class WindowInline(PlainTabular):
    model = TargetWindow
    extra = 0
    verbose_name = "dates in one track"
    verbose_name_plural = "dates in single tracks"
    fields = ("track", "opens_at", "closes_at")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        match = request.resolver_match
        pk = match.kwargs.get("object_id") if match else None
        kwargs["queryset"] = Track.objects.filter(round__targets=pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)


def _is_draft(target: Any) -> bool:
    return target is None or not target.round.is_frozen


@admin.register(Target)
class TargetAdmin(ScopedAdmin):
    form = CorrectedTargetForm
    challenge_path = "round__challenge"
    list_display = ("slug", "title", "round", "shape", "weight", "has_answer", "cancelled_at")
    list_filter = (
        ("round", admin.RelatedOnlyFieldListFilter),
        ("cancelled_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("round__challenge",)
    search_fields = ("slug", "title", "round__title")
    ordering = ("round", "position", "slug")
    autocomplete_fields = ("providers",)
    inlines = (WindowInline,)
    actions = ("schedule_selected", "cancel_selected", "remove_selected")
    fieldsets = (
        (None, {"fields": ("round", "slug", "position", "title", "summary")}),
        ("Prediction", {"fields": ("shape", "reference_shape", "low", "high")}),
        ("Answer", {"fields": ("answered", "answer", "reason")}),
        (
            "Counting",
            {
                "fields": (
                    "weight",
                    "unit_of",
                    "evaluation_units",
                    "classes",
                    "family",
                    "is_private",
                )
            },
        ),
        ("Provided by", {"fields": ("providers",)}),
        ("After the reveal", {"fields": ("commentary",)}),
        (
            "Dates of its own",
            {"classes": ("collapse",), "fields": ("opens_at", "closes_at")},
        ),
        ("Cancelled", {"fields": ("cancelled_at", "cancel_reason")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        current = Reference.objects.filter(target=OuterRef("pk"), is_current=True)
        return super().get_queryset(request).annotate(is_answered=Exists(current))

    @admin.display(description="answer stored", boolean=True, ordering="is_answered")
    def has_answer(self, target: Any) -> bool:
        return bool(target.is_answered)

    @admin.display(description="answer stored")
    def answered(self, target: Target) -> str:
        return answer_status(target)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown: tuple[str, ...] = ("answered", "cancelled_at", "cancel_reason")
        if obj is None:
            return (*shown, "providers")  # named once it is known of which challenge it is
        if not can_give_roles(request.user, obj.round.challenge):
            shown = (*shown, "providers")
        return (*shown, *FROZEN) if obj.round.is_frozen else (*shown, "round")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        has_tracks = obj is not None and obj.round.tracks.exists()
        return self.inlines if has_tracks else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "round":
            field.queryset = field.queryset.filter(published_at__isnull=True)
        return field

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a draft's targets are removed, a published one's cancelled: see actions

    def save_model(self, request: HttpRequest, obj: Target, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        upload = form.cleaned_data.get("answer")
        if not upload:
            return
        try:
            store_answers(
                obj.round,
                [(obj, upload.file)],
                by=request.user,  # type: ignore[arg-type]  # the admin lets nobody else in
                reason=form.cleaned_data.get("reason", ""),
            )
        except ChallengeError as error:
            messages.error(request, str(error))
        else:
            if obj.round.is_frozen:
                messages.info(request, PROPOSED)

    @admin.action(
        description="Cancel selected targets with a public reason", permissions=["change"]
    )
    def cancel_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if form.is_bound and form.is_valid():
            reason = form.cleaned_data["reason"]
            done = 0
            for target in queryset.select_related("round__challenge"):
                try:
                    cancel_target(target, reason=reason, by=request.user)  # type: ignore[arg-type]
                except ChallengeError as error:
                    messages.error(request, str(error))
                else:
                    self.log_change(request, target, f"Cancelled: {reason}")
                    done += 1
            messages.success(request, f"{done} targets cancelled.")
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Cancel targets",
            "meaning": "They stay listed with the reason, and no longer count for any score.",
            "form": form,
            "chosen": queryset,
            "action": "cancel_selected",
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/action_with_reason.html", context)

    @admin.action(description="Date selected targets by a calendar", permissions=["change"])
    def schedule_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        form = ScheduleForm(request.POST if "confirmed" in request.POST else None)
        targets = list(
            queryset.select_related("round__challenge").order_by("round", "position", "slug")
        )
        if form.is_bound and form.is_valid():
            try:
                with transaction.atomic():
                    for round, group in groupby(targets, key=lambda target: target.round):
                        schedule_targets(round, list(group), form.schedule)
            except ChallengeError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"{len(targets)} targets have their dates.")
                return None
        context = {
            **self.admin_site.each_context(request),
            "title": "Date targets by a calendar",
            "meaning": "Release and deadline are filled in, in the order of the targets, from the "
            "opening of their round on. Dates they have already are replaced.",
            "form": form,
            "chosen": targets,
            "action": "schedule_selected",
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/action_with_reason.html", context)

    @admin.action(description="Remove selected targets from drafts", permissions=["change"])
    def remove_selected(self, request: HttpRequest, queryset: Any) -> None:
        done = 0
        for target in queryset.select_related("round__challenge"):
            try:
                remove_target(target)
            except ChallengeError as error:
                messages.error(request, str(error))
            else:
                done += 1
        messages.success(request, f"{done} targets removed with their answers and files.")
