"""A round: rules, metrics, targets and files in one form."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from challenges.admin.acts import available_acts
from challenges.admin.forms import ITEM, RoundForm
from challenges.admin.places import CHECKLIST, linked_checklist
from challenges.admin.round_inlines import (
    FileInline,
    MetricInline,
    TargetInline,
    TrackInline,
    is_draft,
)
from challenges.admin.round_pages import person_of
from challenges.admin.round_setup import RoundSetup
from challenges.errors import ChallengeError
from challenges.models import Round, RoundFile, Target
from challenges.models.design_items import DESIGN_ITEMS
from challenges.models.disclosure import CLOCKS, DISCLOSURE_FIELDS
from challenges.services.amendments import amendable_fields
from challenges.services.files import add_round_file
from challenges.services.references import set_reference

INLINE_TARGETS = 30  # more do not fit one form; they have a list of their own

RULES = (
    "challenge",
    "slug",
    "task",
    "opens_at",
    "closes_at",
    "grace_minutes",
    "embargo",
    "design_items",
    "reader",
    "reader_options",
    "upload_limit_bytes",
    "submissions_per_day",
    "upload_replaces",
    "models_per_target",
    "model_basis",
    "assessors_see_names_at",
    "missing_policy",
    "missing_penalty",
    "tie_tolerance",
    "near_duplicate_percent",
    "bootstrap_resamples",
    "bootstrap_seed",
    "perfect_value",
    *DISCLOSURE_FIELDS,
    "target_set",
    "offered_data",
)
IN_WORDS = "Design in words"
SHOWN = ("state", "published_at", "revealed_at", "finalized_at", "design_sha256")


@admin.register(Round)
class RoundAdmin(RoundSetup):
    form = RoundForm
    change_form_template = "admin/challenges/round/change_form.html"
    list_display = ("title", "challenge", "state", "opens_at", "closes_at", "targets_count")
    list_filter = (
        ("challenge", admin.RelatedOnlyFieldListFilter),
        ("published_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("challenge",)
    search_fields = ("title", "slug", "challenge__title")
    autocomplete_fields = ("target_set", "offered_data")
    date_hierarchy = "opens_at"
    inlines = (MetricInline, TrackInline, TargetInline, FileInline)
    fieldsets = (
        (None, {"fields": ("challenge", "title", "slug", "task")}),
        (
            "Dates",
            {
                "description": "If the opening date is past when you publish, the round opens at "
                "that moment. All times are UTC.",
                "fields": ("opens_at", "closes_at", "grace_minutes", "embargo", *SHOWN),
            },
        ),
        (
            IN_WORDS,
            {
                "description": "What the other rules do not say. Each may be left empty; all are "
                "frozen with the rules and shown to everyone.",
                "fields": (),
            },
        ),
        (
            "Predictions",
            {
                "fields": (
                    "reader",
                    "reader_options",
                    "upload_limit_bytes",
                    "submissions_per_day",
                    "upload_replaces",
                    "models_per_target",
                )
            },
        ),
        (
            "Ranking",
            {
                "description": "Frozen with everything else when the round is published.",
                "fields": (
                    "model_basis",
                    "missing_policy",
                    "missing_penalty",
                    "tie_tolerance",
                    "perfect_value",
                    "bootstrap_resamples",
                    "bootstrap_seed",
                ),
            },
        ),
        (
            "What is shown when",
            {
                "description": "What entrants and everyone else see until when; the page of the "
                "round says it in words. You see everything at any time. Frozen with the rules.",
                "fields": (
                    "board_policy",
                    ("board_delay_hours", "ladder_step", "shown_decimals"),
                    *((f"{clock}_shown", f"{clock}_shown_at") for clock in CLOCKS),
                    "assessors_see_names_at",
                ),
            },
        ),
        ("Credit", {"fields": ("target_set", "offered_data", "near_duplicate_percent")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(number_of_targets=Count("targets"))

    @admin.display(description="targets", ordering="number_of_targets")
    def targets_count(self, round: Any) -> int:
        return int(round.number_of_targets)

    @admin.display(description="state")
    def state(self, round: Round) -> str:
        return str(round.state.label) if round.pk else "Draft"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the design in words item by item, for as long as it can be written."""
        boxes = [ITEM + name for name in DESIGN_ITEMS] if is_draft(obj) else ["design_items"]
        return [
            (name, options | {"fields": boxes} if name == IN_WORDS else options)
            for name, options in self.fieldsets
        ]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Leave it to the form itself to make the boxes of the design in words."""
        if kwargs.get("fields"):
            kwargs["fields"] = [name for name in kwargs["fields"] if not name.startswith(ITEM)]
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return SHOWN if is_draft(obj) else (*SHOWN, *RULES)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {"slug": ("title",)} if obj is None else {}

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        if obj is not None and obj.targets.count() > INLINE_TARGETS:
            return [inline for inline in self.inlines if inline is not TargetInline]
        return self.inlines

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and super().has_delete_permission(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        round = kwargs.get("obj")
        if round is not None:
            context["acts"] = available_acts(round)
            context["amendable"] = round.is_frozen and bool(amendable_fields(round))
            context |= checklist_of(round) if is_draft(round) else {}
            context["is_draft"] = is_draft(round)
            context["many_targets"] = round.targets.count() > INLINE_TARGETS
        return super().render_change_form(request, context, *args, **kwargs)

    def response_post_save_add(self, request: HttpRequest, obj: Round) -> HttpResponseRedirect:
        return self.response_post_save_change(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Round) -> HttpResponseRedirect:
        """Stay at a draft, whose checklist says what is next."""
        if obj.is_frozen:
            return super().response_post_save_change(request, obj)
        address = reverse("admin:challenges_round_change", args=[obj.pk])
        return HttpResponseRedirect(address + CHECKLIST)

    # Saving what belongs to the round goes through the services.

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is RoundFile:
            self._save_files(request, formset)
            return
        super().save_formset(request, form, formset, change)
        if formset.model is Target:
            for row in formset.forms:
                upload = row.cleaned_data.get("answer") if row.is_valid() else None
                if upload and row.instance.pk:
                    set_reference(target=row.instance, values=upload.file, by=person_of(request))

    def _save_files(self, request: HttpRequest, formset: Any) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        for row in formset.forms:
            facts = row.cleaned_data if row.is_valid() else {}
            if facts.get("DELETE"):
                if row.instance.pk:
                    transaction.on_commit(partial(default_storage.delete, str(row.instance.file)))
                    row.instance.delete()
            elif facts.get("upload"):
                self._store(request, formset.instance, row=row)
            elif row.has_changed() and row.instance.pk:
                row.save()

    def _store(self, request: HttpRequest, round: Round, *, row: Any) -> None:
        facts = row.cleaned_data
        try:
            add_round_file(
                round,
                name=row.instance.name or facts["upload"].name,
                content=facts["upload"].file,
                target=facts.get("target"),
                description=facts.get("description", ""),
                released_at=facts.get("released_at"),
                by=person_of(request),
            )
        except ChallengeError as error:
            messages.error(request, str(error))


def checklist_of(round: Round) -> dict[str, Any]:
    """Return what the checklist's template shows."""
    steps = linked_checklist(round)
    blocking = [each for step in steps for each, _ in step.findings if each.blocks]
    return {"checklist": steps, "missing": len(blocking)}
