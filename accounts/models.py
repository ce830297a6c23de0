"""People and the teams they enter with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from accounts.identifiers import validate_orcid
from accounts.names import clean_name, skeleton


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox ships no types
    """A person. The username is public: it is the address of the person's page."""

    display_name = models.CharField(max_length=120, blank=True, help_text="As shown on boards.")
    affiliation = models.CharField(max_length=200, blank=True)
    orcid = models.CharField(
        "ORCID iD",
        max_length=19,
        blank=True,
        validators=[validate_orcid],
        help_text="Like 0000-0002-1825-0097.",
    )
    orcid_verified_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When ORCID itself said so; a typed iD has none.",
    )
    identity_checked_at = models.DateTimeField(
        null=True, blank=True, help_text="When an operator knew who this is, by hand."
    )
    name_key = models.CharField(  # noqa: DJ001  # none is not the same as empty
        max_length=300, null=True, editable=False, help_text="What the username looks like."
    )

    language = models.CharField(
        max_length=8,
        blank=True,
        default="",
        db_default="",
        help_text="In which mail is written: the one last chosen. Empty: English.",
    )

    # A token without the scope "organize" takes this off the person it signs in.
    acts_as_organizer = True

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                condition=models.Q(name_key__isnull=False),
                name="user_name_key_once",
                violation_error_message=_("Another person's username looks like this one."),
            ),
            models.UniqueConstraint(
                fields=["orcid"],
                condition=~models.Q(orcid=""),
                name="user_orcid_once",
                violation_error_message=_("Another person has this ORCID iD."),
            ),
            models.CheckConstraint(
                condition=models.Q(orcid_verified_at__isnull=True) | ~models.Q(orcid=""),
                name="user_verified_orcid_is_there",
                violation_error_message=_("Only an ORCID iD that is there is verified."),
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._keep_key()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("pages:person", args=[self.username])

    def clean(self) -> None:
        super().clean()
        self.username = clean_name(self.username, field="username", low=1)
        self.display_name = clean_name(self.display_name, field="display_name")
        self._keep_key()

    @property
    def public_name(self) -> str:
        return self.display_name or self.username

    def _keep_key(self) -> None:
        # Rows from before the rule may have none: two that look alike both stay.
        if self._state.adding or self.name_key is not None:
            self.name_key = skeleton(self.username)


class Team(models.Model):
    """Who enters a round. A person alone is a team of one."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80, unique=True)
    affiliation = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    name_key = models.CharField(  # noqa: DJ001  # none is not the same as empty
        max_length=300, null=True, editable=False, help_text="What the name looks like."
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="teams"
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_from",
        help_text="Its people are there now; what it submitted stays its own.",
    )
    merged_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                condition=models.Q(name_key__isnull=False),
                name="team_name_key_once",
                violation_error_message=_("Another team's name looks like this one."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._keep_key()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("pages:team", args=[self.slug])

    def clean(self) -> None:
        super().clean()
        self.name = clean_name(self.name, field="name", low=1)
        self._keep_key()

    def _keep_key(self) -> None:
        if self._state.adding or self.name_key is not None:
            self.name_key = skeleton(self.name)


class Membership(models.Model):
    """One person's time in one team; leaving ends it, nothing is deleted."""

    class Role(models.TextChoices):
        CAPTAIN = "captain", _("Captain")
        MEMBER = "member", _("Member")

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "user"],
                condition=models.Q(left_at__isnull=True),
                name="membership_active_once",
                violation_error_message=_("This person is in the team already."),
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True)
                | models.Q(left_at__gt=models.F("joined_at")),
                name="membership_joined_before_left",
                violation_error_message=_("A person leaves a team after joining it."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class TeamInvitation(models.Model):
    """A way into a team for one person, or for one whole team; only its digest is stored."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True, help_text="Where it was sent.")
    merges = models.BooleanField(default=False, help_text="For a whole team, by its captain.")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(taken_at__isnull=True)
                | models.Q(revoked_at__isnull=True, taken_by__isnull=False),
                name="invitation_taken_or_revoked",
                violation_error_message=_("What is taken back is taken by nobody."),
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk} to {self.team}"


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox ships no types
    """A named token for the API and the client; only its digest is stored."""

    class Scope(models.TextChoices):
        READ = "read", _("Read what you may read")
        SUBMIT = "submit", _("Submit and check predictions")
        ORGANIZE = "organize", _("Act as an organizer of your challenges")

    name = models.CharField(max_length=60, default="token", help_text="What uses this token.")
    scopes = models.CharField(
        max_length=60, default="read submit", db_default="read submit", help_text="What it may do."
    )
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"

    def allows(self, scope: str) -> bool:
        return scope in self.scopes.split()


class SignInTry(models.Model):
    """Wrong passwords from one place; the key is a digest, so no address is kept."""

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)
    blocked_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.failures} wrong passwords"


class AuditEvent(models.Model):
    """One privileged act, for good: each row holds the hash of the one before it."""

    class Act(models.TextChoices):
        PUBLISH = "publish", "Published a round"
        CLOSE = "close", "Closed a round"
        REVEAL = "reveal", "Revealed a round"
        FINALIZE = "finalize", "Made a round final"
        AMEND = "amend", "Amended the rules of a round"
        CANCEL = "cancel", "Cancelled a target"
        SET_REFERENCE = "set-reference", "Stored an answer"
        OPEN_REFERENCES = "open-references", "Opened answers"
        GRANT = "grant", "Granted submissions"
        REFUND = "refund", "Gave a submission back"
        RESCORE = "rescore", "Had a submission scored again"
        WITHDRAW = "withdraw", "Withdrew a submission"
        ROLE = "role", "Gave or took a role"
        ADMIN = "admin", "Changed a row in the admin"
        TOKEN = "token", "Made a token to organize with"
        SIGN_IN = "sign-in", "Signed in as staff"

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    act = models.CharField(max_length=20, choices=Act)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    subject = models.CharField(max_length=120, help_text="On what: kind and number.")
    challenge = models.PositiveBigIntegerField(
        null=True, db_index=True, help_text="The number of the challenge it belongs to."
    )
    before = models.CharField(max_length=64, help_text="SHA-256 of how it was; empty: nothing.")
    after = models.CharField(max_length=64, help_text="SHA-256 of how it is; empty: nothing.")
    reason = models.TextField()
    request_id = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"{self.seq}: {self.act} {self.subject}"


class AuditHead(models.Model):
    """The end of the chain: its lock makes numbers gapless, its hash shows a cut-off end."""

    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"
