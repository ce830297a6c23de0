"""A person's teams: making one, reading it, inviting, joining, leaving, handing over."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import teams
from accounts.models import Team, TeamInvitation, User
from accounts.selectors import active_members_of, active_teams_of, captain_of, is_captain
from accounts.services import create_named_team
from api.conditional import answer_if_changed, etag_of
from api.idempotency import KEY_HEADER, once
from api.permissions import SIGNED_IN
from api.v1.access import signed_in
from api.v1.serializers import ErrorSerializer, TeamSerializer
from submissions.services.merging import merge_by_invitation

REFUSED = {400: ErrorSerializer, 404: ErrorSerializer, 422: ErrorSerializer}


class MemberSerializer(serializers.ModelSerializer[User]):
    name = serializers.CharField(source="public_name")

    class Meta:
        model = User
        fields = ["username", "name"]


class InvitationSerializer(serializers.ModelSerializer[TeamInvitation]):
    number = serializers.IntegerField(source="pk")
    made_by = serializers.CharField(source="made_by.username")

    class Meta:
        model = TeamInvitation
        fields = ["number", "email", "merges", "made_by", "expires_at"]


class OwnTeamSerializer(TeamSerializer):
    members = serializers.SerializerMethodField()
    captain = serializers.SerializerMethodField()
    invitations = serializers.SerializerMethodField(help_text="Open ones; for the captain.")

    class Meta(TeamSerializer.Meta):
        fields = [*TeamSerializer.Meta.fields, "affiliation", "captain", "members", "invitations"]

    def get_captain(self, team: Team) -> str | None:
        captain = captain_of(team)
        return None if captain is None else captain.username

    @extend_schema_field(MemberSerializer(many=True))
    def get_members(self, team: Team) -> Any:
        return MemberSerializer(active_members_of(team), many=True).data

    @extend_schema_field(InvitationSerializer(many=True))
    def get_invitations(self, team: Team) -> Any:
        if not is_captain(self.context["viewer"], team):
            return []
        rows = teams.open_invitations(team).select_related("made_by").order_by("pk")
        return InvitationSerializer(rows, many=True).data


class NewTeamSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)


class InviteSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(
        required=False, default="", allow_blank=True, help_text="Where to send it; empty: nowhere."
    )
    merges = serializers.BooleanField(
        required=False, default=False, help_text="For a whole team, which becomes part of this one."
    )


class InvitedSerializer(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Told once. It works once, for seven days.")
    expires_at = serializers.DateTimeField()


class JoinSerializer(serializers.Serializer[Any]):
    invitation = serializers.CharField(
        max_length=300, help_text="The address of an invitation, or the secret at its end."
    )
    team = serializers.SlugField(
        required=False, default="", allow_blank=True, help_text="Your team that is merged."
    )


class CaptainSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)


class TeamList(APIView):
    """List your teams, and make one whose captain you are."""

    permission_classes = SIGNED_IN

    @extend_schema(operation_id="teams_list", responses=OwnTeamSerializer(many=True))
    def get(self, request: Request) -> Response:
        person = signed_in(request)
        found = active_teams_of(person)
        return Response(OwnTeamSerializer(found, many=True, context={"viewer": person}).data)

    @extend_schema(
        operation_id="teams_create",
        request=NewTeamSerializer,
        parameters=[KEY_HEADER],
        responses={201: OwnTeamSerializer, 409: ErrorSerializer, **REFUSED},
    )
    def post(self, request: Request) -> HttpResponse:
        person = signed_in(request)
        form = NewTeamSerializer(data=request.data)
        form.is_valid(raise_exception=True)

        def run() -> Response:
            team = create_named_team(form.validated_data["name"], by=person)
            content = OwnTeamSerializer(team, context={"viewer": person}).data
            return Response(content, status=status.HTTP_201_CREATED)

        return once(request, person, form.validated_data, run)


class TeamDetail(APIView):
    """Read one of your teams."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="teams_read", responses={200: OwnTeamSerializer, 404: ErrorSerializer}
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        person = signed_in(request)
        content = OwnTeamSerializer(_own(person, slug), context={"viewer": person}).data
        return answer_if_changed(request, etag=etag_of(content), build=lambda: content)


class TeamInvite(APIView):
    """Invite somebody, or a whole team; for the captain."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="team_invitations_create",
        request=InviteSerializer,
        responses={201: InvitedSerializer, **REFUSED},
    )
    def post(self, request: Request, slug: str) -> Response:
        person = signed_in(request)
        team = _own(person, slug)
        form = InviteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = teams.invite(team, by=person, **form.validated_data)
        content = {"url": made.url, "expires_at": made.invitation.expires_at}
        return Response(InvitedSerializer(content).data, status=status.HTTP_201_CREATED)


class TeamInvitationDetail(APIView):
    """Take an invitation back; for the captain."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="team_invitations_delete", request=None, responses={204: None, **REFUSED}
    )
    def delete(self, request: Request, slug: str, number: int) -> Response:
        person = signed_in(request)
        team = _own(person, slug)
        get_object_or_404(teams.open_invitations(team), pk=number)
        teams.revoke(team, pk=number, by=person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TeamJoin(APIView):
    """Take an invitation: join its team, or bring a team of yours into it."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="teams_join",
        request=JoinSerializer,
        responses={200: OwnTeamSerializer, 403: ErrorSerializer, **REFUSED},
    )
    def post(self, request: Request) -> Response:
        person = signed_in(request)
        form = JoinSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        secret = form.validated_data["invitation"].rstrip("/").rpartition("/")[2]
        if teams.invitation_of(secret).merges:
            own = _own(person, form.validated_data["team"])
            team = merge_by_invitation(secret, team=own, by=person)
        else:
            team = teams.join(secret, by=person)
        return Response(OwnTeamSerializer(team, context={"viewer": person}).data)


class TeamLeave(APIView):
    """Leave a team. What was submitted with you in it stays as it is."""

    permission_classes = SIGNED_IN

    @extend_schema(operation_id="teams_leave", request=None, responses={204: None, **REFUSED})
    def post(self, request: Request, slug: str) -> Response:
        person = signed_in(request)
        teams.leave(_own(person, slug), by=person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TeamCaptain(APIView):
    """Make another member the captain."""

    permission_classes = SIGNED_IN

    @extend_schema(
        operation_id="teams_hand_over",
        request=CaptainSerializer,
        responses={200: OwnTeamSerializer, **REFUSED},
    )
    def post(self, request: Request, slug: str) -> Response:
        person = signed_in(request)
        team = _own(person, slug)
        form = CaptainSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        other = get_object_or_404(active_members_of(team), username=form.validated_data["username"])
        teams.hand_over(team, by=person, to=other)
        return Response(OwnTeamSerializer(team, context={"viewer": person}).data)


def _own(person: User, slug: str) -> Team:
    found: Team = get_object_or_404(active_teams_of(person), slug=slug)
    return found
