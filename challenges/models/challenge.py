"""The scientific question and its charter."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from catalog.licences import validate_licence


@dataclass(frozen=True, slots=True)
class Topic:
    """A field of science or of method, by which challenges are found."""

    slug: str
    name: str


class Challenge(models.Model):
    """A question with both halves: why a domain expert asks it, what an ML person optimises."""

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=160)
    summary = models.CharField(max_length=300, help_text="One sentence for the list of challenges.")
    topics = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Fields of science and of method, in small letters with commas between them: "
        "fluid dynamics, surrogate models. Visitors look for challenges by them.",
    )
    domain_question = models.TextField(
        help_text="The domain half. What does science want to know, and why? Markdown."
    )
    ml_task = models.TextField(
        "machine-learning task",
        help_text="The ML half. What goes in, what comes out, what is measured and why? Markdown.",
    )
    domain_primer = models.TextField(
        blank=True,
        help_text="What an ML person must know of the field: its words, its data, what an error "
        "means there. Markdown.",
    )
    ml_primer = models.TextField(
        "machine-learning primer",
        blank=True,
        help_text="What a domain expert must know of the methods: what a score says and what it "
        "does not. Markdown.",
    )
    data_statement = models.TextField(
        blank=True,
        help_text="Where the held-out answers come from and how good they are. Markdown.",
    )
    ethics = models.TextField(blank=True, help_text="Risks, consent, limits of use. Markdown.")
    words = models.TextField(
        "words of this challenge",
        blank=True,
        default="",
        db_default="",
        help_text="Words that mean something of their own here, one on each line: the word, a "
        "colon and its meaning. The charter links to them; words that all challenges share are "
        "in the site's glossary.",
    )
    licence = models.CharField(
        max_length=100,
        blank=True,
        validators=[validate_licence],
        help_text="Licence of the released inputs and, after the reveal, the answers (SPDX).",
    )
    scoring_slots = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many of its submissions may be scored at the same time; empty: no limit "
        "but the number of workers.",
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="ChallengeRole", related_name="challenges"
    )

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("pages:challenge", args=[self.slug])

    @property
    def topic_list(self) -> list[Topic]:
        """Return the topics, each once."""
        names = (" ".join(name.split()) for name in self.topics.split(","))
        found = {slugify(name): Topic(slugify(name), name) for name in names if slugify(name)}
        return list(found.values())


class ChallengeRole(models.Model):
    """What a person may do in a challenge."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        ORGANIZER = "organizer", _("Organizer")
        ASSESSOR = "assessor", _("Assessor")

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="roles")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="challenge_roles"
    )
    role = models.CharField(max_length=10, choices=Role, default=Role.ORGANIZER)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["challenge", "user", "role"],
                name="challenge_role_once",
                violation_error_message="This person has this role already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"
