"""What belongs to a round and is edited with it: metrics, targets, files."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin_base import PlainStacked, PlainTabular
from challenges.admin.choices import metric_help
from challenges.admin.forms import RoundFileForm, RoundMetricForm, TargetForm
from challenges.admin.scope import Scoped
from challenges.models import Reference, RoundFile, RoundMetric, Target, Track


class DraftOnlyInline:
    """Part of the rules: to be edited until the round is published."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and super().has_add_permission(request, obj)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and super().has_delete_permission(request, obj)  # type: ignore[misc]


def is_draft(obj: Any) -> bool:
    return obj is None or not obj.is_frozen


class MetricInline(DraftOnlyInline, PlainStacked):
    model = RoundMetric
    form = RoundMetricForm
    extra = 0
    min_num = 0
    fields = (
        ("choice", "is_primary"),
        ("key", "label", "position"),
        ("aggregate", "parameters"),
        "meaning",
    )
    readonly_fields = ("meaning",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if is_draft(obj):
            return self.fields
        return ("key", "label", "metric", "version", "parameters", "aggregate", "is_primary")

    @admin.display(description="what it means")
    def meaning(self, row: RoundMetric) -> str:
        return metric_help(row.metric, row.version) if row.metric else "Shown once it is saved."


class TrackInline(DraftOnlyInline, PlainStacked):
    model = Track
    extra = 0
    fields = (
        ("position", "slug", "title"),
        "summary",
        ("opens_at", "closes_at"),
        "target_hours",
    )


class TargetInline(DraftOnlyInline, PlainTabular):
    model = Target
    form = TargetForm
    extra = 0
    can_delete = False  # removing takes the sealed answers along: an action of the target list
    show_change_link = True
    # What makes a target; limits, weight and classes are on its own page, a click away.
    fields = ("position", "slug", "title", "shape", "answer", "answered")
    readonly_fields = ("answered",)

    @admin.display(description="answer stored")
    def answered(self, target: Target) -> str:
        return answer_status(target)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden = () if is_draft(obj) else ("answer",)
        return [name for name in self.fields if name not in hidden]


def answer_status(target: Target) -> str:
    """Return that there is an answer and in which version; nothing of the answer itself."""
    if target.pk is None:
        return "no"
    row = Reference.objects.filter(target=target, is_current=True).first()
    return "no" if row is None else f"yes, version {row.version}"


class FileInline(Scoped, PlainTabular):
    model = RoundFile
    form = RoundFileForm
    extra = 0
    challenge_path = "round__challenge"
    fields = ("name", "upload", "description", "target", "released_at", "size_bytes")
    readonly_fields = ("name", "size_bytes")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "target":
            match = request.resolver_match
            pk = match.kwargs.get("object_id") if match else None
            kwargs["queryset"] = Target.objects.filter(round=pk) if pk else Target.objects.none()
            return db_field.formfield(**kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and super().has_delete_permission(request, obj)
