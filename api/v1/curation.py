"""Writing to the catalog: artifacts, files, people, lineage, statements and claims."""

from __future__ import annotations

import mimetypes
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.parsers import StreamParser
from api.permissions import SIGNED_IN
from api.v1.access import find_team, signed_in, viewer
from api.v1.artifact_serializers import (
    AnswersSerializer,
    ArtifactCreateSerializer,
    ArtifactFactsSerializer,
    ClaimCreateSerializer,
    ClaimSerializer,
    ImportedSerializer,
    LineageDeclareSerializer,
    NewVersionSerializer,
    PersonShareSerializer,
    StatementSerializer,
)
from api.v1.serializers import (
    ArtifactFileSerializer,
    ArtifactSerializer,
    ContributionSerializer,
    ErrorSerializer,
    LineageSerializer,
)
from catalog.exports import describe, formats_of
from catalog.importing import IMPORT_BYTES, read_description
from catalog.models import Artifact
from catalog.selectors import artifact_called, can_edit, newest_statement
from catalog.services import (
    change_facts,
    claim_share,
    create_artifact,
    declare_input,
    new_version,
    publish_statement,
    register_stub,
    save_answers,
    set_people,
    upload_file,
)
from challenges.selectors import visible_artifacts
from leaderboards.visible import withholds_abstract

REFUSED = {403: ErrorSerializer, 404: ErrorSerializer, 422: ErrorSerializer}


def find(request: Request, slug: str, version: str) -> Artifact:
    """Return the artifact if the caller may see it."""
    artifacts = visible_artifacts(viewer(request)).select_related("team")
    return get_object_or_404(artifacts, slug=slug, version=version)


def find_told(request: Request, slug: str, version: str) -> Artifact:
    """Return the artifact if the caller may read what its makers say of it."""
    artifact = find(request, slug, version)
    if withholds_abstract(artifact, viewer(request), timezone.now()):
        raise Http404("described once the round it entered lets it")
    return artifact


def checked(serializer: Any) -> Any:
    """Return what was sent, or raise every problem of it."""
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


@transaction.atomic
def create(request: Request) -> Artifact:
    """Register the first version of a dataset or model."""
    person = signed_in(request)
    facts = dict(checked(ArtifactCreateSerializer(data=request.data)))
    answers = facts.pop("answers", None)
    if facts.get("team"):
        facts["team"] = find_team(person, facts["team"])
    artifact = create_artifact(**facts, by=person)
    if answers:
        save_answers(artifact, answers, by=person)
    return artifact


def change(request: Request, slug: str, version: str) -> Artifact:
    """Change some facts of an artifact."""
    artifact = find(request, slug, version)
    facts = checked(ArtifactFactsSerializer(data=request.data, partial=True))
    return change_facts(artifact, facts, by=signed_in(request))


class ArtifactVersions(APIView):
    """Register the next version of an artifact."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="artifact_versions_create",
        request=NewVersionSerializer,
        responses={201: ArtifactSerializer, **REFUSED},
    )
    def post(self, request: Request, slug: str, version: str) -> Response:
        artifact = find(request, slug, version)
        given = checked(NewVersionSerializer(data=request.data))
        new = new_version(artifact, **given, by=signed_in(request))
        return Response(ArtifactSerializer(new).data, status=status.HTTP_201_CREATED)


class ArtifactFiles(APIView):
    """Store a file of an artifact: the body is the file, or a form field `file`."""

    permission_classes = SIGNED_IN
    parser_classes = [MultiPartParser, StreamParser]

    @extend_schema(
        operation_id="artifact_files_create",
        parameters=[OpenApiParameter("name", description="Of the file, when it is the body.")],
        request={
            "application/octet-stream": OpenApiTypes.BINARY,
            "multipart/form-data": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    "description": {"type": "string"},
                },
            },
        },
        responses={201: ArtifactFileSerializer, **REFUSED},
    )
    def post(self, request: Request, slug: str, version: str) -> Response:
        artifact = find(request, slug, version)
        body: Any = request.data
        if "stream" in body:
            name, content = request.query_params.get("name", ""), body["stream"]
            description = request.query_params.get("description", "")
        else:
            upload = request.FILES.get("file")
            if upload is None:
                raise ValidationError({"file": ["Send it as a form field named file."]})
            name, content = str(upload.name), upload.file
            description = body.get("description", "")
        file = upload_file(
            artifact,
            name=name,
            content=content,
            by=signed_in(request),
            description=description,
            media_type=mimetypes.guess_type(name)[0] or "",
        )
        return Response(ArtifactFileSerializer(file).data, status=status.HTTP_201_CREATED)


class ArtifactPeople(APIView):
    """Replace the contributors of an artifact."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="artifact_contributors_update",
        request=PersonShareSerializer(many=True),
        responses={200: ContributionSerializer(many=True), **REFUSED},
    )
    def put(self, request: Request, slug: str, version: str) -> Response:
        artifact, person = find(request, slug, version), signed_in(request)
        rows = checked(PersonShareSerializer(data=request.data, many=True))
        set_people(
            artifact, [PersonShareSerializer.share(row, by=person) for row in rows], by=person
        )
        people = artifact.contributions.select_related("person")
        return Response(ContributionSerializer(people, many=True).data)


