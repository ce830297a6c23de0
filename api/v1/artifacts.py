"""The catalog: datasets and models, their files, people and lineage."""

from __future__ import annotations

from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of
from api.pagination import NewestFirst
from api.v1.access import viewer
from api.v1.serializers import ArtifactNameSerializer, ArtifactSerializer, ErrorSerializer
from catalog.models import Artifact
from challenges.selectors import visible_artifacts
from leaderboards.visible import withholds_abstract


class ArtifactList(APIView):
    """List datasets and models, newest first."""

    @extend_schema(
        operation_id="artifacts_list",
        parameters=[OpenApiParameter("kind", enum=list(Artifact.Kind.values))],
        responses=ArtifactNameSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        artifacts = visible_artifacts(viewer(request))
        kind = request.query_params.get("kind")
        if kind:
            artifacts = artifacts.filter(kind=kind)
        pages = NewestFirst("registered_at")
        page = pages.paginate_queryset(artifacts, request, view=self)
        return pages.get_paginated_response(ArtifactNameSerializer(page, many=True).data)


class ArtifactDetail(APIView):
    """Read one artifact version: files, contributors with shares, lineage."""

    @extend_schema(
        operation_id="artifacts_read",
        responses={200: ArtifactSerializer, 404: ErrorSerializer},
    )
    def get(self, request: Request, slug: str, version: str) -> HttpResponse:
        artifacts = (
            visible_artifacts(viewer(request))
            .select_related("team")
            .prefetch_related("files__artifact", "contributions__person", "parent_edges__parent")
        )
        artifact = get_object_or_404(artifacts, slug=slug, version=version)
        if withholds_abstract(artifact, viewer(request), timezone.now()):
            artifact.summary = artifact.description = ""
        content = ArtifactSerializer(artifact).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class ArtifactFileDownload(APIView):
    """Download a file of an artifact."""

    @extend_schema(
        operation_id="artifact_files_download",
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            404: ErrorSerializer,
        },
    )
    def get(self, request: Request, slug: str, version: str, name: str) -> FileResponse:
        artifact = get_object_or_404(visible_artifacts(viewer(request)), slug=slug, version=version)
        file = get_object_or_404(artifact.files, name=name)
        return FileResponse(
            file.file.open("rb"),
            as_attachment=True,
            filename=file.name,
            content_type="application/octet-stream",
        )
