"""What the API shows. Each field is named; nothing is shown because a model happens to have it."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import ApiToken, Team
from catalog.models import Artifact, ArtifactFile, Contribution, LineageEdge
from challenges.models import (
    Reference,
    Round,
    RoundAmendment,
    RoundFile,
    RoundMetric,
    RoundState,
    Target,
    Track,
    window_of,
)
from challenges.selectors import released_files
from challenges.services.wording import rule_in_words
from submissions.models import Score, Submission


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ["slug", "name"]


class MethodSerializer(serializers.ModelSerializer[Artifact]):
    class Meta:
        model = Artifact
        fields = ["slug", "version", "title", "disclosure"]


class RoundSummarySerializer(serializers.ModelSerializer[Round]):
    challenge = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    state = serializers.CharField(read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Round
        fields = ["challenge", "slug", "title", "state", "opens_at", "closes_at", "url"]


class MetricSerializer(serializers.ModelSerializer[RoundMetric]):
    class Meta:
        model = RoundMetric
        fields = ["key", "label", "metric", "version", "parameters", "aggregate", "is_primary"]


class RoundFileSerializer(serializers.ModelSerializer[RoundFile]):
    target = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = RoundFile
        fields = ["name", "description", "target", "size_bytes", "sha256", "url"]

    def get_url(self, file: RoundFile) -> str:
        place = [file.round.challenge.slug, file.round.slug, file.name]
        return reverse("api:round-file", args=place)


class AnswerSerializer(serializers.Serializer[Any]):
    """A target's answer: its commitment, and after the reveal what it commits to."""

    version = serializers.IntegerField()
    commitment = serializers.CharField()
    sha256 = serializers.CharField(required=False)
    size_bytes = serializers.IntegerField(required=False)
    salt = serializers.CharField(required=False)
    url = serializers.CharField(required=False)


def current_reference() -> Prefetch[str]:
    """Prefetch the current version of each target's reference: its row, never its file."""
    return Prefetch("references", queryset=Reference.objects.filter(is_current=True))


class WindowSerializer(serializers.Serializer[Any]):
    """When a target takes predictions in one track."""

    track = serializers.CharField(allow_null=True, help_text="Null: the round has no tracks.")
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField()


class TargetSerializer(serializers.ModelSerializer[Target]):
    files = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField()
    windows = serializers.SerializerMethodField()

    class Meta:
        model = Target
        fields = [
            "slug",
            "title",
            "summary",
            "shape",
            "reference_shape",
            "low",
            "high",
            "weight",
            "evaluation_units",
            "unit_of",
            "classes",
            "opens_at",
            "closes_at",
            "windows",
            "cancelled_at",
            "cancel_reason",
            "files",
            "answer",
        ]

    def get_files(self, target: Target) -> list[str]:
        released: set[int] = self.context["released"]
        return [file.name for file in target.files.all() if file.pk in released]

    @extend_schema_field(WindowSerializer(many=True))
    def get_windows(self, target: Target) -> list[dict[str, Any]]:
        rows = [
            {
                "track": track and track.slug,
                "opens_at": window.opens_at,
                "closes_at": window.closes_at,
            }
            for track in self.context["tracks"]
            for window in [window_of(target, track)]
        ]
        return list(WindowSerializer(rows, many=True).data)

    @extend_schema_field(AnswerSerializer(allow_null=True))
    def get_answer(self, target: Target) -> dict[str, Any] | None:
        """Show the commitment from the opening on, and what it hides once it is revealed."""
        reference = next(iter(target.references.all()), None)
        if reference is None:
            return None
        sealed = {"version": reference.version, "commitment": reference.commitment}
        if target.round.state not in {RoundState.REVEALED, RoundState.FINAL}:
            return sealed
        place = [target.round.challenge.slug, target.round.slug, target.slug]
        return {
            **sealed,
            "sha256": reference.sha256,
            "size_bytes": reference.size_bytes,
            "salt": reference.salt,
            "url": reverse("api:answer", args=place),
        }


class ArtifactNameSerializer(serializers.ModelSerializer[Artifact]):
    class Meta:
        model = Artifact
        fields = ["kind", "slug", "version", "title"]


class ChangeSerializer(serializers.Serializer[None]):
    path = serializers.CharField()
    rule = serializers.SerializerMethodField(help_text="What `path` is about, in words.")
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)

    def get_rule(self, change: dict[str, Any]) -> str:
        return rule_in_words(change["path"])


class AmendmentSerializer(serializers.ModelSerializer[RoundAmendment]):
    changes = ChangeSerializer(many=True)

    class Meta:
        model = RoundAmendment
        fields = ["number", "made_at", "reason", "changes", "design_sha256", "previous_sha256"]


