"""People and the teams they enter with."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.urls import reverse
from django.utils import timezone
from knox.models import AbstractAuthToken

from accounts.identifiers import validate_orcid


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

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["orcid"],
                condition=~models.Q(orcid=""),
                name="user_orcid_once",
                violation_error_message="Another person has this ORCID iD.",
            ),
        ]

    @property
    def public_name(self) -> str:
        return self.display_name or self.username

    def get_absolute_url(self) -> str:
        return reverse("pages:person", args=[self.username])


class Team(models.Model):
    """Who enters a round. A person alone is a team of one."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80, unique=True)
    affiliation = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="teams"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("pages:team", args=[self.slug])


class Membership(models.Model):
    """One person's time in one team; leaving ends it, nothing is deleted."""

    class Role(models.TextChoices):
        CAPTAIN = "captain", "Captain"
        MEMBER = "member", "Member"

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
                violation_error_message="This person is in the team already.",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=True)
                | models.Q(left_at__gt=models.F("joined_at")),
                name="membership_joined_before_left",
                violation_error_message="A person leaves a team after joining it.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox ships no types
    """A named token for the API and the client; only its digest is stored."""

    name = models.CharField(max_length=60, default="token", help_text="What uses this token.")

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"
