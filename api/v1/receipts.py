"""Signed receipts of scored submissions, and the keys they are checked with."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of
from api.permissions import SIGNED_IN
from api.v1.access import signed_in
from api.v1.serializers import ErrorSerializer
from leaderboards.receipts import receipt_of
from leaderboards.signing import public_key, public_keys, signed
from leaderboards.visible_scores import scores_mark
from submissions.models import Submission, SubmissionState
from submissions.selectors import visible_submissions


class SignatureSerializer(serializers.Serializer[Any]):
    algorithm = serializers.CharField()
    key = serializers.CharField(help_text="The id of a key under keys/.")
    value = serializers.CharField(help_text="Base64.")


class SignedReceiptSerializer(serializers.Serializer[Any]):
    receipt = serializers.DictField(help_text="What is signed, in its RFC 8785 form.")
    signature = SignatureSerializer()


class KeySerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    algorithm = serializers.CharField()
    public_key = serializers.CharField(help_text="32 bytes in Base64.")
    is_current = serializers.BooleanField()


class NotScored(APIException):
    """A receipt is asked for of what has no score."""

    status_code = 409
    default_code = "not_scored"
    default_detail = "Only a scored submission has a receipt."


class SubmissionReceipt(APIView):
    """Get the signed receipt of a scored submission, with the scores that you may see."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="submissions_receipt",
        responses={200: SignedReceiptSerializer, 404: ErrorSerializer, 409: ErrorSerializer},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        person, now = signed_in(request), timezone.now()
        rows = visible_submissions(person).select_related(
            "round__challenge", "team", "method", "track"
        )
        found: Submission = get_object_or_404(rows, code=code)
        if found.state != SubmissionState.SCORED:
            raise NotScored
        mark = etag_of("receipt", found.code, scores_mark(found, person, now), public_key().hex())
        return answer_if_changed(
            request, etag=mark, build=lambda: signed(receipt_of(found, person, now))
        )


class KeyList(APIView):
    """List the public keys that receipts of this site are signed with."""

    @extend_schema(operation_id="keys_list", responses=KeySerializer(many=True))
    def get(self, request: Request) -> HttpResponse:
        content = public_keys()
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content, public=True)
