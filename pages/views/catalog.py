"""Datasets and models, and the board that ranks datasets by credit."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from catalog.models import Artifact
from challenges.selectors import visible_artifacts, visible_rounds
from pages.boards import current_standings
from pages.credit import credits_of, data_rows, results_using, row_of, ways_of
from pages.views.boards import visible_round

DATA_KINDS = [Artifact.Kind.DATASET, Artifact.Kind.TARGET_SET]


def datasets(request: HttpRequest) -> HttpResponse:
    rows = data_rows(credits_of(visible_rounds(request.user)))
    credited = [row.artifact.pk for row in rows]
    rest = Artifact.objects.filter(kind=Artifact.Kind.DATASET).exclude(pk__in=credited)
    return render(request, "pages/datasets.html", {"rows": rows, "rest": rest})


def round_datasets(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    found = visible_round(request, challenge, round)
    credits_ = credits_of(visible_rounds(request.user).filter(pk=found.pk))
    context = {
        "round": found,
        "rows": data_rows(credits_),
        "credit": credits_[0] if credits_ else None,
    }
    return render(request, "pages/datasets.html", context)


def dataset(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    found = get_object_or_404(
        visible_artifacts(request.user), slug=slug, version=version, kind__in=DATA_KINDS
    )
    rounds = visible_rounds(request.user)
    context = {
        **_artifact_context(found),
        "credit": row_of(found, data_rows(credits_of(rounds))),
        "results": results_using(found, rounds),
        "asked_in": rounds.filter(target_set=found),
        "offered_in": rounds.filter(offered_data=found),
    }
    return render(request, "pages/dataset.html", context)


def model(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    found = get_object_or_404(
        Artifact.objects.select_related("team"), slug=slug, version=version, kind="model"
    )
    rounds = visible_rounds(request.user)
    standings = list(current_standings(rounds).filter(submission__method=found))
    context = {
        **_artifact_context(found),
        "standings": standings,
        "ways": ways_of((standing.submission for standing in standings), rounds),
        "results": results_using(found, rounds),
    }
    return render(request, "pages/model.html", context)


def _artifact_context(artifact: Artifact) -> dict[str, object]:
    return {
        "artifact": artifact,
        "files": artifact.files.all(),
        "contributions": artifact.contributions.select_related("person"),
        "parents": artifact.parent_edges.select_related("parent").order_by("parent__title"),
        "children": artifact.child_edges.select_related("child__team").order_by("child__title"),
        "versions": Artifact.objects.filter(slug=artifact.slug).exclude(pk=artifact.pk),
    }
