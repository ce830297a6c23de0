"""Another round like one that was: rules and metrics, and as much else as is asked for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

from django.db import models, transaction

from accounts import audit
from accounts.models import User
from challenges.errors import CloneRefused, NotOrganizer
from challenges.models import Round, RoundFile, RoundMetric, Target, TargetWindow, Track
from challenges.selectors import can_organize, counting_targets
from challenges.services.files import add_round_file
from challenges.services.references import open_references, set_reference

logger = logging.getLogger(__name__)

# Everything else of a row is a rule and is copied, so that a rule added later is not forgotten.
NOT_RULES: Mapping[type[models.Model], frozenset[str]] = {
    Round: frozenset(
        {"id", "slug", "title", "opens_at", "closes_at", "published_at", "revealed_at",
         "finalized_at", "design", "design_sha256", "created_at", "target_set"}
    ),
    RoundMetric: frozenset({"id", "round"}),
    Track: frozenset({"id", "round"}),
    TargetWindow: frozenset({"id", "target", "track"}),
    Target: frozenset({"id", "round", "cancelled_at", "cancel_reason", "commentary"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CloneWish:
    """What the new round is called, when it opens, and what else comes along."""

    slug: str
    title: str
    opens_at: datetime
    files: bool = True
    targets: bool = False
    answers: bool = False
    tracks: bool = True
    providers: bool = True  # with the targets


@transaction.atomic
def clone_round(round: Round, wish: CloneWish, *, by: User) -> Round:
    """Make a draft with the rules of `round`; all dates move by as much as the opening does.

    Entries, scores, announcements and disputes never come along; answers only if asked for,
    and that they were opened is recorded.

    Raises
    ------
    NotOrganizer
        If `by` does not organize the challenge.
    CloneRefused
        If the address is taken, or answers are wished for without their targets, or without
        who provided them: somebody who knows an answer would be ranked on it.
    """
    if not can_organize(by, round.challenge):
        raise NotOrganizer(f"{by.username} does not organize {round.challenge}.")
    if wish.answers and not wish.targets:
        raise CloneRefused("Answers belong to targets.", "Ask for the targets too.")
    if (
        wish.answers
        and not wish.providers
        and (counting_targets(round).filter(providers__isnull=False).exists())
    ):
        raise CloneRefused(
            "Who provided a target knows its answer.",
            "Take the providers along with the answers, or neither.",
        )
    if Round.objects.filter(challenge=round.challenge_id, slug=wish.slug).exists():
        raise CloneRefused(
            f"The challenge has a round with the address {wish.slug}.", "Choose another address."
        )
    shift = wish.opens_at - round.opens_at
    made = Round.objects.create(
        **_rules(round, shift=shift),
        slug=wish.slug,
        title=wish.title,
        opens_at=wish.opens_at,
        closes_at=round.closes_at + shift,
        # Another set of targets has other makers, and their own name.
        target_set=round.target_set if wish.targets else None,
    )
    made.offered_data.set(round.offered_data.all())
    for metric in RoundMetric.objects.filter(round=round):
        RoundMetric.objects.create(round=made, **_rules(metric, shift=shift))
    for track in Track.objects.filter(round=round) if wish.tracks else ():
        Track.objects.create(round=made, **_rules(track, shift=shift))
    targets = _targets(round, made, shift=shift, wish=wish) if wish.targets else {}
    if wish.answers:
        _answers(round, targets, by=by)
    if wish.files:
        _files(round, made, targets=targets, by=by, shift=shift)
    logger.info("cloned round=%s into=%s by=%s", round.pk, made.pk, by.pk)
    audit.record(
        audit.Act.ADMIN, made, by=by, challenge=made.challenge_id, reason=f"Clone of {round.slug}."
    )
    return made


def _rules(row: models.Model, *, shift: timedelta) -> dict[str, Any]:
    """Return what is copied of a row, its dates moved."""
    left_out = NOT_RULES[type(row)]
    names = [field.name for field in row._meta.concrete_fields if field.name not in left_out]
    values = {name: getattr(row, name) for name in names}
    return {
        name: value + shift if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _targets(round: Round, made: Round, *, shift: timedelta, wish: CloneWish) -> dict[str, Target]:
    """Copy targets with their dates in single tracks, and who provided them and so knows them."""
    found = {}
    tracks = {track.slug: track for track in Track.objects.filter(round=made)}
    for target in counting_targets(round).prefetch_related("windows__track", "providers"):
        copy = Target.objects.create(round=made, **_rules(target, shift=shift))
        for window in target.windows.all() if wish.tracks else ():
            facts = _rules(window, shift=shift)
            TargetWindow.objects.create(target=copy, track=tracks[window.track.slug], **facts)
        copy.providers.set(target.providers.all() if wish.providers else ())
        found[target.slug] = copy
    return found


def _answers(round: Round, targets: Mapping[str, Target], *, by: User) -> None:
    with open_references(round=round, purpose="clone", subject=by.username) as handles:
        for slug, handle in handles.items():
            set_reference(target=targets[slug], values=handle, by=by)


def _files(
    round: Round, made: Round, *, targets: Mapping[str, Target], by: User, shift: timedelta
) -> None:
    for file in RoundFile.objects.filter(round=round).select_related("target"):
        if file.target is not None and file.target.slug not in targets:
            continue  # the input of a target that did not come along
        with file.file.open("rb") as content:
            add_round_file(
                made,
                name=file.name,
                content=cast(BinaryIO, content),
                target=targets[file.target.slug] if file.target else None,
                description=file.description,
                released_at=file.released_at and file.released_at + shift,
                by=by,
            )
