"""What the organizers of a round tell everybody."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of
from api.idempotency import KEY_HEADER, once
from api.v1.access import find_own_round, find_round, signed_in
from api.v1.serializers import ErrorSerializer
from challenges.models import Announcement
from challenges.selectors import announcements
from challenges.services.announcements import LONGEST_TEXT, LONGEST_TITLE, announce


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


class NewAnnouncementSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=LONGEST_TITLE)
    text = serializers.CharField(max_length=LONGEST_TEXT)
    corrects = serializers.IntegerField(
        required=False,
        default=None,
        allow_null=True,
        min_value=1,
        max_value=2**31 - 1,
        help_text="The number of an earlier one that this one puts right.",
    )


class AnnouncementList(APIView):
    """List the announcements of a round, newest first, and post one; none is ever changed."""

    @extend_schema(
        operation_id="announcements_list",
        responses={200: AnnouncementSerializer(many=True), 404: ErrorSerializer},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_ = find_round(request, challenge, round_slug)
        content = AnnouncementSerializer(announcements(round_), many=True).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)

    @extend_schema(
        operation_id="announcements_post",
        request=NewAnnouncementSerializer,
        parameters=[KEY_HEADER],
        responses={
            201: AnnouncementSerializer,
            400: ErrorSerializer,
            403: ErrorSerializer,
            404: ErrorSerializer,
            422: ErrorSerializer,
        },
    )
    def post(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_, person = find_own_round(request, challenge, round_slug), signed_in(request)
        form = NewAnnouncementSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = form.validated_data
        number = fields["corrects"]
        corrects = number and get_object_or_404(announcements(round_), number=number)

        def run() -> Response:
            made = announce(
                round_,
                title=fields["title"],
                text=fields["text"],
                by=person,
                corrects=corrects or None,
            )
            return Response(AnnouncementSerializer(made).data, status=status.HTTP_201_CREATED)

        return once(request, person, fields, run)
