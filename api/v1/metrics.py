"""The catalogue of metrics, as the pages and the offline command show it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of
from api.v1.serializers import ErrorSerializer
from scoring.contract import Direction
from scoring.errors import UnknownMetricError
from scoring.metrics import Inputs, get_metric, newest_metrics


class MetricParameterSerializer(serializers.Serializer[None]):
    name = serializers.CharField()
    help = serializers.CharField()
    default = serializers.JSONField()
    choices = serializers.ListField(child=serializers.JSONField())
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class MetricShapesSerializer(serializers.Serializer[None]):
    prediction = serializers.CharField()
    reference = serializers.CharField()


class MetricRecordSerializer(serializers.Serializer[None]):
    """Everything a metric says of itself."""

    slug = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    family = serializers.CharField()
    inputs = serializers.ChoiceField([each.value for each in Inputs])
    direction = serializers.ChoiceField([each.value for each in Direction])
    rankable = serializers.BooleanField()
    unit = serializers.CharField()
    bounds = serializers.ListField(
        child=serializers.FloatField(allow_null=True), min_length=2, max_length=2
    )
    perfect = serializers.FloatField(allow_null=True)
    perfect_parameter = serializers.CharField(allow_blank=True)
    help = serializers.CharField()
    formula = serializers.CharField(help_text="TeX.")
    citation = serializers.CharField()
    traps = serializers.ListField(child=serializers.CharField())
    undefined_when = serializers.CharField(allow_blank=True)
    missing = serializers.CharField()
    shapes = MetricShapesSerializer()
    absent_parts = serializers.BooleanField()
    meaning = serializers.CharField(
        allow_null=True, help_text="What a prediction is: value, probability, label and so on."
    )
    streams = serializers.BooleanField()
    parameters = MetricParameterSerializer(many=True)


class MetricList(APIView):
    """List the metrics, each in its newest version."""

    @extend_schema(
        operation_id="metrics_list",
        parameters=[OpenApiParameter("family", str)],
        responses=MetricRecordSerializer(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        family = request.query_params.get("family")
        found = [each for each in newest_metrics() if family in (None, each.family)]
        content = [each.to_json() for each in found]
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content, public=True)


class MetricDetail(APIView):
    """Read one metric, in its newest version or in the one named by `version`."""

    @extend_schema(
        operation_id="metrics_read",
        parameters=[OpenApiParameter("version", int)],
        responses={200: MetricRecordSerializer, 404: ErrorSerializer},
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        version = request.query_params.get("version", "")
        try:
            content = get_metric(slug, int(version) if version.isdecimal() else None).to_json()
        except UnknownMetricError as error:
            raise Http404(str(error)) from error
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content, public=True)
