"""What organizers do before a demo or a replay: people, charters, rounds, references.

Through the same services as the admin and the bundle import. Needs Django set up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np
from django.db import transaction
from django.utils import timezone

from accounts.models import Team, User
from accounts.services import create_person, create_team
from catalog.models import Artifact, Contribution
from catalog.services import Share, confirm_share, register_artifact, set_shares
from challenges.management.commands.setup_roles import setup_roles
from challenges.models import Challenge, ChallengeRole, Round, RoundMetric, RoundState, Target
from challenges.services.bundles import import_bundle
from challenges.services.references import set_reference
from challenges.services.rounds import close_round_now, publish_round, reveal_round
from demo.bundles import BURGERS, DIGITS, write_burgers, write_digits
from demo.cases import Case
from demo.cast import ORGANIZER, PEOPLE, TEAMS


def stage_demo(bundles: Path, passwords: Mapping[str, str]) -> None:
    """Set up the demo's people, teams and challenges, and open its rounds.

    What is there already is left as it is, so that a second demo goes on where the first ended.
    """
    for each in PEOPLE:
        if not User.objects.filter(username=each.username).exists():
            create_person(
                username=each.username,
                password=passwords[each.username],
                display_name=each.display_name,
                affiliation=each.affiliation,
                is_staff=each.is_staff,
            )
    organizer = User.objects.get(username=ORGANIZER)
    organizer.groups.add(setup_roles())
    for team in TEAMS:
        if not Team.objects.filter(slug=team.slug).exists():
            members = [User.objects.get(username=name) for name in team.members]
            create_team(name=team.name, slug=team.slug, members=members)
    now = timezone.now()
    for slug, write in ((BURGERS, write_burgers), (DIGITS, write_digits)):
        if not Challenge.objects.filter(slug=slug).exists():
            import_bundle(write(bundles / slug, now=now), by=organizer)
    _confirm_shares()
    for round_ in Round.objects.filter(challenge__slug__in=[BURGERS, DIGITS], published_at=None):
        publish_round(round_, by=organizer)


def _confirm_shares() -> None:
    """Let everybody of the demo confirm their shares, as they would on their own page."""
    waiting = Contribution.objects.filter(
        person__username__in=[each.username for each in PEOPLE], confirmed_at__isnull=True
    )
    for contribution in waiting.select_related("person", "artifact"):
        if contribution.person is not None:
            confirm_share(contribution, by=contribution.person)


def end_round(name: str) -> None:
    """Close a round now and reveal its answers, as its organizer; nothing if it is revealed."""
    challenge, _, slug = name.partition("/")
    organizer = User.objects.get(username=ORGANIZER)
    round_ = Round.objects.get(challenge__slug=challenge, slug=slug)
    if round_.state == RoundState.OPEN:
        close_round_now(round_, by=organizer)
    if round_.state == RoundState.CLOSED:
        _confirm_shares()
        reveal_round(round_, by=organizer)


def is_revealed(name: str) -> bool:
    """Tell whether a round's answers are revealed."""
    challenge, _, slug = name.partition("/")
    round_ = Round.objects.get(challenge__slug=challenge, slug=slug)
    return round_.revealed_at is not None


@transaction.atomic
def stage_case(case: Case, *, username: str, password: str) -> str:
    """Set up and open the round of a case; return its name, challenge/round.

    A second call opens another round of the same challenge: each replay starts from nothing.
    """
    organizer = User.objects.filter(username=username).first() or create_person(
        username=username, password=password
    )
    organizer.set_password(password)
    organizer.save(update_fields=["password"])
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
            "domain_primer": "The publications of the original round introduce its field.",
            "ml_primer": "The metrics are those of the original round; their pages explain them.",
            "data_statement": "The published answers of the original round.",
            "ethics": "Nothing is published here that the original round did not publish.",
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
        embargo="None: everything is published already.",
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
