"""The catalog: datasets and models, their files, people and lineage."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of, send_file
from api.pagination import CURSOR, NewestFirst, page_of
from api.v1.access import viewer
from api.v1.artifact_serializers import ArtifactCreateSerializer, ArtifactFactsSerializer
from api.v1.curation import change, create
from api.v1.serializers import ArtifactNameSerializer, ArtifactSerializer, ErrorSerializer
from catalog.models import Artifact
from catalog.selectors import search_artifacts
from challenges.selectors import visible_artifacts
from leaderboards.visible import withheld_methods, withholds_abstract


class ArtifactList(APIView):
    """List datasets and models, newest first; register one."""

    @extend_schema(
        operation_id="artifacts_list",
        parameters=[
            OpenApiParameter("kind", enum=list(Artifact.Kind.values)),
            OpenApiParameter("q", description="Words of title, slug, summary, DOI or team."),
            CURSOR,
        ],
        responses=page_of(ArtifactNameSerializer),
    )
    def get(self, request: Request) -> Response:
        artifacts = visible_artifacts(viewer(request))
        kind = request.query_params.get("kind")
        if kind:
            artifacts = artifacts.filter(kind=kind)
        query = request.query_params.get("q", "")
        if query:  # a text that waits for a round's clock is not to be guessed word by word
            artifacts = artifacts.exclude(pk__in=withheld_methods(viewer(request), timezone.now()))
        artifacts = search_artifacts(query, artifacts)
        pages = NewestFirst("registered_at")
        page = pages.paginate_queryset(artifacts, request, view=self)
        return pages.get_paginated_response(ArtifactNameSerializer(page, many=True).data)

    @extend_schema(
        operation_id="artifacts_create",
        request=ArtifactCreateSerializer,
        responses={201: ArtifactSerializer, 403: ErrorSerializer, 422: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        artifact = create(request)
        response = Response(ArtifactSerializer(artifact).data, status=status.HTTP_201_CREATED)
        response["Location"] = reverse("api:artifact", args=[artifact.slug, artifact.version])
        return response


class ArtifactDetail(APIView):
    """Read one artifact version: files, contributors, lineage; change what it is called."""

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

    @extend_schema(
        operation_id="artifacts_update",
        request=ArtifactFactsSerializer(partial=True),
        responses={
            200: ArtifactSerializer,
            403: ErrorSerializer,
            404: ErrorSerializer,
            422: ErrorSerializer,
        },
    )
    def patch(self, request: Request, slug: str, version: str) -> Response:
        return Response(ArtifactSerializer(change(request, slug, version)).data)


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
