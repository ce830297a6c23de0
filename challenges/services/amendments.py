"""Amendments: the only way a rule of a published round changes, and everybody can see it.

A published round keeps the design it was frozen with. Whatever changes a rule afterwards, an
organizer's decision, a cancelled target or a corrected answer, is done inside `amendment`, which
writes down what became different, why, by whom and when. The hashes form a chain, so that a row
left out or altered shows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.models import User
from challenges.errors import AmendmentRefused
from challenges.models import Round, RoundAmendment, RoundState, Track
from challenges.models.disclosure import DISCLOSURE_FIELDS
from challenges.services.design import design_of, sha256_of
from challenges.services.readiness import unmet_after_amending

logger = logging.getLogger(__name__)

LONGEST_REASON = 500
# Dates and limits may change while a round runs, because the world does. What decides ranks may
# change only until the first prediction can have come in.
WHILE_OPEN = (
    "closes_at",
    "grace_minutes",
    "submissions_per_day",
    "upload_limit_bytes",
    "embargo",
    "assessors_see_names_at",
)
BEFORE_OPENING = (
    "opens_at",
    "task",
    "design_items",
    "missing_policy",
    "missing_penalty",
    "tie_tolerance",
    "near_duplicate_percent",
    "perfect_value",
    "bootstrap_resamples",
    "upload_replaces",
    "models_per_target",
    "model_basis",
    *DISCLOSURE_FIELDS,
)
_AMENDING: ContextVar[frozenset[int]] = ContextVar("amending", default=frozenset())


@dataclass(frozen=True, slots=True)
class Change:
    """One rule that became different; None is a rule that was not there, or is not any more."""

    path: str  # "closes_at", "targets / u03 / cancelled"
    before: Any
    after: Any


def current_design(round: Round) -> tuple[dict[str, Any], str]:
    """Return the rules of a published round as they stand, and their hash."""
    last = RoundAmendment.objects.filter(round=round).order_by("number").last()
    if last is None:
        return round.design, round.design_sha256
    return last.design, last.design_sha256


def amendable_fields(round: Round) -> tuple[str, ...]:
    """Return the rules of a published round that an organizer may change now."""
    state = round.state
    if state is RoundState.UPCOMING:
        return (*WHILE_OPEN, *BEFORE_OPENING)
    return WHILE_OPEN if state is RoundState.OPEN else ()


@contextmanager
def amendment(round: Round, *, by: User, reason: str) -> Iterator[None]:
    """Write down what the block changes in the rules of a published round.

    The block runs in a transaction with the round's row locked. A draft has no rules to amend
    yet, so nothing is written for it, nor where nothing became different. Blocks inside each
    other make one amendment.

    Raises
    ------
    AmendmentRefused
        If rules of a published round changed and there is no reason.
    """
    if round.pk in _AMENDING.get():
        yield
        return
    token = _AMENDING.set(_AMENDING.get() | {round.pk})
    try:
        with transaction.atomic():
            locked = Round.objects.select_for_update().get(pk=round.pk)
            yield
            if locked.is_frozen:
                _write_down(Round.objects.get(pk=round.pk), by=by, reason=reason.strip())
    finally:
        _AMENDING.reset(token)


def amend_round(
    round: Round,
    values: Mapping[str, Any],
    *,
    by: User,
    reason: str,
    tracks: Mapping[str, Mapping[str, Any]] | None = None,
) -> Round:
    """Change rules of a published round, with a reason that everybody reads.

    Parameters
    ----------
    values : mapping of field name to new value
        Fields out of `amendable_fields`.
    tracks : mapping of track slug to fields and new values, optional
        Dates of single tracks, out of `amendable_track_fields`.

    Raises
    ------
    AmendmentRefused
        If a field may not change any more, a value is not accepted, or there is no reason.
    """
    with amendment(round, by=by, reason=reason):
        locked = Round.objects.get(pk=round.pk)
        _check(locked, values)
        for name, value in values.items():
            setattr(locked, name, value)
        _clean(locked)
        for slug, dates in (tracks or {}).items():
            _amend_track(locked, slug, dates)
        unmet = unmet_after_amending(locked, values)
        if unmet:
            raise AmendmentRefused(" ".join(unmet))
        locked.save(update_fields=list(values))
    round.refresh_from_db()
    return round


def amendable_track_fields(round: Round) -> tuple[str, ...]:
    """Return which dates of its tracks an organizer may change now."""
    state = round.state
    if state is RoundState.UPCOMING:
        return ("opens_at", "closes_at")
    return ("closes_at",) if state is RoundState.OPEN else ()


def _amend_track(round: Round, slug: str, dates: Mapping[str, Any]) -> None:
    track = Track.objects.filter(round=round, slug=slug).first()
    if track is None or not set(dates) <= set(amendable_track_fields(round)):
        raise AmendmentRefused(f"{round} has no track {slug} whose {', '.join(dates)} can change.")
    for name, moment in dates.items():
        if moment is not None and moment <= timezone.now():
            raise AmendmentRefused(
                f"{name} of {track} would be in the past.", "Choose a moment to come."
            )
        setattr(track, name, moment)
    _clean(track)
    track.save(update_fields=list(dates))


def _clean(row: Round | Track) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise AmendmentRefused(" ".join(error.messages)) from None


def changes_between(before: Any, after: Any, *, path: str = "") -> list[Change]:
    """Return what differs between two designs, rule by rule.

    Entries of lists are told apart by their slug, key or name, so that a target that is added
    does not make all others look changed.
    """
    if before == after:
        return []
    old, new = _by_name(before), _by_name(after)
    if old is None or new is None:
        return [Change(path, before, after)]
    return [
        change
        for name in dict.fromkeys([*old, *new])
        for change in changes_between(
            old.get(name), new.get(name), path=f"{path} / {name}" if path else name
        )
    ]


def chain_faults(round: Round) -> list[str]:
    """Return what is wrong with a round's chain of rules: nothing, if all of it holds."""
    faults = []
    previous, digest = round.design, round.design_sha256
    if sha256_of(previous) != digest:
        faults.append("the frozen rules do not have the hash that was published with them")
    for number, row in enumerate(RoundAmendment.objects.filter(round=round), 1):
        if row.number != number:
            faults.append(f"amendment {number} is missing")
        if row.previous_sha256 != digest:
            faults.append(f"amendment {row.number} does not follow the rules before it")
        if sha256_of(row.design) != row.design_sha256:
            faults.append(f"the rules of amendment {row.number} do not have its hash")
        if row.changes != [asdict(each) for each in changes_between(previous, row.design)]:
            faults.append(f"amendment {row.number} does not say what it changed")
        previous, digest = row.design, row.design_sha256
    if round.is_frozen and sha256_of(design_of(round)) != digest:
        faults.append("the rules in force are not those of the last amendment")
    return faults


