"""The catalog: datasets and models, their files, people and lineage."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of, send_file
from api.pagination import CURSOR, NewestFirst, page_of
from api.v1.access import viewer
from api.v1.serializers import ArtifactNameSerializer, ArtifactSerializer, ErrorSerializer
from catalog.models import Artifact
from challenges.selectors import visible_artifacts


class ArtifactList(APIView):
    """List datasets and models, newest first."""

    @extend_schema(
        operation_id="artifacts_list",
        parameters=[OpenApiParameter("kind", enum=list(Artifact.Kind.values)), CURSOR],
        responses=page_of(ArtifactNameSerializer),
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
    def get(self, request: Request, slug: str, version: str, name: str) -> HttpResponseBase:
        artifact = get_object_or_404(visible_artifacts(viewer(request)), slug=slug, version=version)
        file = get_object_or_404(artifact.files, name=name)
        return send_file(request, file.file, name=file.name, sha256=file.sha256)
