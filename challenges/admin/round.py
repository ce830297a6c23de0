"""A round: rules, metrics, targets, files, and the acts that move it on."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.admin_base import PlainStacked, PlainTabular
from challenges.admin.acts import ACTS, Act, available_acts
from challenges.admin.choices import direction_in_words, metric_help
from challenges.admin.forms import (
    AnswersForm,
    RoundFileForm,
    RoundForm,
    RoundMetricForm,
    TargetForm,
    amendment_form,
)
from challenges.admin.scope import Scoped, ScopedAdmin
from challenges.errors import AnswersRefused, ChallengeError, PublishRefused
from challenges.models import Reference, Round, RoundFile, RoundMetric, Target
from challenges.services.amendments import amend_round, amendable_fields
from challenges.services.answers import read_answers
from challenges.services.corrections import PROPOSED, store_answers
from challenges.services.files import add_round_file
from challenges.services.references import set_reference
from challenges.services.rounds import unmet_before_publishing
from scoring.metrics import all_metrics
from scoring.readers import all_readers

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
    "missing_policy",
    "missing_penalty",
    "tie_tolerance",
    "bootstrap_resamples",
    "bootstrap_seed",
    "perfect_value",
    "target_set",
    "offered_data",
)
SHOWN = ("state", "published_at", "revealed_at", "finalized_at", "design_sha256")


class DraftOnlyInline:
    """Part of the rules: to be edited until the round is published."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_add_permission(request, obj)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)  # type: ignore[misc]


def _is_draft(obj: Any) -> bool:
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
        if _is_draft(obj):
            return self.fields
        return ("key", "label", "metric", "version", "parameters", "aggregate", "is_primary")

    @admin.display(description="what it means")
    def meaning(self, row: RoundMetric) -> str:
        return metric_help(row.metric, row.version) if row.metric else "Shown once it is saved."


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
        hidden = () if _is_draft(obj) else ("answer",)
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
    fields = ("name", "upload", "description", "target", "size_bytes")
    readonly_fields = ("name", "size_bytes")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "target":
            match = request.resolver_match
            pk = match.kwargs.get("object_id") if match else None
            kwargs["queryset"] = Target.objects.filter(round=pk) if pk else Target.objects.none()
            return db_field.formfield(**kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)


