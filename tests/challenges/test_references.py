"""References: canonical, committed to, versioned, opened in one place that writes it down."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings

from accounts.models import User
from challenges.errors import ReferenceRefused, ReferenceUnavailable, RoundNotReady
from challenges.models import Reference, ReferenceAccess, Round, Target
from challenges.models.reference import reference_storage
from challenges.selectors import target_specs
from challenges.services.references import (
    commitment_of,
    current_versions,
    open_references,
    open_revealed,
    set_reference,
)
from challenges.services.rounds import publish_round, reveal_round
from challenges.services.targets import cancel_target
from tests.challenges.builders import ANSWERS, move_clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def grid(draft: Round) -> Target:
    return Target.objects.create(round=draft, slug="grid", shape=[2, 3])


def stored_bytes(reference: Reference) -> bytes:
    with reference_storage().open(str(reference.file)) as handle:
        return bytes(handle.read())


def npy(values: Any, **options: Any) -> io.BytesIO:
    buffer = io.BytesIO()
    np.save(buffer, values, **options)
    buffer.seek(0)
    return buffer


VALUES = np.arange(6, dtype=float).reshape(2, 3) / 7


@pytest.mark.parametrize(
    "values",
    [
        VALUES,
        VALUES.astype(">f8"),
        np.asfortranarray(VALUES),
        npy(VALUES),
        npy(np.asfortranarray(VALUES)),
        npy(VALUES.astype(">f8")),
    ],
    ids=["array", "big-endian", "fortran", "npy", "npy fortran", "npy big-endian"],
)
def test_equal_answers_have_equal_bytes(grid: Target, ada: User, values: Any) -> None:
    reference = set_reference(target=grid, values=values, by=ada)
    content = stored_bytes(reference)
    assert reference.sha256 == hashlib.sha256(content).hexdigest()
    assert (reference.size_bytes, reference.shape) == (len(content), [2, 3])
    loaded = np.load(io.BytesIO(content), allow_pickle=False)
    assert (loaded.dtype.str, loaded.flags.c_contiguous) == ("<f8", True)
    np.testing.assert_array_equal(loaded, VALUES)


@pytest.mark.parametrize(
    ("values", "stored"),
    [
        (np.float32(0.1), "<f8"),
        (np.uint8(7), "<i8"),
        (np.int64(2**62 + 1), "<i8"),
        (np.True_, "|b1"),
    ],
)
def test_scalars_keep_their_kind_exactly(draft: Round, ada: User, values: Any, stored: str) -> None:
    target = Target.objects.create(round=draft, slug="one")
    reference = set_reference(target=target, values=values, by=ada)
    loaded = np.load(io.BytesIO(stored_bytes(reference)))
    assert (loaded.shape, loaded.dtype.str) == ((), stored)
    assert loaded == values


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((3, 2)), "is 3 x 2, the target is 2 x 3"),
        (np.full((2, 3), np.nan), "not finite"),
        (np.full((2, 3), -np.inf), "not finite"),
        (np.zeros((2, 3), complex), "not a plain number type"),
        (np.zeros((2, 3), object), "not a plain number type"),
        (np.full((2, 3), 2**63, dtype=np.uint64), "above 2"),
        (io.BytesIO(b"1,2,3"), "not an array"),
        (io.BytesIO(npy(VALUES).getvalue()[:-1]), "promises"),
        (npy(np.array([[None] * 3] * 2), allow_pickle=True), "plain numbers"),
    ],
)
def test_unfit_answers_are_refused_and_leave_no_file(
    grid: Target, ada: User, values: Any, reason: str
) -> None:
    root = Path(settings.STORAGES["references"]["OPTIONS"]["location"])
    before = sorted(root.rglob("*"))
    with pytest.raises(ReferenceRefused, match=reason):
        set_reference(target=grid, values=values, by=ada)
    assert sorted(root.rglob("*")) == before
    assert not grid.references.exists()


def test_storage_key_tells_nothing(draft: Round) -> None:
    for reference in Reference.objects.filter(target__round=draft):
        assert reference.target.slug not in str(reference.file)
        assert "numbers" not in str(reference.file)


def test_commitment_is_that_of_the_published_rule(draft: Round) -> None:
    reference = Reference.objects.get(target__slug="t2")
    content = stored_bytes(reference)
    salt = bytes.fromhex(reference.salt)
    by_hand = hashlib.sha256(
        b"targets/v1\0"
        + salt
        + hashlib.sha256(b"t2").digest()
        + len(content).to_bytes(8, "big")
        + hashlib.sha256(content).digest()
    ).hexdigest()
    assert len(salt) == 32
    assert reference.commitment == by_hand
    other = commitment_of(
        salt=salt,
        name="t3",
        data_sha256=hashlib.sha256(content).digest(),
        size_bytes=len(content),
    )
    assert other != by_hand


def test_equal_answers_have_different_commitments(draft: Round, ada: User) -> None:
    commitments = set()
    for slug in ("a", "b"):
        target = Target.objects.create(round=draft, slug=slug)
        commitments.add(set_reference(target=target, values=np.array(1.0), by=ada).commitment)
    assert len(commitments) == 2


def test_the_same_answer_again_changes_nothing(draft: Round, ada: User) -> None:
    target = draft.targets.get(slug="t1")
    before = target.references.get()
    files = reference_storage().listdir(str(draft.pk))[1]
    assert set_reference(target=target, values=np.array(ANSWERS["t1"]), by=ada) == before
    assert target.references.get().version == 1
    assert reference_storage().listdir(str(draft.pk))[1] == files


def test_a_new_answer_is_a_new_version(draft: Round, ada: User) -> None:
    target = draft.targets.get(slug="t1")
    second = set_reference(target=target, values=np.array(2.0), by=ada)
    assert (second.version, second.is_current, second.reason) == (
        2,
        True,
        "Replaced before the opening.",
    )
    assert [row.is_current for row in target.references.order_by("version")] == [False, True]
    assert current_versions(draft) == {"t1": 2, "t2": 1, "t3": 1}


def test_a_correction_after_publishing_needs_a_reason(draft: Round, ada: User) -> None:
    publish_round(draft, by=ada)
    target = draft.targets.get(slug="t1")
    with pytest.raises(ReferenceRefused, match="Say why the answer changes"):
        set_reference(target=target, values=np.array(2.0), by=ada)
    row = set_reference(target=target, values=np.array(2.0), by=ada, reason="Unit was wrong.")
    assert (row.version, row.reason) == (2, "Unit was wrong.")


def test_opening_references_is_written_down(draft: Round) -> None:
    with open_references(round=draft, purpose="score", subject="abcd2345") as handles:
        values = {slug: float(np.load(handle)) for slug, handle in handles.items()}
        assert all(handle.fileno() > 2 for handle in handles.values())
    assert values == ANSWERS
    assert all(handle.closed for handle in handles.values())
    access = ReferenceAccess.objects.get()
    assert (access.round, access.purpose, access.subject) == (draft, "score", "abcd2345")
    assert access.references.count() == 3


def test_cancelled_targets_are_not_opened(draft: Round, ada: User) -> None:
    cancel_target(draft.targets.get(slug="t2"), reason="Mislabelled.", by=ada)
    with open_references(round=draft, purpose="score") as handles:
        assert list(handles) == ["t1", "t3"]
    assert current_versions(draft) == {"t1": 1, "t3": 1}


def test_a_lost_file_is_told_without_its_place(draft: Round) -> None:
    reference = Reference.objects.get(target__slug="t1")
    reference_storage().delete(str(reference.file))
    with (
        pytest.raises(ReferenceUnavailable) as caught,
        open_references(round=draft, purpose="score"),
    ):
        pass
    assert "target t1 (version 1) is not in storage" in str(caught.value)
    assert str(reference.file) not in str(caught.value)
    assert "/" not in str(caught.value)


def test_answers_are_public_only_after_the_reveal(draft: Round, ada: User) -> None:
    publish_round(draft, by=ada)
    target = draft.targets.get(slug="t1")
    with pytest.raises(RoundNotReady, match="not revealed"), open_revealed(target):
        pass
    reveal_round(move_clock(draft, days=8), by=ada)
    target.refresh_from_db()
    with open_revealed(draft.targets.get(slug="t1")) as handle:
        assert float(np.load(handle)) == ANSWERS["t1"]


def test_answer_may_have_a_shape_of_its_own(draft: Round, ada: User) -> None:
    members = Target.objects.create(round=draft, slug="members", shape=[50], reference_shape=[])
    peaks = Target.objects.create(round=draft, slug="peaks", shape=[None, 2])
    assert set_reference(target=members, values=np.array(1.5), by=ada).shape == []
    assert set_reference(target=peaks, values=np.ones((7, 2)), by=ada).shape == [7, 2]
    with pytest.raises(ReferenceRefused, match="is 50, the target is a single number"):
        set_reference(target=members, values=np.ones(50), by=ada)
    with pytest.raises(ReferenceRefused, match="the target is any number x 2"):
        set_reference(target=peaks, values=np.ones((7, 3)), by=ada)
    specs = {spec.slug: spec for spec in target_specs(draft)}
    assert (specs["members"].shape, specs["members"].of_reference) == ((50,), ())
    assert specs["peaks"].of_reference == (None, 2)
