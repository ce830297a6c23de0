"""Large files: uploads that go on after a cut, by the tus protocol or in parts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import tus
from api.parsers import ShortJSONParser, StreamParser
from api.permissions import SIGNED_IN
from api.v1.access import find_round, find_team, signed_in
from api.v1.serializers import ErrorSerializer
from submissions.models import ResumableUpload, Submission
from submissions.models.submission import upload_storage
from submissions.services import multipart, resumable, uploads
from submissions.services.slots import upload_slot

REFUSED = {404: ErrorSerializer, 409: ErrorSerializer, 412: ErrorSerializer, 423: ErrorSerializer}
VERSION_HEADER = OpenApiParameter("Tus-Resumable", location="header", enum=[tus.VERSION])
OFFSET_HEADER = OpenApiParameter(
    "Upload-Offset", location="header", type=OpenApiTypes.INT64, required=True
)
CHECKSUM_HEADER = OpenApiParameter(
    "Upload-Checksum", location="header", description="`sha256` or `sha1`, a space, Base64."
)


class PieceParser(StreamParser):
    """A piece of a file; like a whole one it is left unread."""

    media_type = tus.PIECE_TYPE


class MetadataSerializer(serializers.Serializer[Any]):
    """The names that Upload-Metadata may have; others are kept and not looked at."""

    round = serializers.RegexField(
        r"^[-\w]+/[-\w]+\Z", help_text="challenge/round, to be submitted to."
    )
    filename = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)
    team = serializers.SlugField(required=False, default="", allow_blank=True)
    sha256 = serializers.RegexField(
        r"^([0-9a-f]{64})?\Z",
        required=False,
        default="",
        help_text="Of the whole file. With it the beginning of the upload meets the deadline.",
    )
    entry_kind = serializers.ChoiceField(
        choices=Submission.EntryKind.by_people(),
        required=False,
        default=Submission.EntryKind.PARTICIPANT,
    )


class UploadSerializer(serializers.ModelSerializer[ResumableUpload]):
    round = serializers.SerializerMethodField()
    team = serializers.CharField(source="team.slug", read_only=True)
    submission = serializers.CharField(source="submission.code", read_only=True, default=None)
    url = serializers.SerializerMethodField()
    method = serializers.SerializerMethodField(
        help_text="`tus`: PATCH at an offset. `parts`: ask for addresses under parts/."
    )
    part_bytes = serializers.SerializerMethodField()
    parts = serializers.SerializerMethodField()

    class Meta:
        model = ResumableUpload
        fields = [
            "code",
            "url",
            "round",
            "team",
            "entry_kind",
            "file_name",
            "size_bytes",
            "received_bytes",
            "sha256",
            "begun_at",
            "finished_at",
            "expires_at",
            "submission",
            "method",
            "part_bytes",
            "parts",
        ]

    def get_round(self, upload: ResumableUpload) -> str:
        return f"{upload.round.challenge.slug}/{upload.round.slug}"

    def get_url(self, upload: ResumableUpload) -> str:
        return reverse("api:upload", args=[upload.code])

    def get_method(self, upload: ResumableUpload) -> str:
        return "parts" if upload.multipart_id else "tus"

    def get_part_bytes(self, upload: ResumableUpload) -> int | None:
        return multipart.part_bytes(upload.size_bytes) if upload.multipart_id else None

    def get_parts(self, upload: ResumableUpload) -> int | None:
        return multipart.part_count(upload.size_bytes) if upload.multipart_id else None


class PartNumbersSerializer(serializers.Serializer[Any]):
    numbers = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=multipart.MOST_PARTS),
        min_length=1,
        max_length=multipart.ADDRESSES_AT_ONCE,
    )


class PartAddressSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    url = serializers.CharField(help_text="Send the part there with PUT within an hour.")


class ArrivedPartSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    etag = serializers.CharField()


class TusView(APIView):
    """What all addresses of uploads have in common."""

    permission_classes = SIGNED_IN
    parser_classes = [PieceParser, ShortJSONParser]
    write_scope = "upload"

    def get_permissions(self) -> list[Any]:
        # What the server can do is no secret, and a browser asks it without saying who it is.
        return [] if self.request.method == "OPTIONS" else list(super().get_permissions())

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method != "OPTIONS":
            tus.require_version(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kw: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kw)
        response["Tus-Resumable"] = tus.VERSION
        if response.status_code == tus.OtherVersion.status_code:
            response["Tus-Version"] = tus.VERSION
        return response

    @extend_schema(exclude=True)
    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return tus.describe_server(Response(status=status.HTTP_204_NO_CONTENT))


class UploadList(TusView):
    """Begin an upload, and list those that are not submitted."""

    @extend_schema(operation_id="uploads_list", responses=UploadSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(UploadSerializer(uploads.uploads_of(signed_in(request)), many=True).data)

    @extend_schema(
        operation_id="uploads_create",
        request={tus.PIECE_TYPE: OpenApiTypes.BINARY},
        parameters=[
            VERSION_HEADER,
            OpenApiParameter(
                "Upload-Length", location="header", type=OpenApiTypes.INT64, required=True
            ),
            OpenApiParameter(
                "Upload-Metadata",
                location="header",
                required=True,
                description="Names with Base64 values: round (challenge/round), filename, team, "
                "sha256, entry_kind.",
            ),
            CHECKSUM_HEADER,
        ],
        responses={
            201: UploadSerializer,
            400: ErrorSerializer,
            403: ErrorSerializer,
            413: ErrorSerializer,
            429: ErrorSerializer,
            507: ErrorSerializer,
            **REFUSED,
        },
    )
    def post(self, request: Request) -> HttpResponse:
        size_bytes = tus.whole_number(request, "Upload-Length")
        form = MetadataSerializer(data=tus.metadata_of(request))
        form.is_valid(raise_exception=True)
        fields = form.validated_data
        person = signed_in(request)
        upload = uploads.begin_upload(
            round=find_round(request, *fields["round"].split("/")),
            team=find_team(person, fields["team"]),
            by=person,
            size_bytes=size_bytes,
            file_name=fields["filename"],
            sha256=fields["sha256"],
            entry_kind=fields["entry_kind"],
            metadata=request.headers.get("Upload-Metadata", ""),
        )
        if tus.brings_piece(request) and not upload.multipart_id:
            upload = _write(request, upload, offset=0)
        response = Response(UploadSerializer(upload).data, status=status.HTTP_201_CREATED)
        response["Location"] = reverse("api:upload", args=[upload.code])
        return tus.describe_upload(response, upload)


class UploadDetail(TusView):
    """Ask where an upload stands, go on with it, or delete it."""

    @extend_schema(
        operation_id="uploads_read", responses={200: UploadSerializer, 404: ErrorSerializer}
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        upload = uploads.find_upload(signed_in(request), code)
        return tus.describe_upload(Response(UploadSerializer(upload).data), upload)

    @extend_schema(exclude=True)
    def head(self, request: Request, code: str) -> HttpResponse:
        upload = uploads.find_upload(signed_in(request), code)
        return tus.describe_upload(HttpResponse(), upload)

    @extend_schema(
        operation_id="uploads_write",
        request={tus.PIECE_TYPE: OpenApiTypes.BINARY},
        parameters=[VERSION_HEADER, OFFSET_HEADER, CHECKSUM_HEADER],
        responses={
            204: None,
            400: ErrorSerializer,
            411: ErrorSerializer,
            413: ErrorSerializer,
            415: ErrorSerializer,
            422: ErrorSerializer,
            429: ErrorSerializer,
            460: ErrorSerializer,
            507: ErrorSerializer,
            **REFUSED,
        },
    )
    def patch(self, request: Request, code: str) -> HttpResponse:
        tus.require_piece(request)
        upload = uploads.find_upload(signed_in(request), code)
        upload = _write(request, upload, offset=tus.whole_number(request, "Upload-Offset"))
        response = HttpResponse(status=status.HTTP_204_NO_CONTENT)
        return tus.describe_upload(response, upload)

    @extend_schema(
        operation_id="uploads_delete", parameters=[VERSION_HEADER], responses={204: None, **REFUSED}
    )
    def delete(self, request: Request, code: str) -> HttpResponse:
        uploads.drop_upload(uploads.find_upload(signed_in(request), code))
        return HttpResponse(status=status.HTTP_204_NO_CONTENT)


class UploadParts(TusView):
    """Where the parts of an upload go, if the server keeps its files in an object store."""

    @extend_schema(
        operation_id="upload_parts_list",
        responses={200: ArrivedPartSerializer(many=True), **REFUSED},
    )
    def get(self, request: Request, code: str) -> Response:
        upload = uploads.find_upload(signed_in(request), code)
        found = multipart.arrived(upload_storage(), upload) if upload.multipart_id else []
        return Response([asdict(each) for each in found])

    @extend_schema(
        operation_id="upload_parts_sign",
        request=PartNumbersSerializer,
        responses={200: PartAddressSerializer(many=True), 400: ErrorSerializer, **REFUSED},
    )
    def post(self, request: Request, code: str) -> Response:
        upload = uploads.find_upload(signed_in(request), code)
        form = PartNumbersSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        found = multipart.addresses(upload_storage(), upload, form.validated_data["numbers"])
        return Response([asdict(each) for each in found])


class UploadComplete(TusView):
    """Put the parts of an upload together."""

    @extend_schema(
        operation_id="uploads_complete",
        request=None,
        responses={200: UploadSerializer, **REFUSED},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        upload = uploads.find_upload(signed_in(request), code)
        if upload.multipart_id:
            multipart.complete(upload_storage(), upload)
        return tus.describe_upload(Response(UploadSerializer(upload).data), upload)


def _write(request: Request, upload: ResumableUpload, *, offset: int) -> ResumableUpload:
    storage = uploads.file_system()
    checksum = tus.checksum_of(request)
    chunks, coming = tus.piece_of(request)
    with upload_slot(upload.team, upload=upload):
        return resumable.write(
            upload, chunks, storage=storage, offset=offset, checksum=checksum, coming=coming
        )
