"""Datasets and models as versioned artifacts, the people behind them, and their lineage."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.identifiers import validate_orcid, validate_ror
from accounts.models import Team
from catalog.licences import validate_licence
from catalog.roles import validate_credit_roles

SHARES_TOTAL_BP = 10_000


class Artifact(models.Model):
    """One version of a dataset, a model or a target set: what credit lands on."""

    class Kind(models.TextChoices):
        DATASET = "dataset", _("Dataset")
        MODEL = "model", _("Model")
        TARGET_SET = "target-set", _("Target set")

    class Origin(models.TextChoices):
        """How it came to be; decides what part of the credit stays here (docs/credit.md)."""

        ORIGINAL = "original", _("Original: measured, simulated, collected")
        DERIVED = "derived", _("Derived: cleaned, harmonised, merged, enriched, trained")
        COPY = "copy", _("Copy: mirror or other format of the same content")

    class Disclosure(models.TextChoices):
        FULL = "full", _("All inputs declared")
        PARTIAL = "partial", _("Some inputs declared")
        UNDISCLOSED = "undisclosed", _("Not disclosed")

    kind = models.CharField(max_length=10, choices=Kind)
    slug = models.SlugField(max_length=80, help_text="The same for all versions.")
    version = models.CharField(
        max_length=20, default="1", validators=[RegexValidator(r"^[0-9A-Za-z][0-9A-Za-z.+-]*$")]
    )
    title = models.CharField(max_length=200)
    summary = models.TextField(help_text="Two sentences: what it is and what it is good for.")
    description = models.TextField(blank=True, help_text="Markdown.")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.ORIGINAL)
    licence = models.CharField(
        max_length=100,
        blank=True,
        validators=[validate_licence],
        help_text="An SPDX expression, like CC-BY-4.0 or MIT OR Apache-2.0.",
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="artifacts",
        help_text="The team whose method this is; empty for community data.",
    )
    disclosure = models.CharField(
        "lineage",
        max_length=12,
        choices=Disclosure,
        default=Disclosure.FULL,
        help_text="How much of what it was built on is declared here.",
    )
    doi = models.CharField("DOI", max_length=200, blank=True)
    url = models.URLField(blank=True)
    is_stub = models.BooleanField(
        default=False, help_text="Stands for outside data; its people can claim their shares later."
    )
    registered_at = models.DateTimeField(default=timezone.now, editable=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="registered_artifacts"
    )
    shares_sealed = models.BooleanField(
        default=False,
        editable=False,
        help_text="Shares are complete: they sum to 10,000 and the database holds them so.",
    )

    class Meta:
        ordering = ["title", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["slug", "version"],
                name="artifact_version_once",
                violation_error_message=_("This version is registered already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} (version {self.version})"

    def get_absolute_url(self) -> str:
        name = "pages:model" if self.kind == self.Kind.MODEL else "pages:dataset"
        return reverse(name, args=[self.slug, self.version])


class ArtifactFile(models.Model):
    """A public file of an artifact."""

    artifact = models.ForeignKey(Artifact, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)
    file = models.FileField(upload_to="artifacts/", max_length=200)
    size_bytes = models.PositiveBigIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    media_type = models.CharField(max_length=100, default="application/octet-stream")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["artifact", "name"],
                name="artifact_file_name_once",
                violation_error_message=_("The artifact has a file of this name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Contribution(models.Model):
    """One contributor's share of one artifact version, in basis points (1/10,000)."""

    artifact = models.ForeignKey(Artifact, on_delete=models.CASCADE, related_name="contributions")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contributions",
        help_text="Empty until the contributor has an account here.",
    )
    name = models.CharField(max_length=120, blank=True, help_text="Of a person not here yet.")
    orcid = models.CharField("ORCID iD", max_length=19, blank=True, validators=[validate_orcid])
    affiliation = models.CharField(  # noqa: DJ001  # added without rebuilding a table with triggers
        max_length=200, null=True, blank=True, help_text="At the time of the work."
    )
    ror = models.CharField(  # noqa: DJ001  # as above
        "ROR id",
        max_length=25,
        null=True,
        blank=True,
        validators=[validate_ror],
        help_text="Of the affiliation, like https://ror.org/05dxps055.",
    )
    share_bp = models.PositiveIntegerField(
        "share (basis points)",
        validators=[MinValueValidator(1), MaxValueValidator(SHARES_TOTAL_BP)],
        help_text="10000 is all of it; the shares of one artifact sum to 10000.",
    )
    roles = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_credit_roles],
        help_text='CRediT roles, like ["data-curation", "software"].',
    )
    confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text="A share counts once its owner confirms it."
    )

    class Meta:
        ordering = ["-share_bp", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["artifact", "person"],
                condition=models.Q(person__isnull=False),
                name="contribution_person_once",
                violation_error_message=_("This person is named already."),
            ),
            models.CheckConstraint(
                condition=models.Q(share_bp__gte=1, share_bp__lte=SHARES_TOTAL_BP),
                name="contribution_share_in_range",
                violation_error_message=_("A share is from 1 to 10000 basis points."),
            ),
            models.CheckConstraint(
                condition=models.Q(person__isnull=False) | ~models.Q(name=""),
                name="contribution_names_someone",
                violation_error_message=_("Name the contributor, by account or by name."),
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_at__isnull=True) | models.Q(person__isnull=False),
                name="contribution_confirmed_by_person",
                violation_error_message=_("Only a person with an account can confirm a share."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_name}: {self.share_bp} bp"

    @property
    def public_name(self) -> str:
        return self.person.public_name if self.person else self.name


