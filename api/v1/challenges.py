"""Challenges: the question, both halves of its charter, and its rounds."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of
from api.pagination import CURSOR, NewestFirst, page_of
from api.v1.access import viewer
from api.v1.serializers import ErrorSerializer, RoundSummarySerializer
from challenges.models import Challenge
from challenges.selectors import visible_challenges, visible_rounds


class ChallengeSummarySerializer(serializers.ModelSerializer[Challenge]):
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Challenge
        fields = ["slug", "title", "summary", "topics", "licence", "published_at", "url"]


class ChallengeSerializer(ChallengeSummarySerializer):
    rounds = serializers.SerializerMethodField()

    class Meta(ChallengeSummarySerializer.Meta):
        fields = [
            *ChallengeSummarySerializer.Meta.fields,
            "domain_question",
            "ml_task",
            "domain_primer",
            "ml_primer",
            "data_statement",
            "ethics",
            "words",
            "rounds",
        ]

    @extend_schema_field(RoundSummarySerializer(many=True))
    def get_rounds(self, challenge: Challenge) -> list[dict[str, Any]]:
        rounds = visible_rounds(self.context["viewer"]).filter(challenge=challenge)
        return list(RoundSummarySerializer(rounds.order_by("-opens_at", "-pk"), many=True).data)


class ChallengeList(APIView):
    """List the challenges that the caller may see, newest first."""

    @extend_schema(
        operation_id="challenges_list",
        parameters=[CURSOR],
        responses=page_of(ChallengeSummarySerializer),
    )
    def get(self, request: Request) -> Response:
        pages = NewestFirst("created_at")
        page = pages.paginate_queryset(visible_challenges(viewer(request)), request, view=self)
        return pages.get_paginated_response(ChallengeSummarySerializer(page, many=True).data)


class ChallengeDetail(APIView):
    """Read a challenge: what is asked, by whom it can be answered, and in which rounds."""

    @extend_schema(
        operation_id="challenges_read", responses={200: ChallengeSerializer, 404: ErrorSerializer}
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        person = viewer(request)
        challenge = get_object_or_404(visible_challenges(person), slug=slug)
        content = ChallengeSerializer(challenge, context={"viewer": person}).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)
