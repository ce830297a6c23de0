"""What the database itself refuses in the catalog; the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import User
from catalog.licences import validate_licence
from catalog.models import Artifact, ArtifactFile, Contribution, LineageEdge
from catalog.roles import validate_credit_roles

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create(username="ada")


def artifact(ada: User, slug: str = "waves", **fields: object) -> Artifact:
    return Artifact.objects.create(
        kind="dataset", slug=slug, title="T", summary="S", registered_by=ada, **fields
    )


def refused(act: Callable[[], object], *, match: str | None = None) -> None:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        act()


def sealed(ada: User) -> Artifact:
    row = artifact(ada)
    Contribution.objects.create(artifact=row, person=ada, share_bp=10_000)
    Artifact.objects.filter(pk=row.pk).update(shares_sealed=True)
    return row


def test_artifact_version_once(ada: User) -> None:
    artifact(ada)
    refused(lambda: artifact(ada))


def test_artifact_file_name_once(ada: User) -> None:
    facts = {"artifact": artifact(ada), "name": "a", "size_bytes": 1, "sha256": "0" * 64}
    ArtifactFile.objects.create(file="x", **facts)
    refused(lambda: ArtifactFile.objects.create(file="y", **facts))


def test_contribution_person_once(ada: User) -> None:
    row = artifact(ada)
    Contribution.objects.create(artifact=row, person=ada, share_bp=1)
    refused(lambda: Contribution.objects.create(artifact=row, person=ada, share_bp=1))


@pytest.mark.parametrize("share", [0, 10_001])
def test_contribution_share_in_range(ada: User, share: int) -> None:
    row = artifact(ada)
    refused(lambda: Contribution.objects.create(artifact=row, person=ada, share_bp=share))


def test_contribution_names_someone(ada: User) -> None:
    row = artifact(ada)
    refused(lambda: Contribution.objects.create(artifact=row, share_bp=1))


def test_contribution_confirmed_by_person(ada: User) -> None:
    row = artifact(ada)
    refused(
        lambda: Contribution.objects.create(
            artifact=row, name="C", share_bp=1, confirmed_at=timezone.now()
        )
    )


def test_lineage_edge_once_and_not_to_itself(ada: User) -> None:
    child, parent = artifact(ada, "child"), artifact(ada, "parent")
    facts = {"child": child, "relation": "derived-from", "declared_by": ada}
    LineageEdge.objects.create(parent=parent, **facts)
    refused(lambda: LineageEdge.objects.create(parent=parent, **facts))
    refused(lambda: LineageEdge.objects.create(parent=child, **facts))


def test_artifact_cannot_be_born_sealed(ada: User) -> None:
    refused(lambda: artifact(ada, shares_sealed=True), match="artifact_shares_sum_to_10000")


@pytest.mark.parametrize("share", [None, 1, 9_999])
def test_sealing_needs_the_whole(ada: User, share: int | None) -> None:
    row = artifact(ada)
    if share:
        Contribution.objects.create(artifact=row, person=ada, share_bp=share)
    act = Artifact.objects.filter(pk=row.pk).update
    refused(lambda: act(shares_sealed=True), match="artifact_shares_sum_to_10000")


def test_sealed_shares_cannot_be_added_changed_moved_or_removed(ada: User) -> None:
    row, other = sealed(ada), artifact(ada, "other")
    loose = Contribution.objects.create(artifact=other, name="C", share_bp=5)
    mine = Contribution.objects.filter(artifact=row)
    acts: list[Callable[[], object]] = [
        lambda: Contribution.objects.create(artifact=row, name="C", share_bp=1),
        lambda: mine.update(share_bp=9_999),
        lambda: mine.update(artifact=other),
        lambda: Contribution.objects.filter(pk=loose.pk).update(artifact=row),
        lambda: mine.delete(),
        lambda: row.delete(),
    ]
    for act in acts:
        refused(act, match="artifact_shares_are_sealed")
    assert list(mine.values_list("person", "share_bp")) == [(ada.pk, 10_000)]


def test_a_sealed_share_can_be_confirmed_and_claimed(ada: User) -> None:
    row = artifact(ada)
    share = Contribution.objects.create(artifact=row, name="C", share_bp=10_000)
    Artifact.objects.filter(pk=row.pk).update(shares_sealed=True)
    changed = Contribution.objects.filter(pk=share.pk).update(
        person=ada, confirmed_at=timezone.now()
    )
    assert changed == 1


def test_people_behind_artifacts_cannot_be_deleted(ada: User) -> None:
    sealed(ada)
    with pytest.raises(ProtectedError):
        ada.delete()


@pytest.mark.parametrize("licence", ["CC-BY-4.0", "MIT OR Apache-2.0", "CC0-1.0"])
def test_spdx_expressions_are_licences(licence: str) -> None:
    validate_licence(licence)


@pytest.mark.parametrize("licence", ["free", "MIT AND", "CC BY 4.0", "()"])
def test_other_words_are_no_licences(licence: str) -> None:
    with pytest.raises(ValidationError, match="Not an SPDX licence expression"):
        validate_licence(licence)


@pytest.mark.parametrize("roles", ["software", ["cook"], {"software": 1}])
def test_only_credit_roles_are_roles(roles: object) -> None:
    with pytest.raises(ValidationError):
        validate_credit_roles(roles)