def _check(round: Round, values: Mapping[str, Any]) -> None:
    if not round.is_frozen:
        raise AmendmentRefused(f"{round} is a draft.", "Change it directly; nothing is frozen.")
    allowed = amendable_fields(round)
    for name in values:
        if name not in allowed:
            now = round.state.label.lower()
            raise AmendmentRefused(
                f"{name} cannot change any more: the round is {now}.",
                "What decides ranks is fixed once predictions can come in."
                if name in BEFORE_OPENING
                else "",
            )
    for name in ("opens_at", "closes_at"):
        if name in values and values[name] <= timezone.now():
            raise AmendmentRefused(f"{name} would be in the past.", "Choose a moment to come.")


def _write_down(round: Round, *, by: User, reason: str) -> RoundAmendment | None:
    before, previous_sha256 = current_design(round)
    after = design_of(round)
    changes = changes_between(before, after)
    if not changes:
        return None
    if not reason or len(reason) > LONGEST_REASON:
        raise AmendmentRefused(
            f"A change of published rules needs a reason of up to {LONGEST_REASON} characters.",
            "It is shown to everyone, with what changed.",
        )
    row = RoundAmendment.objects.create(
        round=round,
        number=RoundAmendment.objects.filter(round=round).count() + 1,
        made_by=by,
        reason=reason,
        changes=[asdict(change) for change in changes],
        design=after,
        design_sha256=sha256_of(after),
        previous_sha256=previous_sha256,
    )
    logger.info("amended round=%s number=%d by=%s", round.pk, row.number, by.pk)
    audit.record(
        audit.Act.AMEND,
        round,
        by=by,
        challenge=round.challenge_id,
        before={"design": previous_sha256},
        after={"design": row.design_sha256},
        reason=reason,
    )
    return row


def _by_name(value: Any) -> dict[str, Any] | None:
    """Return the parts of a design by their names, or None for what has no named parts."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        names = [item.get("slug") or item.get("key") or item.get("name") for item in value]
        if all(names) and len(set(names)) == len(names):
            return {str(name): item for name, item in zip(names, value, strict=True)}
    return None
