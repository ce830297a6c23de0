"""What the organizers of a round tell everybody."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of
from api.v1.access import find_round
from api.v1.serializers import ErrorSerializer
from challenges.models import Announcement
from challenges.selectors import announcements


class AnnouncementSerializer(serializers.ModelSerializer[Announcement]):
    corrects = serializers.IntegerField(
        source="corrects.number",
        allow_null=True,
        default=None,
        help_text="The number of the earlier one that it puts right.",
    )

    class Meta:
        model = Announcement
        fields = ["number", "title", "text", "posted_at", "corrects"]


class AnnouncementList(APIView):
    """List the announcements of a round, newest first; none is ever changed or taken away."""

    @extend_schema(
        operation_id="announcements_list",
        responses={200: AnnouncementSerializer(many=True), 404: ErrorSerializer},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_ = find_round(request, challenge, round_slug)
        content = AnnouncementSerializer(announcements(round_), many=True).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)
