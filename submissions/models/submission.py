"""One upload of a team for a round, and the states it goes through."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from catalog.models import Artifact
from challenges.models import Round, Track

CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without look-alikes, easy to read aloud


def new_code() -> str:
    """Return a public id: eight characters, about 39 bits, unguessable enough to not be counted."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(8))


def upload_storage() -> Storage:
    """Return the private storage area of uploads."""
    return storages["uploads"]


class SubmissionState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SCORED = "scored", _("Scored")
    REJECTED = "rejected", _("Rejected")
    FAILED = "failed", _("Failed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# The only moves there are. Every move is one conditional UPDATE that checks it changed one row.
NEXT: dict[SubmissionState, frozenset[SubmissionState]] = {
    SubmissionState.QUEUED: frozenset(
        {SubmissionState.RUNNING, SubmissionState.FAILED, SubmissionState.WITHDRAWN}
    ),
    SubmissionState.RUNNING: frozenset(
        {
            SubmissionState.RUNNING,  # the lease ran out and another worker took over
            SubmissionState.QUEUED,
            SubmissionState.SCORED,
            SubmissionState.REJECTED,
            SubmissionState.FAILED,
            SubmissionState.WITHDRAWN,
        }
    ),
    SubmissionState.SCORED: frozenset({SubmissionState.QUEUED, SubmissionState.WITHDRAWN}),
    SubmissionState.REJECTED: frozenset({SubmissionState.WITHDRAWN}),
    SubmissionState.FAILED: frozenset({SubmissionState.QUEUED, SubmissionState.WITHDRAWN}),
    SubmissionState.WITHDRAWN: frozenset(),
}


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def move(
        self, *, pk: int, source: SubmissionState, target: SubmissionState, **fields: object
    ) -> bool:
        """Change the state of one row if it still is `source`; False means another was first."""
        if target not in NEXT[source]:
            raise ValueError(f"no move from {source} to {target}")
        return self.filter(pk=pk, state=source).update(state=target, **fields) == 1

    def scored(self) -> SubmissionQuerySet:
        return self.filter(state=SubmissionState.SCORED)

    def unfinished(self) -> SubmissionQuerySet:
        return self.filter(state__in=[SubmissionState.QUEUED, SubmissionState.RUNNING])


class Submission(models.Model):
    """Predictions of one team for one or more targets of a round, made with one method."""

    class EntryKind(models.TextChoices):
        PARTICIPANT = "participant", _("Participant")
        BASELINE = "baseline", _("Baseline")
        REFERENCE = "reference", _("Reference")
        LATE = "late", _("Late")
        ORGANIZER = "organizer", _("Organizer")
        CONSENSUS = "consensus", _("Consensus")  # made by the platform alone

        @classmethod
        def by_people(cls) -> list[tuple[str, Any]]:
            """Return the kinds that a person may choose, as choices."""
            return [each for each in cls.choices if each[0] != cls.CONSENSUS.value]

    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="submissions")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="submissions")
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="submissions"
    )
    method = models.ForeignKey(
        Artifact,
        on_delete=models.PROTECT,
        related_name="submissions",
        help_text="The model that made the predictions; its lineage is what they were built on.",
    )
    entry_kind = models.CharField(
        max_length=12, choices=EntryKind, default=EntryKind.PARTICIPANT, db_index=True
    )
    track = models.ForeignKey(
        Track,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="submissions",
        help_text="Empty where the round has no tracks.",
    )
    model_index = models.PositiveSmallIntegerField(
        default=1, help_text="Which of the team's models it is; 1 is its first choice."
    )
    note = models.CharField(max_length=300, blank=True)
    idempotency_key = models.CharField(max_length=80, blank=True, editable=False)
    # Empty where a release that did not know it took the file.
    request_id = models.CharField(  # noqa: DJ001
        max_length=64, null=True, editable=False, help_text="Found in the logs of web and worker."
    )

    received_at = models.DateTimeField(help_text="When the upload started; deadlines look at this.")
    file = models.FileField(storage=upload_storage, max_length=200, editable=False)
    file_name = models.CharField(max_length=200, help_text="As named by the sender; never a path.")
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    answered = models.JSONField(default=list, help_text="Targets with a readable prediction.")
    file_metadata = models.JSONField(default=dict, blank=True, help_text="Said in the file itself.")

    state = models.CharField(max_length=10, choices=SubmissionState, default=SubmissionState.QUEUED)
    queued_at = models.DateTimeField(default=timezone.now)
    attempt = models.PositiveIntegerField(default=0)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="When a worker last took it; the turn-taking looks at it."
    )
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="A repeated attempt waits until then."
    )
    priority = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Set by operators: the higher is taken first in the turn of its challenge.",
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Told to the team.")
    problems = models.JSONField(default=list, blank=True)
    organizer_note = models.TextField(blank=True, help_text="Told to organizers only.")

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["submitted_by", "idempotency_key"],
                condition=~models.Q(idempotency_key=""),
                name="submission_idempotency_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in SubmissionState]),
                name="submission_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="running")
                | (models.Q(lease_until__isnull=False) & ~models.Q(lease_token="")),
                name="submission_running_has_lease",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running"])
                | models.Q(finished_at__isnull=False),
                name="submission_finished_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(model_index__gte=1), name="submission_model_from_one"
            ),
        ]
        indexes = [
            models.Index(
                fields=["queued_at"],
                condition=models.Q(state__in=["queued", "running"]),
                name="submission_unfinished",
            ),
            models.Index(fields=["round", "state"], name="submission_by_round"),
            models.Index(
                fields=["round", "queued_at"],
                condition=models.Q(state__in=["queued", "running"]),
                name="submission_turn_of_round",
            ),
            models.Index(
                fields=["team", "round", "queued_at"],
                condition=models.Q(state__in=["queued", "running"]),
                name="submission_turn_of_team",
            ),
            models.Index(
                fields=["priority"],
                condition=models.Q(priority__isnull=False),
                name="submission_put_first",
            ),
            models.Index(
                fields=["claimed_at"],
                condition=models.Q(claimed_at__isnull=False),
                name="submission_by_turn",
            ),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(finished_at__isnull=False),
                name="submission_by_end",
            ),
        ]

    def __str__(self) -> str:
        return f"submission {self.code}"

    def get_absolute_url(self) -> str:
        return reverse("pages:submission", args=[self.code])

    @property
    def is_finished(self) -> bool:
        return self.state not in {SubmissionState.QUEUED, SubmissionState.RUNNING}


entry_kinds_by_people = Submission.EntryKind.by_people  # where only a name in a module will do
