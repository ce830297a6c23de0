"""Creating and describing datasets and models."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from catalog.errors import CatalogError, StatementRefused
from catalog.models import Artifact
from catalog.selectors import (
    artifact_called,
    can_edit,
    is_entered,
    missing_facts,
    missing_to_earn,
    newest_statement,
    published_statement,
    same_files,
    search_artifacts,
)
from catalog.services import (
    change_facts,
    claim_share,
    create_artifact,
    declare_input,
    new_version,
    publish_statement,
    register_stub,
    save_answers,
    set_people,
    upload_file,
)
from catalog.statements import SECTIONS, completeness
from challenges.selectors import visible_artifacts
from pages.catalog_forms import (
    LICENCES,
    ClaimForm,
    CreateForm,
    FactsForm,
    FileForm,
    InputForm,
    PeopleFormSet,
    VersionForm,
    people_of,
    shares_of,
    show_refusal,
)
from pages.statement_forms import SectionForm

FACTS = ("title", "summary", "licence", "doi", "url", "description", "disclosure")
FOUND_MOST = 20


def visible_artifact(request: HttpRequest, slug: str, version: str) -> Artifact:
    """Return the artifact if the visitor may see it."""
    artifacts = visible_artifacts(request.user).select_related("team", "registered_by")
    return get_object_or_404(artifacts, slug=slug, version=version)


def own_artifact(request: HttpRequest, slug: str, version: str) -> Artifact:
    """Return the artifact if the visitor may change it; else there is no such page."""
    artifact = visible_artifact(request, slug, version)
    if not can_edit(request.user, artifact):
        raise Http404("not theirs to change")
    return artifact


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


@login_required
def create(request: HttpRequest) -> HttpResponse:
    form = CreateForm(request.POST or None, by=_user(request))
    if request.method == "POST" and form.is_valid():
        try:
            artifact = _created(request, form)
        except CatalogError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Registered. Now describe it, section by section."))
            return redirect("pages:artifact-edit", artifact.slug, artifact.version)
    answers = request.POST.get("answers", "")
    context = {"form": form, "licences": LICENCES, "answers": answers}
    return render(request, "pages/artifact_new.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _created(request: HttpRequest, form: CreateForm) -> Artifact:
    """Register the artifact with the answers that were imported, if any."""
    artifact = create_artifact(**form.cleaned_data, by=_user(request))
    text = request.POST.get("answers", "")
    if text:
        try:
            answers = json.loads(text)
        except (ValueError, RecursionError):
            answers = None
        if not isinstance(answers, dict):
            raise StatementRefused("The imported answers are damaged. Import again.", fields={})
        save_answers(artifact, answers, by=_user(request))
    return artifact


@login_required
def edit(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show what is there and what is missing; save the facts."""
    artifact = own_artifact(request, slug, version)
    initial = {name: getattr(artifact, name) for name in FACTS}
    form = FactsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_facts(artifact, form.cleaned_data, by=_user(request))
        except CatalogError as error:
            show_refusal(form, error)
            artifact.refresh_from_db()
        else:
            messages.success(request, _("Saved."))
            return redirect("pages:artifact-edit", slug, version)
    context = _overview(artifact) | {"form": form, "licences": LICENCES}
    return render(request, "pages/artifact_edit.html", context, status=422 if form.errors else 200)


def _overview(artifact: Artifact) -> dict[str, Any]:
    statement = newest_statement(artifact, with_draft=True)
    answers = statement.answers if statement else {}
    whole = completeness(answers, artifact.kind)
    files = list(artifact.files.all())
    missing = {field.key for field in whole.needed_missing}
    sections = [
        {
            "section": section,
            "asked": len(asked),
            "answered": len([each for each in asked if each.key in answers]),
            "missing": [each.label for each in asked if each.key in missing],
        }
        for section in SECTIONS
        if (asked := [each for each in section.fields if artifact.kind in each.kinds])
    ]
    return {
        "artifact": artifact,
        "statement": statement,
        "published": published_statement(artifact),
        "completeness": whole,
        "sections": sections,
        "facts_missing": missing_facts(artifact, files).values(),
        "lacks_to_earn": list(missing_to_earn(artifact).values()),
        "files": files,
        "people": artifact.contributions.count(),
        "inputs": artifact.parent_edges.count(),
    }


@login_required
def edit_section(request: HttpRequest, slug: str, version: str, section: str) -> HttpResponse:
    artifact = own_artifact(request, slug, version)
    place = next((n for n, each in enumerate(SECTIONS) if each.key == section), None)
    if place is None:
        raise Http404("no such section")
    statement = newest_statement(artifact, with_draft=True)
    form = SectionForm(
        request.POST if request.method == "POST" else None,
        kind=artifact.kind,
        section=section,
        answers=statement.answers if statement else {},
    )
    after = SECTIONS[place + 1] if place + 1 < len(SECTIONS) else None
    if request.method == "POST" and form.is_valid():
        try:
            save_answers(artifact, form.answers(), by=_user(request))
        except CatalogError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Saved."))
            if after is None or "stay" in request.POST:
                return redirect("pages:artifact-edit", slug, version)
            return redirect("pages:artifact-section", slug, version, after.key)
    context = {
        "artifact": artifact,
        "section": SECTIONS[place],
        "sections": SECTIONS,
        "after": after,
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "pages/statement_section.html", context, status=status)


