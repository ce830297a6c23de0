"""The catalogue of metrics: what each one measures, its traps, and where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from challenges.models import RoundMetric
from challenges.selectors import visible_rounds
from scoring.errors import UnknownMetricError
from scoring.meaning import made_one_by
from scoring.metrics import Metric, all_metrics, get_metric, newest_metrics


def metrics(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()
    found = sorted(newest_metrics(), key=lambda metric: (metric.family, metric.title.casefold()))
    found = [metric for metric in found if _speaks_of(metric, wanted)]
    families = [(name, list(those)) for name, those in groupby(found, lambda each: each.family)]
    context = {"families": families, "wanted": wanted, "number": len(found)}
    return render(request, "pages/metrics.html", context)


def metric(request: HttpRequest, slug: str, version: int | None = None) -> HttpResponse:
    try:
        found = get_metric(slug, version)
    except UnknownMetricError as error:
        raise Http404(str(error)) from error
    chosen = (
        RoundMetric.objects.filter(
            round__in=visible_rounds(request.user), metric=slug, version=found.version
        )
        .select_related("round__challenge")
        .order_by("-round__opens_at", "position")
    )
    context = {
        "metric": found,
        "low": found.bounds[0],
        "high": found.bounds[1],
        "made_one_by": made_one_by(found),
        "versions": _versions(slug),
        "chosen": chosen,
    }
    return render(request, "pages/metric.html", context)


def _versions(slug: str) -> Sequence[int]:
    return [metric.version for metric in all_metrics() if metric.slug == slug]


def _speaks_of(metric: Metric, wanted: str) -> bool:
    text = " ".join([metric.slug, metric.title, metric.family, metric.help, *metric.traps])
    return all(word in text.casefold() for word in wanted.casefold().split())
