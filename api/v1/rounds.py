"""Rounds, their targets, files and boards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.conditional import answer_if_changed, etag_of, send_file
from api.pagination import CURSOR, NewestFirst, page_of
from api.parsers import chunks_of
from api.v1.access import find_round, viewer
from api.v1.serializers import (
    AmendmentSerializer,
    ErrorSerializer,
    RoundSerializer,
    RoundSummarySerializer,
    TargetSerializer,
    current_reference,
)
from challenges.errors import RoundNotReady
from challenges.models import Reference
from challenges.selectors import (
    NO_TRACKS,
    can_assess,
    released_files,
    sees_names,
    visible_rounds,
)
from challenges.services.references import open_revealed
from leaderboards import selectors as boards
from leaderboards.assessment import assessment_document
from leaderboards.dataset_views import WINDOW, DatasetView

REFUSED = {404: ErrorSerializer}


class RoundList(APIView):
    """List the rounds that the caller may see, newest first."""

    @extend_schema(
        operation_id="rounds_list", parameters=[CURSOR], responses=page_of(RoundSummarySerializer)
    )
    def get(self, request: Request) -> Response:
        pages = NewestFirst("opens_at")
        rounds = visible_rounds(viewer(request)).select_related("challenge")
        page = pages.paginate_queryset(rounds, request, view=self)
        return pages.get_paginated_response(RoundSummarySerializer(page, many=True).data)


class RoundDetail(APIView):
    """Read a round: what to predict, by when, and how it is scored."""

    @extend_schema(operation_id="rounds_read", responses={200: RoundSerializer, **REFUSED})
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_ = find_round(request, challenge, round_slug)
        content = RoundSerializer(round_, context={"viewer": viewer(request)}).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class TargetList(APIView):
    """List the targets of a round with the names of their input files."""

    @extend_schema(
        operation_id="targets_list", responses={200: TargetSerializer(many=True), **REFUSED}
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_ = find_round(request, challenge, round_slug)
        tracks = list(round_.tracks.all()) or NO_TRACKS
        targets = round_.targets.prefetch_related("files", "windows", current_reference())
        shown = {file.pk for file in released_files(round_, viewer(request), timezone.now())}
        context = {"released": shown, "tracks": tracks}
        content = TargetSerializer(targets, many=True, context=context).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class RoundFileDownload(APIView):
    """Download a public file of a round."""

    @extend_schema(
        operation_id="round_files_download",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **REFUSED},
    )
    def get(self, request: Request, challenge: str, round_slug: str, name: str) -> HttpResponseBase:
        round_ = find_round(request, challenge, round_slug)
        files = released_files(round_, viewer(request), timezone.now())
        file = get_object_or_404(files, name=name)
        return send_file(request, file.file, name=file.name, sha256=file.sha256)


class AnswerDownload(APIView):
    """Download the answer of a target once its round is revealed.

    Anyone can check it against the commitment that was public from the opening on.
    """

    @extend_schema(
        operation_id="answers_download",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **REFUSED},
    )
    def get(
        self, request: Request, challenge: str, round_slug: str, target: str
    ) -> HttpResponseBase:
        round_ = find_round(request, challenge, round_slug)
        found = get_object_or_404(round_.targets.select_related("round"), slug=target)
        with ExitStack() as stack:
            try:
                answer = stack.enter_context(open_revealed(found))
            except (RoundNotReady, Reference.DoesNotExist):
                raise Http404 from None
            opened = stack.pop_all()
        response = StreamingHttpResponse(
            _pieces(answer, opened), content_type="application/octet-stream"
        )
        response["Content-Disposition"] = f'attachment; filename="{found.slug}.npy"'
        return response


def _pieces(handle: BinaryIO, opened: ExitStack) -> Iterator[bytes]:
    with opened:
        yield from chunks_of(handle)


class Design(APIView):
    """Read the rules of a round as they were frozen; their SHA-256 is the round's."""

    @extend_schema(
        operation_id="design_read",
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT), **REFUSED},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_ = find_round(request, challenge, round_slug)
        return answer_if_changed(
            request, etag=etag_of(round_.design_sha256), build=lambda: round_.design
        )


class AmendmentList(APIView):
    """List what changed in the rules since they were frozen, oldest first."""

    @extend_schema(
        operation_id="amendments_list",
        responses={200: AmendmentSerializer(many=True), **REFUSED},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_ = find_round(request, challenge, round_slug)
        content = AmendmentSerializer(round_.amendments.all(), many=True).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class Assessment(APIView):
    """Read every entry's score on every target, as an assessor or organizer of the challenge.

    Assessors read code names instead of teams until the date that the round sets.
    """

    @extend_schema(
        operation_id="assessment_read",
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT), **REFUSED},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_, person = find_round(request, challenge, round_slug), viewer(request)
        if not can_assess(person, round_.challenge):
            raise Http404
        now = timezone.now()
        with_names = sees_names(person, round_, now)
        content = assessment_document(round_, reader=person, with_names=with_names, moment=now)
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class RoundDatasets(APIView):
    """Read the credit board of a round: which data made its results possible."""

    @extend_schema(
        operation_id="round_datasets_read",
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT), **REFUSED},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_ = find_round(request, challenge, round_slug)
        content = boards.dataset_board_document(round_, viewer(request), timezone.now())
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class Datasets(APIView):
    """Read the dataset board of all rounds, or of a view of them."""

    @extend_schema(
        operation_id="datasets_read",
        parameters=[
            OpenApiParameter("topic", str, description="Rounds of challenges with this topic."),
            OpenApiParameter("challenge", str, description="Rounds of this challenge."),
            OpenApiParameter(
                "window", enum=[WINDOW], description="Rounds that closed in the last 12 months."
            ),
            OpenApiParameter(
                "newcomers",
                enum=["1"],
                description="Only datasets registered in the last 24 months, among themselves.",
            ),
        ],
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT), 400: ErrorSerializer},
    )
    def get(self, request: Request) -> HttpResponse:
        query = request.query_params.dict()
        for name, taken in (("window", {"", WINDOW}), ("newcomers", {"", "0", "1"})):
            if query.get(name, "") not in taken:
                choices = ", ".join(sorted(taken - {""}))
                raise ValidationError({name: f"Take one of: {choices}; or leave it out."})
        view = DatasetView.of(query)
        content = boards.datasets_document(view, viewer(request), timezone.now())
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)
