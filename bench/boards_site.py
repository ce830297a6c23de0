"""Addresses of the bare site that `bench.boards` asks: an empty view, and query patterns.

The patterns are those of EvalAI and Codabench, written anew from reading how these platforms ask
their database: they are not their code, and what is timed is not their service.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, FloatField, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.boards_data import METRICS
from challenges.models import RoundMetric
from submissions.models import Submission

PAGE = 100


class Result(models.Model):
    """All metrics of a submission as one JSON document."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+")
    round_id = models.BigIntegerField()
    result = models.JSONField()
    is_shown = models.BooleanField()

    class Meta:
        app_label, managed, db_table = "bench", False, "bench_result"

    def __str__(self) -> str:
        return f"result {self.pk}"


class ColumnScore(models.Model):
    """One metric of a submission."""

    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="column_scores"
    )
    metric = models.ForeignKey(RoundMetric, on_delete=models.PROTECT, related_name="+")
    score = models.DecimalField(max_digits=20, decimal_places=10)

    class Meta:
        app_label, managed, db_table = "bench", False, "bench_score"

    def __str__(self) -> str:
        return f"score {self.pk}"


class Shown(models.Model):
    """Which submission of each team is on the board."""

    submission = models.OneToOneField(
        Submission, on_delete=models.PROTECT, primary_key=True, related_name="shown"
    )
    round_id = models.BigIntegerField()

    class Meta:
        app_label, managed, db_table = "bench", False, "bench_shown"

    def __str__(self) -> str:
        return f"shown {self.pk}"


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("{}", content_type="application/json")


class OpenView(APIView):
    """A view that asks for nothing but the data."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()


class SortedInPython(OpenView):
    """Every result of the round to Python, sorted there; the best of each team; one page of it."""

    def get(self, request: Request, round_id: int) -> Response:
        found = (
            Result.objects.filter(round_id=round_id, is_shown=True, submission__state="scored")
            .exclude(submission__entry_kind="organizer")
            .annotate(first=Cast(KT("result__error"), FloatField()))
            .values(
                "id",
                "result",
                "first",
                "submission__team",
                "submission__team__name",
                "submission__team__slug",
                "submission__method__title",
                "submission__received_at",
            )
        )
        best: list[dict[str, Any]] = []
        teams: set[int] = set()
        for row in sorted(found, key=lambda each: each["first"]):
            if row["submission__team"] not in teams:
                teams.add(row["submission__team"])
                row["result"] = [row["result"][key] for key in METRICS]
                best.append(row)
        return Response({"count": len(best), "results": best[:PAGE]})


class TeamSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    slug = serializers.CharField()


class ScoreSerializer(serializers.Serializer[Any]):
    metric = serializers.IntegerField(source="metric_id")
    column = serializers.CharField(source="metric.key")
    score = serializers.CharField()


class ShownSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    team = TeamSerializer()
    method = serializers.CharField(source="method.title")
    received_at = serializers.DateTimeField()
    scores = ScoreSerializer(many=True, source="column_scores")


class SummedByMetric(OpenView):
    """One filtered sum for each metric to sort by, scores prefetched, serializers in each other."""

    def get(self, request: Request, round_id: int) -> Response:
        metrics = list(RoundMetric.objects.filter(round=round_id))
        sums = {
            f"sum_{metric.key}": Sum(
                "column_scores__score", filter=models.Q(column_scores__metric=metric)
            )
            for metric in metrics
        }
        rows = (
            Submission.objects.filter(round=round_id, shown__isnull=False)
            .select_related("team", "method")
            .annotate(**sums)
            .order_by(*[F(name).asc(nulls_last=True) for name in sums], "received_at")
            .prefetch_related("column_scores__metric")
        )
        return Response({"submissions": ShownSerializer(rows, many=True).data})


urlpatterns = [
    path("empty/", empty),
    path("sorted/<int:round_id>/", SortedInPython.as_view()),
    path("summed/<int:round_id>/", SummedByMetric.as_view()),
]