@login_required
def edit_files(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    artifact = own_artifact(request, slug, version)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            upload_file(
                artifact,
                name=upload.name,
                content=upload.file,
                by=_user(request),
                description=form.cleaned_data["description"],
                media_type=mimetypes.guess_type(upload.name)[0] or "",
            )
        except CatalogError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The file is stored."))
            return redirect("pages:artifact-files", slug, version)
    context = {
        "artifact": artifact,
        "form": form,
        "files": artifact.files.all(),
        "published": published_statement(artifact),
        "same": same_files(artifact, visible_artifacts(request.user)),
    }
    status = 422 if form.errors else 200
    return render(request, "pages/artifact_files_edit.html", context, status=status)


@login_required
def edit_people(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    artifact = own_artifact(request, slug, version)
    rows = artifact.contributions.select_related("person").order_by("pk")
    formset = PeopleFormSet(request.POST or None, initial=people_of(rows))
    if request.method == "POST" and formset.is_valid():
        try:
            set_people(artifact, shares_of(formset, _user(request)), by=_user(request))
        except CatalogError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Saved. Each person confirms their own share."))
            return redirect("pages:artifact-edit", slug, version)
    context = {"artifact": artifact, "formset": formset}
    status = 422 if request.method == "POST" else 200
    return render(request, "pages/artifact_people_edit.html", context, status=status)


@login_required
def edit_lineage(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Search the catalog and declare inputs, one at a time."""
    artifact = own_artifact(request, slug, version)
    form = InputForm(request.POST or None, initial=_usual(artifact, request.GET.get("parent", "")))
    if request.method == "POST" and form.is_valid():
        try:
            _declare(request, artifact, form.cleaned_data)
        except CatalogError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("Declared."))
            return redirect("pages:artifact-lineage", slug, version)
    query = request.GET.get("q", "").strip()
    candidates = visible_artifacts(request.user).exclude(pk=artifact.pk).select_related("team")
    context = {
        "artifact": artifact,
        "form": form,
        "query": query,
        "found": search_artifacts(query, candidates)[:FOUND_MOST] if query else [],
        "parents": artifact.parent_edges.select_related("parent"),
        "is_entered": is_entered(artifact),
    }
    status = 422 if form.errors else 200
    return render(request, "pages/artifact_lineage_edit.html", context, status=status)


def _usual(artifact: Artifact, parent: str) -> dict[str, str]:
    is_model = artifact.kind == Artifact.Kind.MODEL
    relation = "trained-on" if is_model else "derived-from"
    return {"parent": parent, "relation": relation, "use": "train" if is_model else ""}


def _declare(request: HttpRequest, artifact: Artifact, given: dict[str, Any]) -> None:
    parent = artifact_called(given["parent"], visible_artifacts(request.user))
    if parent is None:
        parent = register_stub(title=given["title"], address=given["parent"], by=_user(request))
    declare_input(artifact, parent, relation=given["relation"], use=given["use"], by=_user(request))


@require_POST
@login_required
def publish(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    artifact = own_artifact(request, slug, version)
    try:
        publish_statement(artifact, by=_user(request))
    except CatalogError as error:
        messages.error(request, str(error))
        return redirect("pages:artifact-edit", slug, version)
    messages.success(request, _("The statement is published."))
    return redirect("pages:statement", slug, version)


@login_required
def renew(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Register the next version."""

    def act(form: Any, artifact: Artifact) -> HttpResponse:
        new = new_version(artifact, **form.cleaned_data, by=_user(request))
        messages.success(request, _("Registered. People, lineage and answers are copied."))
        return redirect("pages:artifact-edit", new.slug, new.version)

    artifact = own_artifact(request, slug, version)
    return _one_form(request, artifact, VersionForm(request.POST or None), act, "renew")


@login_required
def claim(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Claim a share of outside data."""

    def act(form: Any, artifact: Artifact) -> HttpResponse:
        claim_share(artifact, **form.cleaned_data, by=_user(request))
        messages.success(request, _("Your claim waits for a steward."))
        return redirect(artifact)

    artifact = visible_artifact(request, slug, version)
    if not artifact.is_stub:
        raise Http404("its makers registered it themselves")
    return _one_form(
        request, artifact, ClaimForm(request.POST or None, artifact=artifact), act, "claim"
    )


def _one_form(
    request: HttpRequest,
    artifact: Artifact,
    form: Any,
    act: Callable[[Any, Artifact], HttpResponse],
    name: str,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            return act(form, artifact)
        except CatalogError as error:
            show_refusal(form, error)
    context = {"artifact": artifact, "form": form}
    template = f"pages/artifact_{name}.html"
    return render(request, template, context, status=422 if form.errors else 200)
