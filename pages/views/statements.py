"""Statements as pages, and artifacts in the formats of the standards."""

from __future__ import annotations

import json

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from catalog.errors import CatalogError
from catalog.exports import Described, describe, formats_of
from catalog.exports.croissant import croissant
from catalog.exports.eu_summary import eu_summary
from catalog.importing import IMPORT_BYTES, read_description
from catalog.models import Artifact
from catalog.selectors import can_edit, newest_statement, search_artifacts
from catalog.statements import NOT_DISCLOSED, SECTIONS, Shape, completeness, json_schema
from challenges.selectors import visible_artifacts
from leaderboards.visible import withheld_methods, withholds_abstract
from pages.catalog_forms import LICENCES, CreateForm, ImportForm, show_refusal
from pages.views.curation import visible_artifact

PAGE = 30
WITHHELD = gettext_lazy("Described once the round it entered lets it.")


def described(request: HttpRequest, artifact: Artifact) -> Described:
    """Look up what the exports tell, with this site's address."""
    return describe(artifact, root=request.build_absolute_uri("/"), site=settings.SITE_NAME)


def told_artifact(request: HttpRequest, slug: str, version: str) -> Artifact:
    """Return an artifact whose statement the visitor may read; else there is no such page."""
    artifact = visible_artifact(request, slug, version)
    if withholds_abstract(artifact, request.user, timezone.now()):
        raise Http404("described once the round it entered lets it")
    return artifact


def catalog(request: HttpRequest) -> HttpResponse:
    """Search datasets and models; what waits for a round's clock is not searched or quoted."""
    query, kind = request.GET.get("q", "").strip()[:200], request.GET.get("kind", "")
    withheld = withheld_methods(request.user, timezone.now())
    found = visible_artifacts(request.user)
    found = search_artifacts(query, found.exclude(pk__in=withheld) if query else found)
    found = found.select_related("team")
    if kind in Artifact.Kind.values:
        found = found.filter(kind=kind)
    page = Paginator(found.order_by("title", "version", "pk"), PAGE).get_page(
        request.GET.get("page")
    )
    for artifact in page:
        if artifact.pk in withheld:
            artifact.summary = str(WITHHELD)
    context = {"query": query, "kind": kind, "kinds": Artifact.Kind.choices, "page": page}
    return render(request, "pages/catalog.html", context)


def statement(request: HttpRequest, slug: str, version: str, number: int = 0) -> HttpResponse:
    """Show a statement: the newest, or one of before. A draft is its makers' alone."""
    artifact = told_artifact(request, slug, version)
    mine = can_edit(request.user, artifact)
    history = artifact.statements.select_related("saved_by")
    if not mine:
        history = history.filter(published_at__isnull=False)
    found = (
        get_object_or_404(history, number=number)
        if number
        else newest_statement(artifact, with_draft=False) or history.first()
    )
    if found is None:
        raise Http404("nothing is stated yet")
    told = described(request, artifact)
    shown = Described(
        **{name: getattr(told, name) for name in Described.__slots__}
        | {"statement": found, "answers": found.answers}
    )
    context = {
        "artifact": artifact,
        "statement": found,
        "history": history,
        "can_edit": mine,
        "completeness": completeness(found.answers, artifact.kind),
        "sections": _sections(shown),
        "columns": shown.get("columns") or [],
    }
    return render(request, "pages/statement.html", context)


def _sections(shown: Described) -> list[dict[str, object]]:
    kind = shown.artifact.kind
    return [
        {
            "section": section,
            "rows": [
                {
                    "field": each,
                    "told": shown.told(each.key),
                    "hidden": shown.answers.get(each.key) == NOT_DISCLOSED,
                    "is_columns": each.shape is Shape.COLUMNS and bool(shown.get(each.key)),
                }
                for each in section.fields
                if kind in each.kinds
            ],
        }
        for section in SECTIONS
    ]


def export(request: HttpRequest, slug: str, version: str, name: str) -> HttpResponse:
    artifact = told_artifact(request, slug, version)
    chosen = next((each for each in formats_of(artifact) if each.name == name), None)
    if chosen is None:
        raise Http404("no such format")
    content = chosen.write(described(request, artifact))
    answer = HttpResponse(content, content_type=f"{chosen.media_type}; charset=utf-8")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


def training_summary(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show the public summary of training content, ready to print."""
    artifact = told_artifact(request, slug, version)
    if artifact.kind != Artifact.Kind.MODEL:
        raise Http404("only models have one")
    found = described(request, artifact)
    context = {"artifact": artifact, "found": found, "parts": eu_summary(found)}
    return render(request, "pages/training_summary.html", context)


def statement_schema(request: HttpRequest, kind: str) -> JsonResponse:
    """Give the JSON Schema of the answers."""
    if kind not in Artifact.Kind.values:
        raise Http404("no such kind")
    return JsonResponse(json_schema(kind))


def json_ld(found: Described) -> str:
    """Return the description for the head of a page: for programs, so the same in each language.

    A browser never runs it, whatever the policy; but no text in it may end the element.
    """
    with translation.override(settings.LANGUAGE_CODE):
        text = json.dumps(croissant(found), ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@login_required
def import_page(request: HttpRequest) -> HttpResponse:
    """Read a description, say what was understood, and offer it as a filled-in form."""
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read(IMPORT_BYTES + 1)
        try:
            found = read_description(content, kind=form.cleaned_data["kind"])
        except CatalogError as error:
            show_refusal(form, error)
        else:
            facts = {**found.facts, "kind": found.kind, "is_stub": True}
            context |= {
                "found": found,
                "prefilled": CreateForm(initial=facts, by=request.user),  # type: ignore[arg-type]  # signed in
                "answers": json.dumps(dict(found.answers)),
                "licences": LICENCES,
            }
    return render(request, "pages/import.html", context, status=422 if form.errors else 200)
