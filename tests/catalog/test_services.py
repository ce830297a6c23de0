"""Catalog: artifacts, files, shares, lineage and methods."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Team, User
from accounts.services import create_person, create_team
from catalog.errors import ArtifactRefused, FileRefused, LineageRefused, SharesRefused
from catalog.models import Artifact, Contribution, LineageEdge
from catalog.services import (
    MAX_INPUTS,
    Share,
    add_file,
    confirm_share,
    declare_lineage,
    method_of_team,
    register_artifact,
    set_shares,
)

pytestmark = pytest.mark.django_db
DERIVED = LineageEdge.Relation.DERIVED_FROM


@pytest.fixture
def ada() -> User:
    return create_person(username="ada", password="correct horse")


@pytest.fixture
def bob() -> User:
    return create_person(username="bob", password="correct horse")


def dataset(slug: str, *, by: User, origin: str = "original", version: str = "1") -> Artifact:
    return register_artifact(
        kind="dataset",
        slug=slug,
        version=version,
        title=slug.title(),
        summary="For tests.",
        by=by,
        origin=origin,
        licence="CC-BY-4.0",
    )


def parts(artifact: Artifact) -> list[tuple[str, int, bool]]:
    rows = artifact.contributions.order_by("id")
    return [(row.public_name, row.share_bp, row.confirmed_at is not None) for row in rows]


def test_register_artifact_names_every_refused_field(ada: User) -> None:
    with pytest.raises(ArtifactRefused) as caught:
        register_artifact(
            kind="rumour",
            slug="no slug",
            version="-",
            title="T",
            summary="S",
            by=ada,
            origin="original",
            licence="Free-For-All",
        )
    assert set(caught.value.fields) == {"kind", "slug", "version", "licence"}
    assert not Artifact.objects.exists()


def test_register_artifact_refuses_a_version_twice(ada: User) -> None:
    dataset("waves", by=ada)
    with pytest.raises(ArtifactRefused, match=r"^This version is registered already"):
        dataset("waves", by=ada)
    assert dataset("waves", by=ada, version="2").version == "2"


def test_add_file_stores_size_and_digest(ada: User) -> None:
    content = bytes(range(256)) * 9000
    row = add_file(dataset("waves", by=ada), name="train.npz", content=io.BytesIO(content))
    assert (row.size_bytes, row.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    with row.file.open() as stored:
        assert stored.read() == content
    assert "train" not in row.file.name


def test_add_file_again_changes_nothing_and_leaves_no_second_copy(ada: User) -> None:
    waves = dataset("waves", by=ada)
    first = add_file(waves, name="a.csv", content=io.BytesIO(b"1"))
    before = set(default_storage.listdir("artifacts")[1])
    assert add_file(waves, name="a.csv", content=io.BytesIO(b"1")) == first
    with pytest.raises(FileRefused, match="Register a new version"):
        add_file(waves, name="a.csv", content=io.BytesIO(b"2"))
    assert set(default_storage.listdir("artifacts")[1]) == before


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".hidden", "a..b", "a b", "a\n", "ä.csv"])
def test_add_file_refuses_names_that_are_not_plain(ada: User, name: str) -> None:
    with pytest.raises(FileRefused, match="cannot be the name"):
        add_file(dataset("waves", by=ada), name=name, content=io.BytesIO(b"1"))


def test_set_shares_splits_equally_with_the_remainder_by_order(ada: User, bob: User) -> None:
    waves = dataset("waves", by=ada)
    set_shares(waves, [Share(person=bob), Share(person=ada, confirmed=True), Share(name="C. Doe")])
    assert parts(waves) == [("bob", 3334, False), ("ada", 3333, True), ("C. Doe", 3333, False)]
    waves.refresh_from_db()
    assert waves.shares_sealed


def test_set_shares_again_replaces_and_keeps_confirmations(ada: User, bob: User) -> None:
    waves = dataset("waves", by=ada)
    set_shares(
        waves, [Share(person=ada, share_bp=5000, confirmed=True), Share(person=bob, share_bp=5000)]
    )
    set_shares(waves, [Share(person=ada, share_bp=5000), Share(name="C", share_bp=5000)])
    assert parts(waves) == [("ada", 5000, True), ("C", 5000, False)]
    set_shares(waves, [Share(person=ada, share_bp=10_000)])
    assert parts(waves) == [("ada", 10_000, False)]


def test_set_shares_refuses_what_is_not_a_whole(ada: User, bob: User) -> None:
    waves = dataset("waves", by=ada)
    wrong: list[tuple[list[Share], str]] = [
        ([], "no contributor"),
        ([Share(person=ada, share_bp=9999)], "sum to 9999"),
        ([Share(person=ada, share_bp=10_000), Share(person=bob)], "1 of 2"),
        ([Share(person=ada), Share(person=ada)], "named twice"),
        ([Share(name="C"), Share(name="C")], "named twice"),
        ([Share(name="")], "Name the contributor"),
        ([Share(name="C", confirmed=True)], "can confirm"),
        ([Share(name="C", orcid="1")], "ORCID"),
        ([Share(person=ada, roles=("cook",))], "not a CRediT role"),
        ([Share(person=ada, share_bp=10_001), Share(person=bob, share_bp=-1)], "10000"),
    ]
    for shares, reason in wrong:
        with pytest.raises(SharesRefused, match=reason):
            set_shares(waves, shares)
        assert not waves.contributions.exists()
        assert not Artifact.objects.get(pk=waves.pk).shares_sealed


def test_confirm_share_is_for_its_owner_once(ada: User, bob: User) -> None:
    row = set_shares(dataset("waves", by=ada), [Share(person=bob)])[0]
    with pytest.raises(SharesRefused, match="somebody else"):
        confirm_share(row, by=ada)
    assert confirm_share(row, by=bob)
    assert not confirm_share(row, by=bob)
    assert Contribution.objects.get().confirmed_at is not None


def test_declare_lineage_refuses_a_circle_at_any_distance(ada: User) -> None:
    first = dataset("first", by=ada, origin="derived")
    second = dataset("second", by=ada, origin="derived")
    third = dataset("third", by=ada, origin="derived")
    # All registered at once, so that only the circle itself can be what is refused.
    Artifact.objects.update(registered_at=timezone.now())
    for artifact in (first, second, third):
        artifact.refresh_from_db()
    declare_lineage(second, first, relation=DERIVED, by=ada)
    declare_lineage(third, second, relation=DERIVED, by=ada)
    with pytest.raises(LineageRefused, match="close a circle"):
        declare_lineage(first, third, relation=DERIVED, by=ada)
    with pytest.raises(LineageRefused, match="from itself"):
        declare_lineage(first, first, relation=DERIVED, by=ada)
    assert LineageEdge.objects.count() == 2


def test_declare_lineage_refuses_a_later_parent(ada: User) -> None:
    child = dataset("child", by=ada, origin="derived")
    parent = dataset("parent", by=ada)
    Artifact.objects.filter(pk=parent.pk).update(
        registered_at=child.registered_at + timedelta(seconds=1)
    )
    parent.refresh_from_db()
    with pytest.raises(LineageRefused, match="registered after"):
        declare_lineage(child, parent, relation=DERIVED, by=ada)


def test_declare_lineage_refuses_the_thirteenth_input(ada: User) -> None:
    parents = [dataset(f"parent-{index}", by=ada) for index in range(MAX_INPUTS + 1)]
    child = dataset("child", by=ada, origin="derived")
    for parent in parents[:MAX_INPUTS]:
        declare_lineage(child, parent, relation=DERIVED, by=ada)
    with pytest.raises(LineageRefused, match="has 12 direct inputs"):
        declare_lineage(child, parents[MAX_INPUTS], relation=DERIVED, by=ada)
    again = declare_lineage(child, parents[0], relation=DERIVED, by=ada)
    assert again.parent == parents[0]
    assert child.parent_edges.count() == MAX_INPUTS


def test_declare_lineage_keeps_to_the_origin(ada: User) -> None:
    sources = [dataset("a", by=ada), dataset("b", by=ada)]
    original, copy = dataset("o", by=ada), dataset("c", by=ada, origin="copy")
    with pytest.raises(LineageRefused, match="registered as original"):
        declare_lineage(original, sources[0], relation=DERIVED, by=ada)
    declare_lineage(copy, sources[0], relation=LineageEdge.Relation.IDENTICAL_TO, by=ada)
    with pytest.raises(LineageRefused, match="has one original"):
        declare_lineage(copy, sources[1], relation=LineageEdge.Relation.VARIANT_OF, by=ada)
    with pytest.raises(LineageRefused, match="is not a relation"):
        declare_lineage(copy, sources[0], relation="inspired-by", by=ada)


@pytest.fixture
def team(ada: User, bob: User) -> Team:
    return create_team(name="Both", slug="both", members=[ada, bob])


def test_method_of_team_is_found_again_by_title_lineage_and_disclosure(
    team: Team, ada: User, bob: User
) -> None:
    data, base = dataset("data", by=ada), dataset("base", by=ada)
    facts = {"team": team, "summary": "S", "by": bob, "disclosure": "full"}
    first = method_of_team(title="POD + ridge", inputs=[data], **facts)
    assert (first.slug, first.version, first.origin) == ("both-pod-ridge", "1", "derived")
    assert parts(first) == [("ada", 5000, False), ("bob", 5000, True)]
    assert Artifact.objects.get(pk=first.pk).shares_sealed
    assert method_of_team(title="POD + ridge", inputs=[data], **facts) == first
    wider = method_of_team(title="POD + ridge", inputs=[data, base], **facts)
    partial = method_of_team(
        title="POD + ridge", inputs=[data], **facts | {"disclosure": "partial"}
    )
    assert [wider.slug, wider.version, partial.version] == ["both-pod-ridge", "2", "3"]
    assert method_of_team(title="POD + ridge", inputs=[base, data], **facts) == wider


def test_method_of_team_names_an_artifact_once_if_it_is_both(team: Team, ada: User) -> None:
    base = method_of_team(team=team, title="Base", summary="S", by=ada, disclosure="full")
    assert (base.origin, base.parent_edges.count()) == ("original", 0)
    facts = {"team": team, "title": "Tuned", "summary": "S", "by": ada, "disclosure": "full"}
    tuned = method_of_team(inputs=[base], base_models=[base], **facts)
    assert [edge.relation for edge in tuned.parent_edges.all()] == ["fine-tuned-from"]
    assert method_of_team(inputs=[base], base_models=[base], **facts) == tuned


def test_method_titles_that_differ_in_signs_only_are_two_methods(team: Team, ada: User) -> None:
    facts = {"team": team, "summary": "S", "by": ada, "disclosure": "full"}
    methods = [method_of_team(title=title, **facts) for title in ("A+B", "AB", "+", "-")]
    assert [method.slug for method in methods[::2]] == ["both-ab", "both-method"]
    assert len({method.slug for method in methods}) == 4
    assert {method.version for method in methods} == {"1"}


def test_method_of_team_refused_leaves_nothing_behind(team: Team, ada: User) -> None:
    inputs = [dataset(f"d{index}", by=ada) for index in range(13)]
    with pytest.raises(LineageRefused):
        method_of_team(
            team=team, title="Greedy", summary="S", by=ada, disclosure="full", inputs=inputs
        )
    assert not Artifact.objects.filter(kind="model").exists()
