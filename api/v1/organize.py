"""What organizers do without the admin: bundles, the acts on a round, corrections, quota."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Team, User
from api.conditional import answer_if_changed, etag_of
from api.idempotency import KEY_HEADER, once
from api.parsers import StreamParser, chunks_of
from api.permissions import ORGANIZING
from api.v1.access import find_own_round, signed_in
from api.v1.serializers import ErrorSerializer, QuotaSerializer, RoundSerializer
from challenges.models import Correction, Round
from challenges.services.bundles import import_whole_bundle
from challenges.services.bundles.importing import ImportReport, Outcome
from challenges.services.rounds import (
    close_round_now,
    finalize_round,
    publish_round,
    reveal_round,
)
from submissions.errors import UploadTooLarge
from submissions.models import Submission
from submissions.selectors import visible_submissions
from submissions.services.quota import grant, quota_of, refund
from submissions.services.upload import room_for_it

REFUSED = {
    400: ErrorSerializer,
    403: ErrorSerializer,
    404: ErrorSerializer,
    409: ErrorSerializer,
    422: ErrorSerializer,
}
Act = Callable[..., Round]


class ImportedRoundSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField(source="round.slug")
    outcome = serializers.ChoiceField([each.value for each in Outcome])
    url = serializers.CharField(source="round.get_absolute_url")


class ImportReportSerializer(serializers.Serializer[Any]):
    challenge = serializers.CharField(source="challenge.slug")
    url = serializers.CharField(source="challenge.get_absolute_url")
    rounds = ImportedRoundSerializer(many=True)


class CorrectionSerializer(serializers.ModelSerializer[Correction]):
    number = serializers.IntegerField(source="pk")
    made_by = serializers.CharField(source="made_by.username")
    targets = serializers.SerializerMethodField(help_text="Whose answers it replaces.")
    metric_versions = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        model = Correction
        fields = [
            "number",
            "reason",
            "targets",
            "metric_versions",
            "made_by",
            "made_at",
            "in_force_at",
            "withdrawn_at",
        ]

    def get_targets(self, correction: Correction) -> list[str]:
        return sorted(row.target.slug for row in correction.references.all())


class GrantSerializer(serializers.Serializer[Any]):
    team = serializers.SlugField()
    amount = serializers.IntegerField(min_value=1, max_value=10_000)
    reason = serializers.CharField(max_length=200)
    day = serializers.DateField(
        required=False, default=None, allow_null=True, help_text="In UTC; empty: today."
    )


class RefundReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


class RefundSerializer(serializers.Serializer[Any]):
    refunded = serializers.BooleanField(help_text="False: there was nothing (more) to give back.")


class BundleImport(APIView):
    """Create or update a challenge from a bundle, all of it or nothing (docs/bundle.md).

    For people who may add challenges in the admin. The same bundle again changes nothing.
    """

    permission_classes = ORGANIZING
    parser_classes = [MultiPartParser, StreamParser]
    write_scope = "upload"

    @extend_schema(
        operation_id="bundles_import",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={
            200: ImportReportSerializer,
            201: ImportReportSerializer,
            413: ErrorSerializer,
            507: ErrorSerializer,
            **REFUSED,
        },
    )
    def post(self, request: Request) -> Response:
        person = signed_in(request)
        if not (person.acts_as_organizer and person.has_perm("challenges.add_challenge")):
            raise PermissionDenied
        report = _imported(_pieces(request), by=person)
        made = any(each.outcome == Outcome.CREATED for each in report.rounds)
        number = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response(ImportReportSerializer(report).data, status=number)


def _pieces(request: Request) -> Iterable[bytes]:
    announced = int(request.headers.get("Content-Length") or 0)
    if announced > settings.UPLOAD_LIMIT_BYTES:
        raise UploadTooLarge(settings.UPLOAD_LIMIT_BYTES)
    body: Any = request.data
    if "stream" in body:
        return chunks_of(body["stream"])
    file = request.FILES.get("file")
    if file is None:
        raise ValidationError({"file": ["Send the bundle as the body, or as a field named file."]})
    pieces: Iterable[bytes] = file.chunks()
    return pieces


def _imported(pieces: Iterable[bytes], *, by: User) -> ImportReport:
    """Receive a bundle into a file of its own and import it."""
    with tempfile.TemporaryDirectory(prefix="heldout-bundle-") as folder:
        path = Path(folder) / "bundle.zip"
        received = 0
        with room_for_it(), path.open("wb") as file:
            for piece in pieces:
                received += len(piece)
                if received > settings.UPLOAD_LIMIT_BYTES:
                    raise UploadTooLarge(settings.UPLOAD_LIMIT_BYTES)
                file.write(piece)
        return import_whole_bundle(path, by=by)


def _act(request: Request, challenge: str, round_slug: str, act: Act) -> HttpResponse:
    round_, person = find_own_round(request, challenge, round_slug), signed_in(request)

    def run() -> Response:
        done = act(round_, by=person)
        return Response(RoundSerializer(done, context={"viewer": person}).data)

    return once(request, person, {}, run)


def _describes_act(name: str) -> Callable[[Any], Any]:
    return extend_schema(
        operation_id=f"rounds_{name}",
        request=None,
        parameters=[KEY_HEADER],
        responses={200: RoundSerializer, **REFUSED},
    )


class RoundPublish(APIView):
    """Freeze the rules of a draft and let it open at its date."""

    permission_classes = ORGANIZING

    @_describes_act("publish")
    def post(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        return _act(request, challenge, round_slug, publish_round)


class RoundClose(APIView):
    """Close an open round at this moment; uploads that began earlier still count."""

    permission_classes = ORGANIZING

    @_describes_act("close")
    def post(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        return _act(request, challenge, round_slug, close_round_now)


class RoundReveal(APIView):
    """Make scores and answers of a closed round public."""

    permission_classes = ORGANIZING

    @_describes_act("reveal")
    def post(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        return _act(request, challenge, round_slug, reveal_round)


class RoundFinalize(APIView):
    """Declare the results of a revealed round final."""

    permission_classes = ORGANIZING

    @_describes_act("finalize")
    def post(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        return _act(request, challenge, round_slug, finalize_round)


class CorrectionList(APIView):
    """List the corrections of a round, newest first: open, in force and withdrawn ones."""

    permission_classes = ORGANIZING

    @extend_schema(
        operation_id="corrections_list",
        responses={
            200: CorrectionSerializer(many=True),
            403: ErrorSerializer,
            404: ErrorSerializer,
        },
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_ = find_own_round(request, challenge, round_slug)
        rows = round_.corrections.select_related("made_by").prefetch_related("references__target")
        content = CorrectionSerializer(rows, many=True).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class QuotaGrant(APIView):
    """Give a team extra submissions for one UTC day; answers its quota of that day."""

    permission_classes = ORGANIZING

    @extend_schema(
        operation_id="quota_grant",
        request=GrantSerializer,
        parameters=[KEY_HEADER],
        responses={201: QuotaSerializer, **REFUSED},
    )
    def post(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_, person = find_own_round(request, challenge, round_slug), signed_in(request)
        form = GrantSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = form.validated_data
        team = get_object_or_404(Team, slug=fields["team"])

        def run() -> Response:
            entry = grant(
                team=team,
                round=round_,
                amount=fields["amount"],
                by=person,
                reason=fields["reason"],
                day=fields["day"],
            )
            noon = datetime.combine(entry.day, time(12), tzinfo=UTC)
            content = QuotaSerializer(quota_of(team, round_, noon)).data
            return Response(content, status=status.HTTP_201_CREATED)

        return once(request, person, fields, run)


class SubmissionRefund(APIView):
    """Give a submission's place of the day back to its team, once."""

    permission_classes = ORGANIZING

    @extend_schema(
        operation_id="submissions_refund",
        request=RefundReasonSerializer,
        parameters=[KEY_HEADER],
        responses={200: RefundSerializer, **REFUSED},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        person = signed_in(request)
        rows = visible_submissions(person).select_related("round__challenge")
        found: Submission = get_object_or_404(rows, code=code)
        form = RefundReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)

        def run() -> Response:
            done = refund(found, by=person, reason=form.validated_data["reason"])
            return Response({"refunded": done})

        return once(request, person, form.validated_data, run)