@admin.register(Round)
class RoundAdmin(ScopedAdmin):
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
    inlines = (MetricInline, TargetInline, FileInline)
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
        ("Design in words", {"fields": ("design_items",)}),
        (
            "Predictions",
            {
                "fields": (
                    "reader",
                    "reader_options",
                    "upload_limit_bytes",
                    "submissions_per_day",
                )
            },
        ),
        (
            "Ranking",
            {
                "description": "Frozen with everything else when the round is published.",
                "fields": (
                    "missing_policy",
                    "missing_penalty",
                    "tie_tolerance",
                    "perfect_value",
                    "bootstrap_resamples",
                    "bootstrap_seed",
                ),
            },
        ),
        ("Credit", {"fields": ("target_set", "offered_data")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(number_of_targets=Count("targets"))

    @admin.display(description="targets", ordering="number_of_targets")
    def targets_count(self, round: Any) -> int:
        return int(round.number_of_targets)

    @admin.display(description="state")
    def state(self, round: Round) -> str:
        return str(round.state.label) if round.pk else "Draft"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return SHOWN if _is_draft(obj) else (*SHOWN, *RULES)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {"slug": ("title",)} if obj is None else {}

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        if obj is not None and obj.targets.count() > INLINE_TARGETS:
            return [inline for inline in self.inlines if inline is not TargetInline]
        return self.inlines

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)

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
                    set_reference(target=row.instance, values=upload.file, by=_person(request))

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
                by=_person(request),
            )
        except ChallengeError as error:
            messages.error(request, str(error))

    # Pages beside the form.

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("metrics/", wrap(self.choices_view), name="challenges_round_choices"),
            path("<int:pk>/answers/", wrap(self.answers_view), name="challenges_round_answers"),
            path("<int:pk>/amend/", wrap(self.amend_view), name="challenges_round_amend"),
            path("<int:pk>/act/<slug:act>/", wrap(self.act_view), name="challenges_round_act"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        round = kwargs.get("obj")
        if round is not None:
            context["acts"] = available_acts(round)
            context["amendable"] = round.is_frozen and bool(amendable_fields(round))
            context["unmet"] = unmet_before_publishing(round) if _is_draft(round) else []
            context["is_draft"] = _is_draft(round)
            context["many_targets"] = round.targets.count() > INLINE_TARGETS
        return super().render_change_form(request, context, *args, **kwargs)

    def choices_view(self, request: HttpRequest) -> HttpResponse:
        """Show all registered metrics and readers in plain words."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Metrics and formats",
            "metrics": [(metric, direction_in_words(metric)) for metric in all_metrics()],
            "readers": all_readers(),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/choices.html", context)

    def answers_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the answers of all targets from one file."""
        round = self._changeable(request, pk)
        form = AnswersForm(request.POST or None, request.FILES or None)
        problems: list[str] = []
        if request.method == "POST" and form.is_valid():
            count = round.targets.filter(cancelled_at__isnull=True).count()
            problems = self._store_answers(request, round, form=form)
            if not problems:
                self.log_change(request, round, "Answers of all targets stored.")
                messages.success(
                    request,
                    PROPOSED if round.is_frozen else f"The answers of {count} targets are stored.",
                )
                return self._back(round)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Answers of {round}",
            "form": form,
            "problems": problems,
            "original": round,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/answers.html", context)

    def _store_answers(self, request: HttpRequest, round: Round, *, form: AnswersForm) -> list[str]:
        targets = list(round.targets.filter(cancelled_at__isnull=True).select_related("round"))
        handle = form.cleaned_data["file"].file
        try:
            with transaction.atomic():
                found = read_answers(handle, targets=targets, kind=form.kind, options=form.options)
                store_answers(
                    round,
                    ((target, found[target.slug].read()) for target in targets),
                    by=_person(request),
                    reason=form.cleaned_data["reason"],
                )
        except AnswersRefused as error:
            return [f"{problem.message}. {problem.remedy}" for problem in error.problems]
        except ChallengeError as error:
            return [str(error)]
        return []

    def amend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Change what may still change in a published round, with a public reason."""
        round = self._changeable(request, pk)
        fields = amendable_fields(round) if round.is_frozen else ()
        if not fields:
            raise PermissionDenied
        form = amendment_form(fields)(request.POST or None, instance=round)
        if request.method == "POST" and form.is_valid():
            values = {name: form.cleaned_data[name] for name in form.changed_data if name in fields}
            try:
                amend_round(
                    self._changeable(request, pk),
                    values,
                    by=_person(request),
                    reason=form.cleaned_data["reason"],
                )
            except ChallengeError as error:
                form.add_error(None, str(error))
            else:
                self.log_change(request, round, f"Amended: {', '.join(values)}.")
                messages.success(request, "The rules are amended; everybody can see what changed.")
                return self._back(round)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Amend the rules of {round}",
            "form": form,
            "original": round,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/amend.html", context)

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """Ask for a confirmation, then let a service do the act."""
        round = self._changeable(request, pk)
        if act not in ACTS:
            raise PermissionDenied
        chosen: Act = ACTS[act]
        refused: tuple[str, ...] = ()
        if request.method == "POST":
            try:
                chosen.do(round, by=_person(request))
            except PublishRefused as error:
                refused = error.unmet
            except ChallengeError as error:
                refused = (str(error),)
            else:
                self.log_change(request, round, f"{chosen.done}.")
                messages.success(request, f"{round}: {chosen.done.lower()}.")
                return self._back(round)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{chosen.label}: {round}",
            "act": chosen,
            "refused": refused,
            "unmet": unmet_before_publishing(round) if act == "publish" else [],
            "original": round,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/act.html", context)

    def _changeable(self, request: HttpRequest, pk: int) -> Round:
        round = self.get_object(request, str(pk))
        if not isinstance(round, Round) or not self.has_change_permission(request, round):
            raise PermissionDenied
        return round

    def _back(self, round: Round) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:challenges_round_change", args=[round.pk]))


def _person(request: HttpRequest) -> Any:
    """Return the signed-in person; the admin lets nobody else in."""
    return request.user
