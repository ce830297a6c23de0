"""What entrants do beside submitting: their list, withdrawing, quota, disputes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.selectors import active_teams_of, readable_teams_of
from api.conditional import answer_if_changed, etag_of
from api.idempotency import KEY_HEADER, once
from api.pagination import CURSOR, NewestFirst, page_of
from api.permissions import SIGNED_IN
from api.v1.access import find_round, signed_in, viewer
from api.v1.serializers import (
    ErrorSerializer,
    QuotaSerializer,
    SubmissionSerializer,
    TeamSerializer,
)
from challenges.models import Dispute, Target
from challenges.selectors import can_organize
from challenges.services.disputes import LONGEST_TEXT, visible_disputes
from submissions.models import Submission, SubmissionState
from submissions.models.submission import SubmissionQuerySet
from submissions.selectors import submissions_of_teams, visible_submissions
from submissions.services.disputes import open_dispute
from submissions.services.quota import quota_of
from submissions.services.withdraw import withdraw

REFUSED = {400: ErrorSerializer, 403: ErrorSerializer, 404: ErrorSerializer}


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class TeamQuotaSerializer(QuotaSerializer):
    team = TeamSerializer()


class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    number = serializers.IntegerField(source="pk")
    opened_by = serializers.CharField(source="opened_by.public_name")
    correction = serializers.CharField(source="correction.reason", default=None, allow_null=True)

    class Meta:
        model = Dispute
        fields = [
            "number",
            "text",
            "opened_by",
            "opened_at",
            "state",
            "answer",
            "answered_at",
            "correction",
        ]


class NewDisputeSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST_TEXT, help_text="What is wrong with it.")


class MySubmissions(APIView):
    """List the submissions of your teams, newest first."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="my_submissions_list",
        parameters=[
            OpenApiParameter("round", str, description="challenge/round"),
            OpenApiParameter("state", enum=list(SubmissionState.values)),
            OpenApiParameter("team", str, description="The slug of one of your teams."),
            CURSOR,
        ],
        responses={200: page_of(SubmissionSerializer), 400: ErrorSerializer},
    )
    def get(self, request: Request) -> Response:
        rows = submissions_of_teams(readable_teams_of(signed_in(request)))
        pages = NewestFirst("received_at")
        page = pages.paginate_queryset(
            _filtered(rows, request).select_related("round__challenge", "team", "method", "track"),
            request,
            view=self,
        )
        return pages.get_paginated_response(SubmissionSerializer(page, many=True).data)


def _filtered(rows: SubmissionQuerySet, request: Request) -> SubmissionQuerySet:
    asked = request.query_params
    if place := asked.get("round", ""):
        challenge, _, round_ = place.partition("/")
        rows = rows.filter(round__challenge__slug=challenge, round__slug=round_)
    if state := asked.get("state", ""):
        if state not in SubmissionState.values:
            known = ", ".join(SubmissionState.values)
            raise ValidationError({"state": [f"Name one of these: {known}."]})
        rows = rows.filter(state=state)
    if team := asked.get("team", ""):
        rows = rows.filter(team__slug=team)
    return rows


class SubmissionWithdraw(APIView):
    """Withdraw a submission for good: it stays on record and counts as used."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="submissions_withdraw",
        request=ReasonSerializer,
        parameters=[KEY_HEADER],
        responses={200: SubmissionSerializer, **REFUSED},
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        person = signed_in(request)
        rows = visible_submissions(person).select_related(
            "round__challenge", "team", "method", "track"
        )
        found: Submission = get_object_or_404(rows, code=code)
        form = ReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)

        def run() -> Response:
            withdraw(found, by=person, reason=form.validated_data["reason"])
            return Response(SubmissionSerializer(found).data)

        return once(request, person, form.validated_data, run)


class RoundQuota(APIView):
    """Read what each of your teams may still submit to a round today."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="quota_list",
        responses={200: TeamQuotaSerializer(many=True), 404: ErrorSerializer},
    )
    def get(self, request: Request, challenge: str, round_slug: str) -> HttpResponse:
        round_, now = find_round(request, challenge, round_slug), timezone.now()
        found = [
            {"team": team, **asdict(quota_of(team, round_, now))}
            for team in active_teams_of(signed_in(request))
        ]
        content = TeamQuotaSerializer(found, many=True).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class DisputeList(APIView):
    """Read the disputes of a target that you may see, and open one.

    Until the reveal a dispute is read by who opened it and by the organizers alone.
    """

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="disputes_list",
        responses={200: DisputeSerializer(many=True), 404: ErrorSerializer},
    )
    def get(self, request: Request, challenge: str, round_slug: str, target: str) -> HttpResponse:
        found, person = self._target(request, challenge, round_slug, target), viewer(request)
        organizes = can_organize(person, found.round.challenge)
        rows = visible_disputes(found, person, organizes=organizes)
        content = DisputeSerializer(rows, many=True).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)

    @extend_schema(
        operation_id="disputes_open",
        request=NewDisputeSerializer,
        parameters=[KEY_HEADER],
        responses={201: DisputeSerializer, 422: ErrorSerializer, **REFUSED},
    )
    def post(self, request: Request, challenge: str, round_slug: str, target: str) -> HttpResponse:
        found, person = self._target(request, challenge, round_slug, target), signed_in(request)
        form = NewDisputeSerializer(data=request.data)
        form.is_valid(raise_exception=True)

        def run() -> Response:
            made = open_dispute(found, text=form.validated_data["text"], by=person)
            return Response(DisputeSerializer(made).data, status=status.HTTP_201_CREATED)

        return once(request, person, form.validated_data, run)

    def _target(self, request: Request, challenge: str, round_slug: str, slug: str) -> Target:
        round_ = find_round(request, challenge, round_slug)
        found: Target = get_object_or_404(
            round_.targets.select_related("round__challenge"), slug=slug
        )
        return found