class TrackSerializer(serializers.ModelSerializer[Track]):
    opens_at = serializers.DateTimeField(source="window.opens_at", read_only=True)
    closes_at = serializers.DateTimeField(source="window.closes_at", read_only=True)

    class Meta:
        model = Track
        fields = ["slug", "title", "summary", "opens_at", "closes_at", "target_hours"]


class RoundSerializer(RoundSummarySerializer):
    tracks = TrackSerializer(many=True, read_only=True)
    metrics = MetricSerializer(many=True, read_only=True)
    files = serializers.SerializerMethodField()
    offered_data = ArtifactNameSerializer(many=True, read_only=True)

    class Meta(RoundSummarySerializer.Meta):
        fields = [
            *RoundSummarySerializer.Meta.fields,
            "task",
            "reader",
            "reader_options",
            "upload_limit_bytes",
            "submissions_per_day",
            "tracks",
            "upload_replaces",
            "models_per_target",
            "model_basis",
            "assessors_see_names_at",
            "missing_policy",
            "missing_penalty",
            "tie_tolerance",
            "near_duplicate_percent",
            "grace_minutes",
            "embargo",
            "design_sha256",
            "published_at",
            "revealed_at",
            "finalized_at",
            "metrics",
            "offered_data",
            "files",
        ]

    def get_files(self, round_: Round) -> list[dict[str, Any]]:
        files = released_files(round_, self.context["viewer"], timezone.now())
        return list(RoundFileSerializer(files, many=True).data)


class ScoreSerializer(serializers.ModelSerializer[Score]):
    target = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    metric = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)

    class Meta:
        model = Score
        fields = ["target", "metric", "status", "value", "detail"]


class SubmissionSerializer(serializers.ModelSerializer[Submission]):
    challenge = serializers.CharField(source="round.challenge.slug", read_only=True)
    round = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    team = TeamSerializer(read_only=True)
    method = MethodSerializer(read_only=True)
    track = serializers.CharField(
        source="track.slug", read_only=True, default=None, allow_null=True
    )
    url = serializers.CharField(source="get_absolute_url", read_only=True)
    api_url = serializers.SerializerMethodField()

    class Meta:
        model = Submission
        fields = [
            "code",
            "challenge",
            "round",
            "team",
            "method",
            "entry_kind",
            "track",
            "model_index",
            "note",
            "state",
            "received_at",
            "finished_at",
            "file_name",
            "size_bytes",
            "sha256",
            "answered",
            "reason_code",
            "reason",
            "problems",
            "url",
            "api_url",
        ]

    def get_api_url(self, submission: Submission) -> str:
        return reverse("api:submission", args=[submission.code])


class QueuePlaceSerializer(serializers.Serializer[Any]):
    position = serializers.IntegerField(help_text="In which turn a worker takes it, from 1.")
    eta_seconds = serializers.IntegerField(
        allow_null=True, help_text="About when it is scored, by the latest runs; null: not known."
    )


class QuotaSerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField(help_text="Submissions of the team in the round on this day.")
    used = serializers.IntegerField()
    left = serializers.IntegerField()
    resets_at = serializers.DateTimeField()


class SubmissionDetailSerializer(SubmissionSerializer):
    queue_position = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The same as queue.position."
    )
    queue = QueuePlaceSerializer(
        read_only=True, allow_null=True, help_text="Null once a worker has taken it."
    )
    scores = ScoreSerializer(many=True, read_only=True)

    class Meta(SubmissionSerializer.Meta):
        fields = [*SubmissionSerializer.Meta.fields, "queue_position", "queue", "scores"]


class SubmissionReceiptSerializer(SubmissionDetailSerializer):
    quota = QuotaSerializer(read_only=True, help_text="What the team has left today.")

    class Meta(SubmissionDetailSerializer.Meta):
        fields = [*SubmissionDetailSerializer.Meta.fields, "quota"]


class ContributionSerializer(serializers.ModelSerializer[Contribution]):
    name = serializers.CharField(source="public_name", read_only=True)
    username = serializers.CharField(source="person.username", read_only=True, default=None)
    confirmed = serializers.SerializerMethodField()

    class Meta:
        model = Contribution
        fields = [
            "name",
            "username",
            "orcid",
            "affiliation",
            "ror",
            "share_bp",
            "roles",
            "confirmed",
        ]

    def get_confirmed(self, contribution: Contribution) -> bool:
        return contribution.confirmed_at is not None


