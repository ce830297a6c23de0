"""Reads of the catalog: who may change what, statements, files that are elsewhere too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import active_teams_of
from catalog.identifiers import normal_doi
from catalog.models import Artifact, ArtifactFile, LineageEdge, Statement

COPY_RELATIONS = (LineageEdge.Relation.VARIANT_OF, LineageEdge.Relation.IDENTICAL_TO)


def can_edit(user: User | AnonymousUser, artifact: Artifact) -> bool:
    """Tell whether the person may change an artifact: its registrar, team or confirmed makers.

    A token without an organizer's rights does not carry an operator's either. The target set of
    a published round belongs to its frozen design.
    """
    if not isinstance(user, User) or not user.is_active:
        return False
    if artifact.kind == Artifact.Kind.TARGET_SET and is_fixed(artifact):
        return False
    if user.is_superuser and user.acts_as_organizer:
        return True
    if artifact.registered_by_id == user.pk:
        return True
    if artifact.contributions.filter(person=user, confirmed_at__isnull=False).exists():
        return True
    return (
        artifact.team_id is not None and active_teams_of(user).filter(pk=artifact.team_id).exists()
    )


def can_decide_claims(user: User | AnonymousUser) -> bool:
    """Tell whether the person is a steward of the catalog."""
    if not isinstance(user, User) or not (user.is_active and user.acts_as_organizer):
        return False
    return user.is_superuser or user.has_perm("catalog.change_shareclaim")


def is_fixed(artifact: Artifact) -> bool:
    """Tell whether a published round names its contributors as the makers of its targets."""
    return bool(artifact.target_set_of_rounds.filter(published_at__isnull=False).exists())


def is_entered(artifact: Artifact) -> bool:
    """Tell whether results stand on this model: its lineage is what they were entered with."""
    return bool(artifact.submissions.exists())


def is_open_method(artifact: Artifact) -> bool:
    """Tell whether a method declares all that it was built on, so that others can run it too."""
    return artifact.kind == Artifact.Kind.MODEL and artifact.disclosure == Artifact.Disclosure.FULL


def published_statement(artifact: Artifact) -> Statement | None:
    """Return the newest published statement."""
    return artifact.statements.filter(published_at__isnull=False).first()


def draft_statement(artifact: Artifact) -> Statement | None:
    """Return the draft that only those who may edit see."""
    return artifact.statements.filter(published_at__isnull=True).first()


def newest_statement(artifact: Artifact, *, with_draft: bool) -> Statement | None:
    """Return the draft, where it may be seen, or else what is published."""
    return (draft_statement(artifact) if with_draft else None) or published_statement(artifact)


@dataclass(frozen=True, slots=True)
class SameFile:
    """A file of an artifact whose bytes are those of a file elsewhere in the catalog."""

    file: ArtifactFile
    other: ArtifactFile
    is_declared: bool  # as a copy or as the lineage says


def same_files(artifact: Artifact, among: QuerySet[Artifact]) -> list[SameFile]:
    """Return which files of an artifact are files of other artifacts too, bit for bit.

    Versions of the same artifact may share files; that is no copy of somebody's data.
    """
    mine = {file.sha256: file for file in artifact.files.all()}
    others = (
        ArtifactFile.objects.filter(sha256__in=mine, artifact__in=among)
        .exclude(artifact__slug=artifact.slug)
        .select_related("artifact")
        .order_by("artifact__registered_at", "artifact_id", "name")
    )
    found = list(others)
    if not found:
        return []
    related = set(
        LineageEdge.objects.filter(Q(child=artifact) | Q(parent=artifact)).values_list(
            "child", "parent"
        )
    )
    return [
        SameFile(
            mine[other.sha256],
            other,
            bool({(artifact.pk, other.artifact_id), (other.artifact_id, artifact.pk)} & related),
        )
        for other in found
    ]


def search_artifacts(text: str, among: QuerySet[Artifact]) -> QuerySet[Artifact]:
    """Return the artifacts that hold every word in title, slug, summary, DOI or team."""
    for word in text.split()[:8]:
        among = among.filter(
            Q(title__icontains=word)
            | Q(slug__icontains=word)
            | Q(summary__icontains=word)
            | Q(doi__icontains=word)
            | Q(team__name__icontains=word)
        )
    return among


def artifact_called(name: str, among: QuerySet[Artifact]) -> Artifact | None:
    """Return the artifact called `slug` (its newest version), `slug@version`, DOI or URL."""
    name = name.strip()
    doi = normal_doi(name)
    if doi:
        rows = among.filter(doi__iexact=doi)
    elif "://" in name:
        rows = among.filter(url=name)
    else:
        slug, _, version = name.partition("@")
        rows = among.filter(slug=slug)
        rows = rows.filter(version=version) if version else rows
    return rows.order_by("-registered_at", "-pk").first()


def missing_to_earn(artifact: Artifact) -> dict[str, str]:
    """Return what keeps an artifact from earning upstream (ADR 20); nothing keeps a stub.

    Whose it is and, of data, whether it may be used. A method was handed in as predictions: its
    code may be closed, so no licence is asked of it.
    """
    if artifact.is_stub:
        return {}
    missing = {}
    if not artifact.licence and artifact.kind != Artifact.Kind.MODEL:
        missing["licence"] = _("It has no licence.")
    if not artifact.shares_sealed:
        missing["contributors"] = _("Nobody is named as its maker.")
    return missing


def missing_facts(artifact: Artifact, files: Iterable[ArtifactFile]) -> dict[str, str]:
    """Return what the catalog itself still lacks before a statement may be published."""
    missing = {}
    if not artifact.licence:
        missing["licence"] = _("It has no licence.")
    if not artifact.shares_sealed:
        missing["contributors"] = _("Nobody is named as its maker.")
    is_data = artifact.kind != Artifact.Kind.MODEL
    if is_data and not (artifact.doi or artifact.url or any(True for _ in files)):
        missing["files"] = _("It has no file, and no DOI or URL where the files are.")
    needs_parent = artifact.origin != Artifact.Origin.ORIGINAL
    told = artifact.disclosure != Artifact.Disclosure.FULL or artifact.parent_edges.exists()
    if needs_parent and not told:
        missing["lineage"] = _("It is not original, but names no input. Or say: not disclosed.")
    return missing
