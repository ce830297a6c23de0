"""What happened, for the person who asks."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of
from api.pagination import CURSOR, NewestFirst, page_of
from api.permissions import SIGNED_IN
from api.v1.access import signed_in
from api.v1.serializers import ErrorSerializer
from community.models import CHOOSABLE
from community.selectors import deliveries_on_site, news_of

KINDS = [kind.value for kind in CHOOSABLE]


class NotificationSerializer(serializers.Serializer[Any]):
    code = serializers.UUIDField(help_text="Stays the same; also the id in the feed.")
    kind = serializers.CharField(help_text="One of: " + ", ".join(KINDS) + ".")
    at = serializers.DateTimeField(help_text="When it happened.")
    title = serializers.CharField(source="message.title")
    text = serializers.CharField(source="message.text", allow_blank=True)
    url = serializers.CharField(source="message.path", help_text="Of the page that tells more.")
    challenge = serializers.CharField(source="message.facts.challenge")
    round = serializers.CharField(source="message.facts.round")
    submission = serializers.CharField(
        source="message.facts.submission", allow_null=True, default=None
    )


class NotificationList(APIView):
    """List what you are told of, newest first. No score is in it."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="notifications_list",
        parameters=[CURSOR],
        responses={200: page_of(NotificationSerializer), 400: ErrorSerializer},
    )
    def get(self, request: Request) -> HttpResponse:
        pages = NewestFirst("made_at")
        rows = pages.paginate_queryset(deliveries_on_site(signed_in(request)), request, view=self)
        found = NotificationSerializer([news_of(row) for row in rows], many=True).data
        content = pages.get_paginated_response(found).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)
