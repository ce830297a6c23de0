"""What organizers do before a demo or a replay: people, charters, rounds, references.

Through the same services as the admin and the bundle import. Needs Django set up.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from django.db import transaction
from django.utils import timezone

from accounts.models import Team, User
from accounts.services import create_person, create_team
from catalog.models import Artifact
from catalog.services import Share, register_artifact, set_shares
from challenges.models import Challenge, ChallengeRole, Round, RoundMetric, Target
from challenges.services.references import set_reference
from challenges.services.rounds import publish_round
from demo.cases import Case


def person(username: str, password: str, **facts: str | bool) -> User:
    """Return the person of this name, made now if there is none; the password is set anew."""
    found = User.objects.filter(username=username).first()
    if found is None:
        return create_person(username=username, password=password, **facts)  # type: ignore[arg-type]
    found.set_password(password)
    found.save(update_fields=["password"])
    return found


@transaction.atomic
def stage_case(case: Case, *, username: str, password: str) -> str:
    """Set up and open the round of a case; return its name, challenge/round.

    A second call opens another round of the same challenge: each replay starts from nothing.
    """
    organizer = person(username, password)
    for slug in sorted({entry.team_slug for entry in case.entries}):
        if not Team.objects.filter(slug=slug).exists():
            create_team(name=slug.replace("-", " ").title(), slug=slug, members=[organizer])
    challenge, _ = Challenge.objects.get_or_create(
        slug=case.slug,
        defaults={
            "title": case.title,
            "summary": f"{case.title}, held again from its published files."[:300],
            "domain_question": "As asked by the original round; see the case description.",
            "ml_task": "As set by the original round; see the case description.",
            "data_statement": "The published answers of the original round.",
            "licence": "CC-BY-4.0",
        },
    )
    ChallengeRole.objects.get_or_create(
        challenge=challenge, user=organizer, role=ChallengeRole.Role.OWNER
    )
    round_ = _round(case, challenge, _target_set(case, organizer))
    _targets(case, round_, organizer)
    _metrics(case, round_)
    publish_round(round_, by=organizer)
    return f"{challenge.slug}/{round_.slug}"


def _target_set(case: Case, organizer: User) -> Artifact:
    slug = f"{case.slug}-targets"
    found = Artifact.objects.filter(slug=slug).first()
    if found is not None:
        return found
    made = register_artifact(
        kind=Artifact.Kind.TARGET_SET,
        slug=slug,
        version="1",
        title=f"{case.title}: answers",
        summary="The published answers of the original round.",
        by=organizer,
        origin=Artifact.Origin.ORIGINAL,
        licence="CC-BY-4.0",
        is_stub=True,
    )
    set_shares(made, [Share(name="The original round's data providers", share_bp=10_000, roles=())])
    return made


def _round(case: Case, challenge: Challenge, target_set: Artifact) -> Round:
    now = timezone.now()
    return Round.objects.create(
        challenge=challenge,
        slug=f"replay-{challenge.rounds.count() + 1}",
        title=f"Replay {challenge.rounds.count() + 1}",
        task="The files of the original round, as received.",
        opens_at=now,
        closes_at=now + timedelta(days=1),
        reader=case.prediction_format.reader,
        reader_options=dict(case.prediction_format.options),
        submissions_per_day=max(1000, len(case.entries)),
        missing_policy=case.rules.get("missing_policy", "incomplete"),
        tie_tolerance=float(case.rules.get("tie_tolerance", 0.0)),
        target_set=target_set,
    )


def _targets(case: Case, round_: Round, organizer: User) -> None:
    for position, spec in enumerate(case.targets):
        target = Target.objects.create(
            round=round_,
            slug=spec.slug,
            position=position,
            summary=f"{spec.slug} of the original round, described where it was published.",
            shape=list(spec.shape),
            low=spec.low,
            high=spec.high,
            weight=spec.weight,
        )
        set_reference(target=target, values=np.array(case.references[spec.slug]), by=organizer)


def _metrics(case: Case, round_: Round) -> None:
    for position, choice in enumerate(case.metrics):
        RoundMetric.objects.create(
            round=round_,
            key=choice.key,
            label=choice.key.upper(),
            metric=choice.slug,
            version=choice.version,
            parameters=dict(choice.parameters),
            aggregate=choice.aggregate.value,
            is_primary=choice.key == case.primary,
            position=position,
        )
