"""Importing a bundle: all of it in one transaction, or nothing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.db import transaction

from accounts.models import User
from catalog.models import Artifact
from challenges.errors import NotOrganizer
from challenges.models import Challenge, ChallengeRole, Round
from challenges.selectors import can_give_roles, can_organize
from challenges.services.bundles.apply_artifacts import apply_artifact
from challenges.services.bundles.apply_rounds import apply_draft
from challenges.services.bundles.fields import update
from challenges.services.bundles.plan import ArtifactKey, BundlePlan, ChallengePlan
from challenges.services.bundles.read import read_bundle
from heldout.bundle.progress import Progress
from heldout.bundle.source import BundleSource, open_source

logger = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What the import did with a round."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    PUBLISHED = "published, so left as it is"


@dataclass(frozen=True, slots=True)
class ImportedRound:
    round: Round
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The challenge of a bundle and its rounds, in the order of the bundle."""

    challenge: Challenge
    rounds: tuple[ImportedRound, ...]


def import_bundle(path: str | Path, *, by: User) -> Round:
    """Import a bundle and return its first round; see `import_whole_bundle`."""
    return import_whole_bundle(path, by=by).rounds[0].round


def import_whole_bundle(
    path: str | Path, *, by: User, progress: Progress | None = None
) -> ImportReport:
    """Import a challenge with its artifacts and rounds from a folder or zip archive.

    Importing the same content again changes nothing. Drafts become what the bundle says; a
    published round, and the charter of a published challenge, stay as they are.

    Raises
    ------
    BundleError
        With every problem found, each with its file and line. Nothing is changed then.
    NotOrganizer
        If the challenge is there already and `by` has no role in it.
    """
    with open_source(Path(path), progress=progress) as source:
        plan = read_bundle(source, by=by)
        with transaction.atomic():
            report = _apply(plan, source=source, by=by)
    for item in report.rounds:
        logger.info("imported round=%s outcome=%s by=%s", item.round.pk, item.outcome, by.pk)
    return report


def _apply(plan: BundlePlan, *, source: BundleSource, by: User) -> ImportReport:
    challenge = _challenge(plan.challenge, by=by)
    there: dict[ArtifactKey, Artifact] = {}
    log = plan.challenge.section.log
    for item in plan.artifacts:
        artifact = apply_artifact(item, source=source, by=by, there=there)
        if artifact is not None:
            there[item.key] = artifact
    log.raise_if_any()
    rounds = []
    for draft in plan.rounds:
        known = Round.objects.filter(challenge=challenge, slug=draft.values["slug"]).first()
        if known is not None and known.is_frozen:
            rounds.append(ImportedRound(known, Outcome.PUBLISHED))
            continue
        made, changed = apply_draft(draft, challenge=challenge, source=source, by=by)
        outcome = Outcome.CREATED if known is None else Outcome.UPDATED
        rounds.append(ImportedRound(made, outcome if changed else Outcome.UNCHANGED))
    log.raise_if_any()
    return ImportReport(challenge, tuple(rounds))


def _challenge(plan: ChallengePlan, *, by: User) -> Challenge:
    challenge = Challenge.objects.filter(slug=plan.values["slug"]).first()
    if challenge is None:
        challenge = Challenge.objects.create(**plan.values)
        ChallengeRole.objects.create(challenge=challenge, user=by, role=ChallengeRole.Role.OWNER)
    elif not can_organize(by, challenge):
        raise NotOrganizer(
            f"{by.username} does not organize the challenge {challenge.slug}.",
            "Ask one of its owners for a role, or give the new challenge another slug.",
        )
    elif challenge.published_at is None:
        update(challenge, plan.values)
    _give_roles(challenge, plan, by=by)
    return challenge


def _give_roles(challenge: Challenge, plan: ChallengePlan, *, by: User) -> None:
    rows = ChallengeRole.objects.filter(challenge=challenge)
    there = set(rows.values_list("user", "role"))
    new = [item for item in plan.roles if (item.user.pk, item.role) not in there]
    if new and not can_give_roles(by, challenge):
        names = ", ".join(item.user.username for item in new)
        raise NotOrganizer(
            f"{by.username} does not own the challenge {challenge.slug}, so gives no role in it.",
            f"Take {names} out of 'people', or ask one of its owners.",
        )
    for item in new:
        ChallengeRole.objects.get_or_create(challenge=challenge, user=item.user, role=item.role)