class LineageEdge(models.Model):
    """`child` was made from `parent`. Edges run from newer to older, so there is no circle."""

    class Relation(models.TextChoices):
        TRAINED_ON = "trained-on", _("trained on")
        FINE_TUNED_FROM = "fine-tuned-from", _("fine-tuned from")
        DERIVED_FROM = "derived-from", _("derived from")
        VARIANT_OF = "variant-of", _("format or variant of")
        IDENTICAL_TO = "identical-to", _("identical to")

    class Use(models.TextChoices):
        """What an input was used for; rows from bundles may hold a free text instead."""

        TRAIN = "train", _("training")
        PRETRAIN = "pretrain", _("pre-training")
        FINETUNE = "finetune", _("fine-tuning")
        FEATURES = "features", _("features")
        CALIBRATION = "calibration", _("calibration")
        SELECTION = "selection", _("model selection")

    class Status(models.TextChoices):
        DECLARED = "declared", _("Declared")
        DISPUTED = "disputed", _("Disputed")
        UPHELD = "upheld", _("Upheld")
        REJECTED = "rejected", _("Rejected")

    child = models.ForeignKey(Artifact, on_delete=models.CASCADE, related_name="parent_edges")
    parent = models.ForeignKey(Artifact, on_delete=models.PROTECT, related_name="child_edges")
    relation = models.CharField(max_length=20, choices=Relation)
    use = models.CharField(max_length=300, blank=True, help_text="What it was used for.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DECLARED)
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    declared_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["child", "parent"],
                name="lineage_edge_once",
                violation_error_message=_("This input is declared already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(child=models.F("parent")),
                name="lineage_not_to_itself",
                violation_error_message=_("Nothing is made from itself."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.child} {self.get_relation_display()} {self.parent}"

    @property
    def use_label(self) -> str:
        return str(dict(self.Use.choices).get(self.use, self.use))


class Statement(models.Model):
    """What is said about one artifact version; a published one stays, a change is the next."""

    artifact = models.ForeignKey(Artifact, on_delete=models.CASCADE, related_name="statements")
    number = models.PositiveIntegerField()
    answers = models.JSONField(default=dict, help_text="By field (catalog/statements/fields.py).")
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True, help_text="Empty: a draft.")

    class Meta:
        ordering = ["artifact", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["artifact", "number"],
                name="statement_number_once",
                violation_error_message=_("This statement has been saved meanwhile."),
            ),
            models.UniqueConstraint(
                fields=["artifact"],
                condition=models.Q(published_at__isnull=True),
                name="statement_one_draft",
                violation_error_message=_("There is a draft of this statement already."),
            ),
        ]

    def __str__(self) -> str:
        return f"Statement {self.number} of {self.artifact}"

    def get_absolute_url(self) -> str:
        place = [self.artifact.slug, self.artifact.version, self.number]
        return reverse("pages:statement-at", args=place)


class ShareClaim(models.Model):
    """Somebody says that they are among the makers of outside data; a steward decides."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for a steward")
        CONFIRMED = "confirmed", _("Confirmed")
        DECLINED = "declined", _("Declined")

    artifact = models.ForeignKey(Artifact, on_delete=models.CASCADE, related_name="claims")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="share_claims"
    )
    name = models.CharField(
        max_length=120, blank=True, help_text="As it stands among the contributors; may be empty."
    )
    roles = models.JSONField(default=list, blank=True, validators=[validate_credit_roles])
    evidence = models.TextField(max_length=2000, help_text="How a steward can tell that it is so.")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["artifact", "person"],
                condition=models.Q(state="open"),
                name="share_claim_open_once",
                violation_error_message=_("Your claim is waiting for a steward already."),
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at__isnull=True)
                | (~models.Q(state="open") & models.Q(decided_at__isnull=False)),
                name="share_claim_decided_or_open",
                violation_error_message=_("A decided claim says when it was decided."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} claims a share of {self.artifact}"
