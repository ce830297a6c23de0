"""Registering the artifacts of a bundle; what is registered already stays as it is."""

from __future__ import annotations

from accounts.models import User
from catalog.errors import CatalogError
from catalog.models import Artifact
from catalog.services import Share, add_file, declare_lineage, register_artifact, set_shares
from challenges.models import Round
from challenges.services.bundles.fields import update
from challenges.services.bundles.plan import ArtifactKey, ArtifactPlan
from heldout.bundle.source import BundleSource

NEW_VERSION = "Give the changed one a new version."


def apply_artifact(
    plan: ArtifactPlan, *, source: BundleSource, by: User, there: dict[ArtifactKey, Artifact]
) -> Artifact | None:
    """Register an artifact or check the registered one; note in its section what differs."""
    slug, version = plan.key
    artifact = Artifact.objects.filter(slug=slug, version=version).first()
    if artifact is None:
        artifact = _register(plan, by=by)
    else:
        _compare(plan, artifact, by=by)
    if artifact is None:
        return None
    for file in plan.files:
        with source.open(file.path) as content:
            try:
                add_file(
                    artifact,
                    name=file.name,
                    content=content,
                    description=file.description,
                    media_type=file.media_type or "application/octet-stream",
                )
            except CatalogError as error:
                file.section.fault("path", error.message, error.remedy)
    for item in plan.inputs:
        parent = there.get(item.parent) or Artifact.objects.get(
            slug=item.parent[0], version=item.parent[1]
        )
        try:
            declare_lineage(artifact, parent, relation=item.relation, use=item.use, by=by)
        except CatalogError as error:
            item.section.fault("artifact", error.message, error.remedy)
    return artifact


def _register(plan: ArtifactPlan, *, by: User) -> Artifact | None:
    try:
        artifact = register_artifact(**plan.values, team=plan.team, by=by)
        if plan.shares:
            set_shares(artifact, plan.shares)
    except CatalogError as error:
        plan.section.fault("slug", error.message, error.remedy)
        return None
    return artifact


def _compare(plan: ArtifactPlan, artifact: Artifact, *, by: User) -> None:
    facts = plan.values | {"team": plan.team}
    differing = [name for name, value in facts.items() if getattr(artifact, name) != value]
    shares_differ = bool(plan.shares) and not _same_shares(artifact, plan.shares)
    if _may_change(artifact, by=by):
        update(artifact, facts)
        if shares_differ:
            set_shares(artifact, plan.shares)
        return
    for name in differing:
        plan.section.fault(
            name, f"{artifact} is registered already with another {name!r}.", NEW_VERSION
        )
    if shares_differ:
        plan.section.fault(
            "contributors",
            f"{artifact} is registered already with other contributors.",
            NEW_VERSION,
        )


def _may_change(artifact: Artifact, *, by: User) -> bool:
    """Tell whether this is a target set of drafts only: then it is still being written."""
    return (
        artifact.kind == Artifact.Kind.TARGET_SET
        and artifact.registered_by_id == by.pk
        and not Round.objects.filter(target_set=artifact, published_at__isnull=False).exists()
    )


def _same_shares(artifact: Artifact, shares: tuple[Share, ...]) -> bool:
    rows = artifact.contributions.order_by("id")
    registered = [
        (row.person_id, "" if row.person_id else row.name, row.orcid, tuple(row.roles))
        for row in rows
    ]
    wanted = [
        (share.person.pk if share.person else None, share.name, share.orcid, share.roles)
        for share in shares
    ]
    if registered != wanted:
        return False
    parts = [row.share_bp for row in rows]
    given = [share.share_bp for share in shares]
    return given == parts or (given == [None] * len(parts) and max(parts) - min(parts) <= 1)
