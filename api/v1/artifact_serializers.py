"""What the API takes and shows of statements, claims and the curation of artifacts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.models import User
from catalog.models import Artifact, LineageEdge, ShareClaim, Statement
from catalog.roles import CREDIT_ROLES
from catalog.services import Share
from catalog.statements import completeness

ROLES = list(CREDIT_ROLES.items())


class ArtifactFactsSerializer(serializers.Serializer[Any]):
    """What the catalog itself keeps of an artifact."""

    title = serializers.CharField(max_length=200)
    summary = serializers.CharField(max_length=600)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    licence = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="An SPDX expression."
    )
    doi = serializers.CharField(max_length=200, required=False, allow_blank=True)
    url = serializers.URLField(required=False, allow_blank=True)
    disclosure = serializers.ChoiceField(choices=Artifact.Disclosure.choices, required=False)


class ArtifactCreateSerializer(ArtifactFactsSerializer):
    """A new dataset or model; with `is_stub`, one that is kept elsewhere and made by others."""

    kind = serializers.ChoiceField(choices=["dataset", "model"])
    origin = serializers.ChoiceField(
        choices=Artifact.Origin.choices, default=Artifact.Origin.ORIGINAL
    )
    slug = serializers.SlugField(
        max_length=70, required=False, help_text="Else made from the title."
    )
    team = serializers.SlugField(required=False, help_text="Of a model: one of your teams.")
    is_stub = serializers.BooleanField(default=False)
    answers = serializers.DictField(
        required=False, help_text="Answers of the statement's draft, as an import gives them."
    )


class NewVersionSerializer(serializers.Serializer[Any]):
    change = serializers.ChoiceField(
        choices=["patch", "minor", "major"],
        help_text="Packed anew; only added to; anything changed or taken away.",
    )
    changes = serializers.CharField(max_length=2000, help_text="What changed, in words.")


class PersonShareSerializer(serializers.Serializer[Any]):
    """One contributor, by account or by name."""

    username = serializers.CharField(required=False, default="", allow_blank=True)
    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    orcid = serializers.CharField(required=False, default="", allow_blank=True, max_length=19)
    affiliation = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=200
    )
    ror = serializers.CharField(required=False, default="", allow_blank=True, max_length=25)
    share_bp = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=10_000
    )
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=ROLES), required=False, default=list
    )

    def validate_username(self, username: str) -> User | None:
        person = User.objects.filter(username=username, is_active=True).first()
        if username and person is None:
            raise serializers.ValidationError("Nobody here has this username.")
        return person

    @staticmethod
    def share(facts: dict[str, Any], *, by: User) -> Share:
        """Return the row as a share; who saves confirms their own."""
        person = facts["username"] or None
        return Share(
            person=person,
            name="" if person else facts["name"],
            orcid=facts["orcid"],
            affiliation=facts["affiliation"],
            ror=facts["ror"],
            share_bp=facts["share_bp"],
            roles=tuple(facts["roles"]),
            confirmed=person == by,
        )


class LineageDeclareSerializer(serializers.Serializer[Any]):
    """One input, by slug@version, DOI or URL; an unknown DOI or URL is registered as a stub."""

    artifact = serializers.CharField(max_length=220)
    title = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    relation = serializers.ChoiceField(choices=LineageEdge.Relation.choices)
    use = serializers.ChoiceField(
        choices=LineageEdge.Use.choices, required=False, default="", allow_blank=True
    )


class AnswersSerializer(serializers.Serializer[Any]):
    answers = serializers.DictField(
        help_text="By field; see /schemas/statement/dataset.json. Null takes an answer out; "
        "“not disclosed” is an answer."
    )


class StatementSerializer(serializers.ModelSerializer[Statement]):
    saved_by = serializers.CharField(source="saved_by.username", read_only=True)
    answers = serializers.DictField(read_only=True)
    complete_percent = serializers.SerializerMethodField()
    needed_missing = serializers.SerializerMethodField(
        help_text="Fields that must be answered before it can be published."
    )
    not_disclosed = serializers.SerializerMethodField()

    class Meta:
        model = Statement
        fields = [
            "number",
            "published_at",
            "saved_at",
            "saved_by",
            "complete_percent",
            "needed_missing",
            "not_disclosed",
            "answers",
        ]

    def get_complete_percent(self, row: Statement) -> int:
        return completeness(row.answers, row.artifact.kind).percent

    def get_needed_missing(self, row: Statement) -> list[str]:
        return [each.key for each in completeness(row.answers, row.artifact.kind).needed_missing]

    def get_not_disclosed(self, row: Statement) -> list[str]:
        return [each.key for each in completeness(row.answers, row.artifact.kind).not_disclosed]


class ClaimCreateSerializer(serializers.Serializer[Any]):
    """That one is among the makers of what a stub stands for."""

    name = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=ROLES), required=False, default=list
    )
    evidence = serializers.CharField(max_length=2000)


class ClaimSerializer(serializers.ModelSerializer[ShareClaim]):
    username = serializers.CharField(source="person.username", read_only=True)

    class Meta:
        model = ShareClaim
        fields = ["username", "name", "roles", "state", "made_at", "decided_at", "reason"]


class UnderstoodSerializer(serializers.Serializer[Any]):
    of = serializers.CharField(help_text="In the file.")
    here = serializers.CharField(help_text="As what fact or answer it is taken.")


class ImportedSerializer(serializers.Serializer[Any]):
    """What was understood of a description, ready to be sent to `artifacts/`."""

    format = serializers.ChoiceField(choices=["Croissant", "card"])
    kind = serializers.CharField()
    facts = serializers.DictField(child=serializers.CharField())
    answers = serializers.DictField()
    understood = UnderstoodSerializer(many=True)
    ignored = serializers.ListField(child=serializers.CharField())
    problems = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="What is still needed to publish."
    )
