"""Uploading predictions and reading what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Team, User
from api import waiting
from api.conditional import answer_if_changed, etag_of
from api.idempotency import KEY_HEADER, digest_of, earlier_answer, key_of, remember
from api.pagination import CURSOR, NewestFirst, page_of
from api.parsers import ShortJSONParser, StreamParser, chunks_of
from api.permissions import SIGNED_IN
from api.v1.access import find_artifact, find_round, find_team, signed_in, viewer
from api.v1.serializers import (
    CheckSerializer,
    ErrorSerializer,
    SubmissionDetailSerializer,
    SubmissionReceiptSerializer,
    SubmissionSerializer,
    SubmitSerializer,
)
from catalog.models import Artifact
from catalog.services import check_method, method_of_team, read_inputs, settle_inputs
from challenges.models import Round
from challenges.selectors import Viewer, visible_artifacts
from leaderboards.visible_scores import scores_mark, submission_scores
from submissions.errors import UploadTooLarge
from submissions.models import ResumableUpload, Submission
from submissions.selectors import (
    queue_place,
    submissions_of_round,
    visible_submissions,
)
from submissions.services.quota import quota_of
from submissions.services.submit import submit
from submissions.services.uploads import find_upload, validate_resumable
from submissions.services.validate import upload_limit, validate_upload

REFUSED = {
    403: ErrorSerializer,
    404: ErrorSerializer,
    413: ErrorSerializer,
    422: ErrorSerializer,
    429: ErrorSerializer,
}
FORM_BYTES = 256 * 1024  # what the other fields of a form may add to the file
UPLOAD_BODY = {
    "multipart/form-data": SubmitSerializer,
    "application/octet-stream": OpenApiTypes.BINARY,
}
HOW_IT_CAME = {"sha256", "upload"}  # fields that say nothing of what is submitted
SUBMIT_BODY = {**UPLOAD_BODY, "application/json": SubmitSerializer}


class Upload:
    """The file of a request: a form field `file`, the body itself, or an upload made before."""

    def __init__(self, request: Request, round_: Round) -> None:
        # A form is received whole before anyone sees its fields, so it is measured before that.
        announced = int(request.headers.get("Content-Length") or 0)
        if announced > upload_limit(round_) + FORM_BYTES:
            raise UploadTooLarge(upload_limit(round_))
        self.chunks: Iterable[bytes] | ResumableUpload
        self.name: str
        self.size_bytes: int | None
        body: Any = request.data
        if not isinstance(body, Mapping):
            raise ValidationError("Send an object with the fields by name.")
        if "stream" in body:
            self.fields: Any = _query_fields(request)
            self.chunks = chunks_of(body["stream"])
            self.name = self.fields.get("file_name") or "predictions"
            self.size_bytes = announced or None
            return
        self.fields = body
        if body.get("upload"):
            made = find_upload(signed_in(request), str(body["upload"]))
            self.chunks, self.name, self.size_bytes = made, made.file_name, made.size_bytes
            return
        file = request.FILES.get("file")
        if file is None:
            raise ValidationError({"file": ["Send the predictions as a form field named file."]})
        self.chunks, self.name, self.size_bytes = file.chunks(), file.name, file.size

    def sha256(self) -> str:
        """Read the file to its end for its digest."""
        if isinstance(self.chunks, ResumableUpload):
            return self.chunks.sha256
        digest = hashlib.sha256()
        for piece in self.chunks:
            digest.update(piece)
        return digest.hexdigest()


def _query_fields(request: Request) -> dict[str, Any]:
    fields: dict[str, Any] = dict(request.query_params.items())
    if "inputs" in fields:
        fields["inputs"] = request.query_params.getlist("inputs")
    return fields


class RoundSubmissions(APIView):
    """Submit predictions, and list the submissions of a round that the caller may see."""

    permission_classes = SIGNED_IN
    parser_classes = [MultiPartParser, ShortJSONParser, StreamParser]

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        # Deadlines look at the upload's start, so the clock is read before the body is.
        self.received_at: datetime = timezone.now()
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        operation_id="submissions_list",
        parameters=[CURSOR],
        responses={200: page_of(SubmissionSerializer), 404: ErrorSerializer},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> Response:
        round_ = find_round(request, challenge, round_slug)
        pages = NewestFirst("received_at")
        rows = visible_submissions(viewer(request)) & submissions_of_round(round_)
        page = pages.paginate_queryset(
            rows.select_related("round__challenge", "team", "method", "track"), request, view=self
        )
        return pages.get_paginated_response(SubmissionSerializer(page, many=True).data)

    @extend_schema(
        operation_id="submissions_create",
        request=SUBMIT_BODY,
        parameters=[KEY_HEADER],
        responses={201: SubmissionReceiptSerializer, **REFUSED},
    )
    def post(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_ = find_round(request, challenge, round_slug)
        upload = Upload(request, round_)
        form = SubmitSerializer(data=upload.fields)
        form.is_valid(raise_exception=True)
        fields = form.validated_data
        person, key = signed_in(request), key_of(request)
        asked = {name: value for name, value in fields.items() if name not in HOW_IT_CAME}
        earlier = earlier_answer(person, key, lambda: digest_of(request, asked, upload.sha256()))
        if earlier is not None:
            return earlier
        submission = self._submit(upload, fields, round_=round_, person=person, key=key)
        _look_up(submission, person)
        submission.quota = quota_of(submission.team, round_, submission.received_at)  # type: ignore[attr-defined]
        content = SubmissionReceiptSerializer(submission).data
        response = Response(content, status=status.HTTP_201_CREATED)
        response["Location"] = content["api_url"]
        remember(person, key, digest_of(request, asked, submission.sha256), response)
        return response

    def _submit(
        self, upload: Upload, fields: dict[str, Any], *, round_: Round, person: User, key: str
    ) -> Submission:
        resumed = upload.chunks if isinstance(upload.chunks, ResumableUpload) else None
        team = resumed.team if resumed else find_team(person, fields["team"])
        method = _method(fields, team, person)
        return submit(
            round=round_,
            team=team,
            by=person,
            chunks=upload.chunks,
            file_name=fields["file_name"] or upload.name,
            received_at=self.received_at,
            method=method,
            entry_kind=fields["entry_kind"],
            track=fields["track"],
            model_index=fields["model_index"],
            note=fields["note"],
            idempotency_key=key,
            expected_sha256=fields["sha256"],
            size_bytes=upload.size_bytes,
        )


def _method(fields: Mapping[str, Any], team: Team, person: User) -> Callable[[], Artifact]:
    """Return what gives the method once the file is taken; names are looked up at once."""
    if fields["model"]:
        as_baseline = fields["entry_kind"] == Submission.EntryKind.BASELINE
        found = find_artifact(person, fields["model"])
        model = check_method(found, team, as_baseline=as_baseline)
        return lambda: model
    named = read_inputs(fields["inputs"], visible_artifacts(person))

    def register() -> Artifact:
        uses = settle_inputs(named, by=person)
        return method_of_team(
            team=team,
            title=fields["method"],
            summary=fields["method_summary"] or fields["method"],
            inputs=[one for one in uses if one.kind != Artifact.Kind.MODEL],
            base_models=[one for one in uses if one.kind == Artifact.Kind.MODEL],
            uses=uses,
            disclosure=fields["disclosure"],
            by=person,
        )

    return register


class RoundValidate(APIView):
    """Check a prediction file without submitting it; costs no quota."""

    permission_classes = SIGNED_IN
    parser_classes = [MultiPartParser, ShortJSONParser, StreamParser]

    @extend_schema(
        operation_id="predictions_validate",
        request=UPLOAD_BODY,
        responses={200: CheckSerializer, **REFUSED},
    )
    def post(self, request: Request, challenge: str, round_slug: str) -> Response:
        round_ = find_round(request, challenge, round_slug)
        upload = Upload(request, round_)
        track = str(upload.fields.get("track", ""))
        if isinstance(upload.chunks, ResumableUpload):
            report = validate_resumable(upload.chunks, round=round_, track=track)
        else:
            report = validate_upload(round_, upload.chunks, upload.name, track=track)
        return Response(CheckSerializer(report).data)


class SubmissionDetail(APIView):
    """Read one submission: its state, and its scores once it has them."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="submissions_read",
        parameters=[waiting.WAIT],
        responses={200: SubmissionDetailSerializer, 404: ErrorSerializer},
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        person, seconds = viewer(request), waiting.seconds_asked(request)
        submission = self._find(person, code)
        etag = _mark(submission, person)
        known = request.headers.get("If-None-Match", etag)
        is_full = False
        if seconds and not submission.is_finished and etag in known:
            changed = waiting.wait_for_change(submission, seconds)
            is_full = changed is None
            if changed:
                submission = self._find(person, code)
            etag = _mark(submission, person)
        response = answer_if_changed(request, etag=etag, build=lambda: _detail(submission, person))
        if not submission.is_finished:
            response["Retry-After"] = "2" if is_full else "1"
        return response

    def _find(self, person: Viewer, code: str) -> Submission:
        rows = visible_submissions(person).select_related(
            "round__challenge", "team", "method", "track"
        )
        found: Submission = get_object_or_404(rows, code=code)
        return found


def _mark(submission: Submission, person: Viewer) -> str:
    return etag_of(
        submission.code,
        submission.state,
        submission.attempt,
        queue_place(submission),
        scores_mark(submission, person, timezone.now()),
    )


def _detail(submission: Submission, person: Viewer) -> Any:
    _look_up(submission, person)
    return SubmissionDetailSerializer(submission).data


def _look_up(submission: Submission, person: Viewer) -> None:
    """Add what the row itself does not have: its place in the queue and its scores."""
    place = queue_place(submission)
    submission.queue = place  # type: ignore[attr-defined]
    submission.queue_position = place and place.position  # type: ignore[attr-defined]
    submission.scores = submission_scores(submission, person, timezone.now())  # type: ignore[attr-defined]
