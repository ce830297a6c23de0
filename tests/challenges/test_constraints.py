"""What the database itself refuses about challenges, rounds, targets and references."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from challenges.models import (
    Challenge,
    ChallengeRole,
    Reference,
    Round,
    RoundFile,
    RoundMetric,
    RoundState,
    Target,
)
from challenges.models.target import validate_labels, validate_shape

pytestmark = pytest.mark.django_db


def refused(act: Callable[[], object], *, constraint: str) -> None:
    """Check that the database refuses; PostgreSQL and SQLite name check constraints."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        act()
    assert constraint in str(caught.value) or "UNIQUE" in str(caught.value)


def test_challenge_role_once(draft: Round, ada: User) -> None:
    facts = {"challenge": draft.challenge, "user": ada, "role": "owner"}
    refused(lambda: ChallengeRole.objects.create(**facts), constraint="challenge_role_once")


def test_challenge_slug_once(draft: Round) -> None:
    refused(lambda: Challenge.objects.create(slug="numbers", title="T"), constraint="slug")


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("round_opens_before_it_closes", {"opens_at": "closes_at"}),
        ("round_published_with_frozen_design", {"published_at": "now"}),
        ("round_revealed_after_close", {"revealed_at": "opens_at"}),
        ("round_final_after_reveal", {"finalized_at": "now"}),
        ("round_final_after_reveal", {"revealed_at": "later", "finalized_at": "closes_at"}),
        ("round_penalty_declared", {"missing_policy": "worst"}),
    ],
)
def test_round_constraints(draft: Round, constraint: str, changes: dict[str, str]) -> None:
    moments = {
        "now": timezone.now(),
        "opens_at": draft.opens_at,
        "closes_at": draft.closes_at,
        "later": draft.closes_at + timedelta(days=1),
    }
    values = {name: moments.get(value, value) for name, value in changes.items()}
    refused(lambda: Round.objects.filter(pk=draft.pk).update(**values), constraint=constraint)


def test_round_slug_once(draft: Round) -> None:
    copy = Round(challenge=draft.challenge, slug=draft.slug, title="T", task="T")
    copy.opens_at, copy.closes_at = draft.opens_at, draft.closes_at
    refused(copy.save, constraint="round_slug_once")


def test_round_metric_key_and_primary_once(draft: Round) -> None:
    make = RoundMetric.objects.create
    refused(
        lambda: make(round=draft, key="error", metric="squared_error"),
        constraint="round_metric_key_once",
    )
    refused(
        lambda: make(round=draft, key="other", metric="squared_error", is_primary=True),
        constraint="round_one_primary",
    )


def test_round_file_name_once(draft: Round) -> None:
    refused(
        lambda: RoundFile.objects.create(
            round=draft, name="inputs.csv", file="x", size_bytes=1, sha256="0" * 64
        ),
        constraint="round_file_name_once",
    )


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("target_low_below_high", {"low": 1.0, "high": 1.0}),
        ("target_weight_not_negative", {"weight": -0.5}),
        ("target_cancelled_with_reason", {"cancel_reason": "Only a reason."}),
        ("target_cancelled_with_reason", {"cancelled_at": timezone.now()}),
        (
            "target_opens_before_it_closes",
            {"opens_at": timezone.now(), "closes_at": timezone.now() - timedelta(days=1)},
        ),
    ],
)
def test_target_constraints(draft: Round, constraint: str, changes: dict[str, object]) -> None:
    row = draft.targets.filter(slug="t1")
    refused(lambda: row.update(**changes), constraint=constraint)


def test_target_slug_once(draft: Round) -> None:
    refused(lambda: Target.objects.create(round=draft, slug="t1"), constraint="target_slug_once")


def copy_of(reference: Reference, **changes: object) -> Reference:
    for name, value in (
        {"pk": None, "version": 2, "reason": "R", "is_current": False} | changes
    ).items():
        setattr(reference, name, value)
    return reference


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("reference_version_once", {"version": 1}),
        ("reference_one_current", {"is_current": True}),
        ("reference_version_from_one", {"version": 0}),
        ("reference_revised_with_reason", {"reason": ""}),
    ],
)
def test_reference_constraints(draft: Round, constraint: str, changes: dict[str, object]) -> None:
    row = copy_of(Reference.objects.get(target__slug="t1"), **changes)
    row._state.adding = True
    refused(row.save, constraint=constraint)


def test_state_is_a_function_of_the_clock(draft: Round) -> None:
    opens, closes = draft.opens_at, draft.closes_at
    second = timedelta(microseconds=1)
    assert draft.state_at(opens) is RoundState.DRAFT
    draft.published_at = opens - timedelta(days=1)
    assert draft.state_at(opens - second) is RoundState.UPCOMING
    assert draft.state_at(opens) is RoundState.OPEN
    assert draft.state_at(closes - second) is RoundState.OPEN
    assert draft.state_at(closes) is RoundState.CLOSED
    draft.revealed_at = closes + timedelta(days=1)
    draft.finalized_at = closes + timedelta(days=2)
    assert draft.state_at(draft.revealed_at - second) is RoundState.CLOSED
    assert draft.state_at(draft.revealed_at) is RoundState.REVEALED
    assert draft.state_at(draft.finalized_at) is RoundState.FINAL


@pytest.mark.parametrize("shape", [[], [1], [2, 3, 4, 5, 6, 7]])
def test_shapes_are_short_lists_of_sizes(shape: list[int]) -> None:
    validate_shape(shape)


@pytest.mark.parametrize("shape", [[0], [1.0], [True], "3", [1] * 7, {"a": 1}, None])
def test_other_things_are_no_shapes(shape: object) -> None:
    with pytest.raises(ValidationError, match="list of whole numbers"):
        validate_shape(shape)


@pytest.mark.parametrize("labels", ["shock", [""], ["x" * 41], [1]])
def test_other_things_are_no_class_labels(labels: object) -> None:
    with pytest.raises(ValidationError, match="Class labels"):
        validate_labels(labels)


@pytest.mark.parametrize("percent", [-0.1, 20.5])
def test_round_near_duplicates_within_reason(draft: Round, percent: float) -> None:
    rows = Round.objects.filter(pk=draft.pk)
    refused(
        lambda: rows.update(near_duplicate_percent=percent),
        constraint="round_near_duplicates_within_reason",
    )