class ArtifactLineage(APIView):
    """Declare an input of an artifact."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="artifact_lineage_create",
        request=LineageDeclareSerializer,
        responses={201: LineageSerializer, **REFUSED},
    )
    def post(self, request: Request, slug: str, version: str) -> Response:
        artifact, person = find(request, slug, version), signed_in(request)
        given = checked(LineageDeclareSerializer(data=request.data))
        parent = artifact_called(given["artifact"], visible_artifacts(person))
        if parent is None:
            parent = register_stub(title=given["title"], address=given["artifact"], by=person)
        edge = declare_input(
            artifact, parent, relation=given["relation"], use=given["use"], by=person
        )
        return Response(LineageSerializer(edge).data, status=status.HTTP_201_CREATED)


class ArtifactStatement(APIView):
    """Read the newest statement (its makers: the draft), or put answers into the draft."""

    @extend_schema(
        operation_id="statement_read",
        responses={200: StatementSerializer, 404: ErrorSerializer},
    )
    def get(self, request: Request, slug: str, version: str) -> Response:
        artifact = find_told(request, slug, version)
        mine = can_edit(viewer(request), artifact)
        found = newest_statement(artifact, with_draft=mine)
        if found is None:
            return Response(
                {"code": "NOT_FOUND", "message": "Nothing is stated yet.", "problems": []},
                status=status.HTTP_404_NOT_FOUND,
            )
        return Response(StatementSerializer(found).data)

    @extend_schema(
        operation_id="statement_update",
        request=AnswersSerializer,
        responses={200: StatementSerializer, **REFUSED},
    )
    def patch(self, request: Request, slug: str, version: str) -> Response:
        artifact = find(request, slug, version)
        given = checked(AnswersSerializer(data=request.data))
        draft = save_answers(artifact, given["answers"], by=signed_in(request))
        return Response(StatementSerializer(draft).data)


class StatementPublish(APIView):
    """Publish the draft of a statement."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="statement_publish",
        request=None,
        responses={200: StatementSerializer, **REFUSED},
    )
    def post(self, request: Request, slug: str, version: str) -> Response:
        artifact = find(request, slug, version)
        return Response(
            StatementSerializer(publish_statement(artifact, by=signed_in(request))).data
        )


class StatementHistory(APIView):
    """List the published statements of an artifact, newest first."""

    @extend_schema(operation_id="statements_list", responses=StatementSerializer(many=True))
    def get(self, request: Request, slug: str, version: str) -> Response:
        rows = find_told(request, slug, version).statements.filter(published_at__isnull=False)
        rows = rows.select_related("artifact", "saved_by")
        return Response(StatementSerializer(rows, many=True).data)


class ArtifactClaims(APIView):
    """Claim a share of outside data."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="artifact_claims_create",
        request=ClaimCreateSerializer,
        responses={201: ClaimSerializer, **REFUSED},
    )
    def post(self, request: Request, slug: str, version: str) -> Response:
        artifact = find(request, slug, version)
        given = checked(ClaimCreateSerializer(data=request.data))
        claim = claim_share(artifact, **given, by=signed_in(request))
        return Response(ClaimSerializer(claim).data, status=status.HTTP_201_CREATED)


class ArtifactExport(APIView):
    """Read an artifact in the format of a standard: Croissant, DataCite, CFF, BibTeX, cards."""

    @extend_schema(
        operation_id="artifact_exports_read",
        responses={(200, "application/octet-stream"): OpenApiTypes.STR, 404: ErrorSerializer},
    )
    def get(self, request: Request, slug: str, version: str, name: str) -> HttpResponse:
        artifact = find_told(request, slug, version)
        chosen = next((each for each in formats_of(artifact) if each.name == name), None)
        if chosen is None:
            return Response(
                {
                    "code": "NOT_FOUND",
                    "message": "Formats: " + ", ".join(each.name for each in formats_of(artifact)),
                    "problems": [],
                },
                status=status.HTTP_404_NOT_FOUND,
            )
        found = describe(artifact, root=request.build_absolute_uri("/"), site=settings.SITE_NAME)
        return HttpResponse(chosen.write(found), content_type=f"{chosen.media_type}; charset=utf-8")


class DescriptionImport(APIView):
    """Read a Croissant file or a card, and say what was understood; nothing is stored."""

    permission_classes = SIGNED_IN
    parser_classes = [MultiPartParser, StreamParser]

    @extend_schema(
        operation_id="descriptions_read",
        parameters=[OpenApiParameter("kind", enum=["dataset", "model"])],
        request={
            "application/octet-stream": OpenApiTypes.BINARY,
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
            },
        },
        responses={200: ImportedSerializer, **REFUSED},
    )
    def post(self, request: Request) -> Response:
        body: Any = request.data
        upload = body.get("stream") or request.FILES.get("file")
        if upload is None:
            raise ValidationError({"file": ["Send it as a form field named file."]})
        kind = request.query_params.get("kind") or body.get("kind", "")
        if kind not in ("", "dataset", "model"):
            raise ValidationError({"kind": ["Write dataset or model."]})
        found = read_description(upload.read(IMPORT_BYTES + 1), kind=kind)
        content = {name: getattr(found, name) for name in found.__slots__}
        content["format"] = content.pop("source")
        content["understood"] = [{"of": of, "here": here} for of, here in found.understood]
        return Response(ImportedSerializer(content).data)
