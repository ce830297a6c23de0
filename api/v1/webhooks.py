"""A person's webhooks, and what became of each delivery."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of
from api.pagination import CURSOR, NewestFirst, page_of
from api.permissions import SIGNED_IN
from api.v1.access import signed_in
from api.v1.notifications import KINDS
from api.v1.serializers import ErrorSerializer
from community.models import Delivery, DeliveryState, Webhook
from community.selectors import deliveries_to, webhooks_of
from community.services.webhooks import (
    add_webhook,
    change_webhook,
    redeliver,
    rotate_secret,
    send_test,
)

REFUSED = {400: ErrorSerializer, 404: ErrorSerializer, 422: ErrorSerializer}


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=KINDS))

    class Meta:
        model = Webhook
        fields = ["code", "url", "kinds", "is_active", "off_reason", "made_at", "paused_until"]


class WebhookWithSecretSerializer(WebhookSerializer):
    secret = serializers.CharField(help_text="Told once. Signatures are checked with it.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


class NewWebhookSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=500, help_text="https, and public.")
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=KINDS),
        required=False,
        default=KINDS,
        allow_empty=False,
        max_length=2 * len(KINDS),
        help_text="What it is told of; all, unless named.",
    )


class ChangedWebhookSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=500, required=False)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=KINDS),
        required=False,
        allow_empty=False,
        max_length=2 * len(KINDS),
    )
    is_active = serializers.BooleanField(required=False)


class AttemptSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="What was answered, if anything.")
    text = serializers.CharField()


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message to a webhook; `code` is its webhook-id."""

    kind = serializers.CharField(source="event.kind")
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    log = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = ["code", "kind", "state", "attempts", "made_at", "finished_at", "last_error"]
        fields += ["next_attempt_at", "log"]

    @extend_schema_field(AttemptSerializer(many=True))
    def get_log(self, delivery: Delivery) -> Any:
        return delivery.log


class WebhookList(APIView):
    """List your webhooks, and add one."""

    permission_classes = SIGNED_IN

    @extend_schema(operation_id="webhooks_list", responses=WebhookSerializer(many=True))
    def get(self, request: Request) -> HttpResponse:
        content = WebhookSerializer(webhooks_of(signed_in(request)), many=True).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)

    @extend_schema(
        operation_id="webhooks_create",
        request=NewWebhookSerializer,
        responses={201: WebhookWithSecretSerializer, **REFUSED},
    )
    def post(self, request: Request) -> Response:
        form = NewWebhookSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        hook, secret = add_webhook(signed_in(request), **form.validated_data)
        return Response(_with_secret(hook, secret), status=status.HTTP_201_CREATED)


class WebhookDetail(APIView):
    """Read, change, switch on or off, and remove one of your webhooks."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="webhooks_read", responses={200: WebhookSerializer, 404: ErrorSerializer}
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        content = WebhookSerializer(_own(request, code)).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)

    @extend_schema(
        operation_id="webhooks_change",
        request=ChangedWebhookSerializer,
        responses={200: WebhookSerializer, **REFUSED},
    )
    def patch(self, request: Request, code: str) -> Response:
        hook = _own(request, code)
        form = ChangedWebhookSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        change_webhook(hook, **form.validated_data)
        return Response(WebhookSerializer(hook).data)

    @extend_schema(
        operation_id="webhooks_delete", request=None, responses={204: None, 404: ErrorSerializer}
    )
    def delete(self, request: Request, code: str) -> Response:
        _own(request, code).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookSecret(APIView):
    """Give a webhook another secret. For a day the old one signs along."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="webhooks_rotate",
        request=None,
        responses={200: WebhookWithSecretSerializer, 404: ErrorSerializer},
    )
    def post(self, request: Request, code: str) -> Response:
        hook = _own(request, code)
        return Response(_with_secret(hook, rotate_secret(hook)))


class WebhookTest(APIView):
    """Send a test to a webhook; its deliveries tell how it ended."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="webhooks_test", request=None, responses={202: DeliverySerializer, **REFUSED}
    )
    def post(self, request: Request, code: str) -> Response:
        delivery = send_test(_own(request, code))
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)


class WebhookDeliveries(APIView):
    """List what was sent to a webhook, newest first, with every attempt."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="webhook_deliveries_list",
        parameters=[CURSOR],
        responses={
            200: page_of(DeliverySerializer),
            400: ErrorSerializer,
            404: ErrorSerializer,
        },
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        pages = NewestFirst("made_at")
        rows = pages.paginate_queryset(deliveries_to(_own(request, code)), request, view=self)
        found = DeliverySerializer(rows, many=True).data
        content = pages.get_paginated_response(found).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class WebhookRedeliver(APIView):
    """Send a delivery once more, under the same id."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="webhook_deliveries_again",
        request=None,
        responses={202: DeliverySerializer, **REFUSED},
    )
    def post(self, request: Request, code: str, delivery: UUID) -> Response:
        found = get_object_or_404(deliveries_to(_own(request, code)), code=delivery)
        redeliver(found)
        found.refresh_from_db()
        return Response(DeliverySerializer(found).data, status=status.HTTP_202_ACCEPTED)


def _own(request: Request, code: str) -> Webhook:
    found: Webhook = get_object_or_404(webhooks_of(signed_in(request)), code=code)
    return found


def _with_secret(hook: Webhook, secret: str) -> dict[str, Any]:
    return {**WebhookSerializer(hook).data, "secret": secret}
