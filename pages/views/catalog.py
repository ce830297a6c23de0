"""Datasets and models, and the board that ranks datasets by credit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from catalog.exports import formats_of
from catalog.exports.citation_files import bibtex
from catalog.exports.croissant import citation
from catalog.exports.signposting import links
from catalog.models import Artifact, ShareClaim
from catalog.selectors import can_edit, missing_to_earn, same_files
from catalog.statements import completeness
from challenges.models import Round
from challenges.selectors import visible_artifacts, visible_rounds
from leaderboards.selectors import RoundCredit, round_credits
from leaderboards.shown import ShownStanding
from leaderboards.visible import visible_standings, withholds_abstract
from pages.credit import data_rows, descendants_of, results_using, row_of, ways_of
from pages.views.statements import WITHHELD, described, json_ld
from submissions.models import Submission

DATA_KINDS = [Artifact.Kind.DATASET, Artifact.Kind.TARGET_SET]


def dataset(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    found = get_object_or_404(
        visible_artifacts(request.user), slug=slug, version=version, kind__in=DATA_KINDS
    )
    rounds = visible_rounds(request.user)
    credits_ = _credits(request, rounds)
    context = {
        **_artifact_context(request, found),
        "credit": row_of(found, data_rows(credits_)),
        "results": results_using(found, _results(request, found, rounds), credits_),
        "asked_in": rounds.filter(target_set=found),
        "offered_in": rounds.filter(offered_data=found),
    }
    return _signposted(render(request, "pages/dataset.html", context), context)


def model(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    found = get_object_or_404(
        Artifact.objects.select_related("team"), slug=slug, version=version, kind="model"
    )
    rounds = visible_rounds(request.user)
    withheld = withholds_abstract(found, request.user, timezone.now())
    if withheld:
        found.summary, found.description = str(WITHHELD), ""
    credits_ = _credits(request, rounds)
    standings = visible_standings(
        rounds, request.user, timezone.now(), among=Q(submission__method=found)
    )
    submissions = Submission.objects.filter(pk__in=[each.submission_id for each in standings])
    context = {
        **_artifact_context(request, found, withheld=withheld),
        "standings": standings,
        "ways": ways_of(submissions.select_related("round__challenge", "team", "method"), credits_),
        "results": results_using(found, _results(request, found, rounds), credits_),
    }
    return _signposted(render(request, "pages/model.html", context), context)


def _credits(request: HttpRequest, rounds: QuerySet[Round]) -> list[RoundCredit]:
    return round_credits(rounds, request.user, timezone.now())


def _results(
    request: HttpRequest, artifact: Artifact, rounds: QuerySet[Round]
) -> list[ShownStanding]:
    made_of_it = Q(submission__method__in=descendants_of(artifact))
    return visible_standings(rounds, request.user, timezone.now(), among=made_of_it)


def _signposted(response: HttpResponse, context: Mapping[str, Any]) -> HttpResponse:
    """Tell machines in the header where the description, the files and the licence are."""
    response["Link"] = links(context["described"])
    return response


def _artifact_context(
    request: HttpRequest, artifact: Artifact, *, withheld: bool = False
) -> dict[str, object]:
    told = described(request, artifact)
    if withheld:  # what its team says of it waits for the clock of a round
        told = replace(told, statement=None, answers={})
    statement = told.statement
    return {
        "artifact": artifact,
        "described": told,
        "json_ld": json_ld(told),
        "formats": formats_of(artifact),
        "citation": told.told("citation") or citation(told),
        "bibtex": bibtex(told),
        "statement": statement,
        "completeness": completeness(told.answers, artifact.kind),
        "same": same_files(artifact, visible_artifacts(request.user)) if told.files else [],
        "can_edit": can_edit(request.user, artifact),
        "lacks_to_earn": list(missing_to_earn(artifact).values()),
        "claims": _open_claims(artifact),
        "files": told.files,
        "contributions": told.people,
        "parents": artifact.parent_edges.select_related("parent").order_by("parent__title"),
        "children": artifact.child_edges.select_related("child__team").order_by("child__title"),
        "versions": told.versions,
    }


def _open_claims(artifact: Artifact) -> int:
    if not artifact.is_stub:
        return 0
    return artifact.claims.filter(state=ShareClaim.State.OPEN).count()
