"""A round that lacks nothing, made through the services that organizers use."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from accounts.models import User
from accounts.services import create_person
from catalog.models import Artifact
from catalog.services import Share, register_artifact, set_shares
from challenges.models import Challenge, ChallengeRole, Round, RoundMetric, Target
from challenges.services.files import add_round_file
from challenges.services.references import set_reference

ANSWERS = {"t1": 1.23456789012345, "t2": -77.7654321012345, "t3": 0.00314159265358}


def person(username: str, **fields: Any) -> User:
    return create_person(username=username, password="correct horse", **fields)


def draft_challenge(organizer: User, *, slug: str = "numbers") -> Challenge:
    challenge = Challenge.objects.create(
        slug=slug,
        title="Numbers",
        summary="Three numbers to predict.",
        domain_question="Which numbers are they, and why?",
        ml_task="Predict three numbers.",
        domain_primer="A number is what one counts with.",
        ml_primer="The error is the distance from the number.",
        data_statement="Counted twice.",
        ethics="No risk known.",
        licence="CC-BY-4.0",
    )
    ChallengeRole.objects.create(challenge=challenge, user=organizer, role="owner")
    return challenge


def target_set(by: User, *, slug: str = "numbers-targets") -> Artifact:
    artifact = register_artifact(
        kind="target-set",
        slug=slug,
        version="1",
        title="Numbers",
        summary="Three numbers.",
        by=by,
        origin="original",
    )
    set_shares(artifact, [Share(person=by, confirmed=True)])
    return artifact


def draft_round(organizer: User, *, slug: str = "first", **fields: Any) -> Round:
    """Make a draft of three scalar targets, ready to be published."""
    challenge = Challenge.objects.filter(slug="numbers").first() or draft_challenge(organizer)
    now = timezone.now()
    facts: dict[str, Any] = {
        "title": "First round",
        "task": "Predict the numbers.",
        "embargo": "Nothing is held back.",
        "opens_at": now + timedelta(hours=1),
        "closes_at": now + timedelta(days=7),
        "reader": "csv",
        "target_set": target_set(organizer, slug=f"{challenge.slug}-{slug}"),
    }
    round_ = Round.objects.create(challenge=challenge, slug=slug, **(facts | fields))
    for position, (name, answer) in enumerate(ANSWERS.items()):
        target = Target.objects.create(round=round_, slug=name, position=position)
        set_reference(target=target, values=np.array(answer), by=organizer)
    RoundMetric.objects.create(round=round_, key="error", metric="absolute_error", is_primary=True)
    hints = io.BytesIO(b"target,hint\nt1,small\n")
    add_round_file(round_, name="inputs.csv", content=hints, by=organizer)
    return round_


def move_clock(round_: Round, **shift: float) -> Round:
    """Move all dates of a round into the past by this much, as if that time had gone by."""
    by = timedelta(**shift)
    fields = ["opens_at", "closes_at", "published_at", "revealed_at", "finalized_at"]
    moved = {name: getattr(round_, name) - by for name in fields if getattr(round_, name)}
    Round.objects.filter(pk=round_.pk).update(**moved)
    round_.refresh_from_db()
    return round_