class LineageSerializer(serializers.ModelSerializer[LineageEdge]):
    parent = ArtifactNameSerializer(read_only=True)

    class Meta:
        model = LineageEdge
        fields = ["parent", "relation", "use", "status"]


class ArtifactFileSerializer(serializers.ModelSerializer[ArtifactFile]):
    url = serializers.SerializerMethodField()

    class Meta:
        model = ArtifactFile
        fields = ["name", "description", "size_bytes", "sha256", "media_type", "url"]

    def get_url(self, file: ArtifactFile) -> str:
        place = [file.artifact.slug, file.artifact.version, file.name]
        return reverse("api:artifact-file", args=place)


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    team = TeamSerializer(read_only=True, allow_null=True)
    files = ArtifactFileSerializer(many=True, read_only=True)
    contributions = ContributionSerializer(many=True, read_only=True)
    lineage = LineageSerializer(source="parent_edges", many=True, read_only=True)
    page = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Artifact
        fields = [
            "kind",
            "slug",
            "version",
            "title",
            "summary",
            "description",
            "origin",
            "licence",
            "disclosure",
            "doi",
            "url",
            "page",
            "is_stub",
            "registered_at",
            "team",
            "files",
            "contributions",
            "lineage",
        ]


class SubmitSerializer(serializers.Serializer[Any]):
    """What accompanies an upload."""

    method = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=160,
        help_text="Name of the method, as on the board.",
    )
    model = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=120,
        help_text="Instead of a method and its inputs: a registered model of the team, "
        "as slug@version.",
    )
    method_summary = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=2000, help_text="How it works."
    )
    inputs = serializers.ListField(
        child=serializers.CharField(max_length=220),
        required=False,
        default=list,
        help_text="Datasets and models it was built on: slug, slug@version, DOI or URL, "
        "with :train, :pretrain, :finetune, :features, :calibration or :selection behind it.",
    )
    disclosure = serializers.ChoiceField(
        choices=Artifact.Disclosure.choices,
        required=False,
        default=Artifact.Disclosure.FULL,
        help_text="Whether `inputs` names all of what it was built on.",
    )
    team = serializers.SlugField(
        required=False, default="", allow_blank=True, help_text="Empty: your only team."
    )
    entry_kind = serializers.ChoiceField(
        choices=Submission.EntryKind.by_people(),
        required=False,
        default=Submission.EntryKind.PARTICIPANT,
        help_text="Other kinds than participant are for organizers.",
    )
    track = serializers.SlugField(
        required=False,
        default="",
        allow_blank=True,
        help_text="Not needed where the round has one track or none.",
    )
    model_index = serializers.IntegerField(
        required=False,
        default=1,
        min_value=1,
        help_text="Which of the team's models it is, where the round takes several.",
    )
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)
    file_name = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)
    sha256 = serializers.RegexField(
        r"^([0-9a-f]{64})?$", required=False, default="", help_text="Refused if it does not match."
    )
    upload = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=40,
        help_text="The code of a finished upload, instead of a file.",
    )

    def validate(self, fields: dict[str, Any]) -> dict[str, Any]:
        if not (fields["method"] or fields["model"]):
            told = "Name the method, or a registered model of your team as `model`."
            raise serializers.ValidationError({"method": [told]})
        return fields


class ProblemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    where = serializers.CharField()
    remedy = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    """The one error shape."""

    code = serializers.CharField()
    message = serializers.CharField()
    problems = ProblemSerializer(many=True)


class ChangesField(serializers.ListField):
    """Pairs of what stands in the file and what would stand there."""

    child = serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2)


class MendingSerializer(serializers.Serializer[Any]):
    """A change that a machine can see would mend the file; it is never made in scoring."""

    code = serializers.CharField()
    message = serializers.CharField()
    where = serializers.CharField()
    changes = ChangesField(help_text="The first of the changes, as pairs of before and after.")
    decide = serializers.CharField(help_text="What only a person can say; empty: nothing.")


class CheckSerializer(serializers.Serializer[Any]):
    """What the reader understood of a file."""

    ok = serializers.BooleanField()
    answered = serializers.ListField(child=serializers.CharField())
    problems = ProblemSerializer(many=True)
    problems_left_out = serializers.IntegerField()
    suggestions = MendingSerializer(many=True)


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    password = serializers.CharField(trim_whitespace=False)
    name = serializers.CharField(required=False, default="token", max_length=60)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=ApiToken.Scope.choices),
        default=["read", "submit"],
        allow_empty=False,
        help_text="What the token may do.",
    )


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Shown once. Send it as `Authorization: Token …`.")
    expires_at = serializers.DateTimeField(allow_null=True)
    scopes = serializers.ListField(child=serializers.CharField())
