"""Rows for tests: plain functions, each giving a whole, valid thing and nothing else.

Names are numbered, so that any function can be called any number of times. A factory takes
what the test is about as keywords and leaves the rest ordinary.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import Membership, Team, User
from catalog.models import Artifact, Contribution
from challenges.models import Challenge, ChallengeRole, Reference, Round, RoundMetric, Target
from submissions.models import Score, ScoringRun, Submission, SubmissionState

_numbers = itertools.count(1)


def number() -> int:
    """Return the next number of this test process."""
    return next(_numbers)


def make_user(username: str = "", **fields: Any) -> User:
    """Make a person with the password "correct horse"."""
    username = username or f"person{number()}"
    return User.objects.create_user(username, password="correct horse", **fields)


def make_team(*members: User, name: str = "", slug: str = "") -> Team:
    """Make a team of these people, or of one new person."""
    name = name or f"Team {number()}"
    team = Team.objects.create(name=name, slug=slug or name.lower().replace(" ", "-"))
    for member in members or (make_user(),):
        Membership.objects.create(team=team, user=member)
    return team


def member_of(team: Team) -> User:
    """Return the team's first member."""
    return team.memberships.order_by("pk").select_related("user")[0].user


def make_challenge(*organizers: User, slug: str = "", **fields: Any) -> Challenge:
    """Make a published challenge with these organizers, or a new one."""
    slug = slug or f"challenge-{number()}"
    facts = {
        "title": slug.replace("-", " ").capitalize(),
        "summary": "A question for tests.",
        "domain_question": "What happens?",
        "ml_task": "Predict it.",
        "licence": "CC-BY-4.0",
        "published_at": timezone.now(),
    }
    challenge = Challenge.objects.create(slug=slug, **(facts | fields))
    for organizer in organizers or (make_user(),):
        ChallengeRole.objects.create(challenge=challenge, user=organizer)
    return challenge


def organizer_of(challenge: Challenge) -> User:
    """Return the challenge's first organizer."""
    return challenge.roles.order_by("pk").select_related("user")[0].user


def make_round(
    challenge: Challenge | None = None,
    *,
    targets: Sequence[str] = ("t1", "t2", "t3"),
    shape: Sequence[int] = (),
    values: Mapping[str, Any] | None = None,
    published: bool = True,
    **fields: Any,
) -> Round:
    """Make an open round of targets with references, scored by absolute error.

    `values` gives the answers of the targets; without it target i (from 1) has the answer i
    everywhere. `targets=()` makes a bare round.
    """
    now = timezone.now()
    facts: dict[str, Any] = {
        "slug": f"round-{number()}",
        "title": "A round",
        "task": "Predict the numbers.",
        "opens_at": now - timedelta(hours=1),
        "closes_at": now + timedelta(days=1),
    }
    if published:
        facts |= {"published_at": now - timedelta(hours=2), "design_sha256": "0" * 64}
    round_ = Round.objects.create(challenge=challenge or make_challenge(), **(facts | fields))
    for place, slug in enumerate(targets, 1):
        answer = (values or {}).get(slug, np.full(tuple(shape), float(place)))
        make_target(round_, slug, value=answer, position=place)
    make_metric(round_, is_primary=True)
    return round_


def make_target(round_: Round, slug: str, *, value: Any = None, **fields: Any) -> Target:
    """Make a target; with `value` it gets its shape and a reference from it."""
    if value is not None:
        fields.setdefault("shape", list(np.shape(value)))
    target = Target.objects.create(round=round_, slug=slug, **fields)
    if value is not None:
        make_reference(target, value)
    return target


def make_reference(target: Target, value: Any, **fields: Any) -> Reference:
    """Store an answer as the target's current reference."""
    content = npy_bytes(value)
    digest = hashlib.sha256(content).hexdigest()
    facts: dict[str, Any] = {
        "size_bytes": len(content),
        "sha256": digest,
        "shape": list(np.shape(value)),
        "salt": secrets.token_hex(32),
        "commitment": digest,
        "created_by": organizer_of(target.round.challenge),
    }
    reference = Reference(target=target, **(facts | fields))
    reference.file.save(f"{secrets.token_hex(16)}.npy", ContentFile(content), save=False)
    reference.save()
    return reference


def make_metric(round_: Round, key: str = "error", **fields: Any) -> RoundMetric:
    """Choose a metric for a round: absolute error, unless told otherwise."""
    facts: dict[str, Any] = {"metric": "absolute_error", "position": round_.metrics.count()}
    return RoundMetric.objects.create(round=round_, key=key, **(facts | fields))


def make_artifact(
    *, kind: str = Artifact.Kind.DATASET, people: Sequence[User] = (), **fields: Any
) -> Artifact:
    """Make an artifact whose confirmed, sealed shares are spread evenly over `people`."""
    people = list(people) or [make_user()]
    slug = fields.pop("slug", f"{kind}-{number()}")
    facts: dict[str, Any] = {"title": slug, "summary": "Made for a test. Good for nothing else."}
    artifact = Artifact.objects.create(
        kind=kind, slug=slug, registered_by=people[0], **(facts | fields)
    )
    share, rest = divmod(10_000, len(people))
    for place, person in enumerate(people):
        Contribution.objects.create(
            artifact=artifact,
            person=person,
            share_bp=share + (place < rest),
            confirmed_at=timezone.now(),
        )
    Artifact.objects.filter(pk=artifact.pk).update(shares_sealed=True)
    artifact.shares_sealed = True
    return artifact


def make_method(team: Team, **fields: Any) -> Artifact:
    """Make the model artifact of a team."""
    people = [membership.user for membership in team.memberships.select_related("user")]
    return make_artifact(kind=Artifact.Kind.MODEL, people=people, team=team, **fields)


def make_submission(
    round_: Round | None = None,
    team: Team | None = None,
    *,
    state: str = SubmissionState.QUEUED,
    content: bytes | None = None,
    received_at: datetime | None = None,
    **fields: Any,
) -> Submission:
    """Make a submission in a state; without `content` it answers every target with 0."""
    round_ = round_ or make_round()
    team = team or make_team()
    if content is None:
        targets = round_.targets.all()
        content = npz_bytes({t.slug: np.zeros(tuple(t.shape)) for t in targets})
    facts: dict[str, Any] = {
        "submitted_by": member_of(team),
        "method": fields.pop("method", None) or make_method(team),
        "received_at": received_at or timezone.now(),
        "file_name": "prediction.npz",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "answered": [target.slug for target in round_.targets.all()],
    }
    if state == SubmissionState.RUNNING:
        lease_until = timezone.now() + timedelta(minutes=1)
        facts |= {"lease_token": secrets.token_hex(16), "lease_until": lease_until, "attempt": 1}
    elif state != SubmissionState.QUEUED:
        facts["finished_at"] = timezone.now()
    submission = Submission(round=round_, team=team, state=state, **(facts | fields))
    submission.file.save(f"{secrets.token_hex(16)}.bin", ContentFile(content), save=False)
    submission.save()
    return submission


def make_run(
    submission: Submission,
    values: Mapping[str, float | None] | None = None,
    *,
    key: str = "error",
    **fields: Any,
) -> ScoringRun:
    """Make a current run of a submission: `values` of metric `key` by target slug.

    None is a missing value. Scores of further metrics are added with `make_score`.
    """
    now = timezone.now()
    facts: dict[str, Any] = {
        "number": submission.runs.count() + 1,
        "attempt": 1,
        "reference_versions": {target.slug: 1 for target in submission.round.targets.all()},
        "metric_versions": {},
        "engine_version": "1",
        "worker": "test",
        "started_at": now,
        "finished_at": now,
    }
    submission.runs.filter(is_current=True).update(is_current=False)
    run = ScoringRun.objects.create(submission=submission, **(facts | fields))
    for slug, value in (values or {}).items():
        make_score(run, target=slug, key=key, value=value)
    return run


def make_score(
    run: ScoringRun, *, value: float | None, target: str | None = None, key: str = "error"
) -> Score:
    """Add one score to a run; no target is a pooled metric, no value a missing one."""
    round_ = run.submission.round
    return Score.objects.create(
        run=run,
        target=round_.targets.get(slug=target) if target else None,
        metric=round_.metrics.get(key=key),
        status=Score.Status.MISSING if value is None else Score.Status.OK,
        value=value,
    )


def make_scored(
    round_: Round, values: Mapping[str, float | None], *, team: Team | None = None, **fields: Any
) -> Submission:
    """Make a scored submission with these values of the primary metric by target."""
    submission = make_submission(round_, team, state=SubmissionState.SCORED, **fields)
    primary = round_.metrics.get(is_primary=True)
    make_run(submission, values, key=primary.key)
    return submission


def npy_bytes(value: Any) -> bytes:
    """Return the bytes of a `.npy` file."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(value, dtype=float), allow_pickle=False)
    return buffer.getvalue()


def npz_bytes(arrays: Mapping[str, Any]) -> bytes:
    """Return the bytes of a `.npz` prediction file."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{k: np.asarray(v, float) for k, v in arrays.items()})
    return buffer.getvalue()
