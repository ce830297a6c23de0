"""The public names that credit uses for artifacts and people."""

from __future__ import annotations

from catalog.models import Artifact, Contribution
from scoring import credit


def artifact_id(artifact: Artifact) -> str:
    """Return the public id of an artifact version."""
    return f"{artifact.slug}@{artifact.version}"


def shares_of(artifact: Artifact) -> tuple[credit.Share, ...]:
    """Return an artifact's shares; none while they are not sealed."""
    if not artifact.shares_sealed:
        return ()
    rows = artifact.contributions.all()
    if "contributions" not in getattr(artifact, "_prefetched_objects_cache", {}):
        rows = rows.select_related("person")
    return tuple(
        credit.Share(person_id(each), each.share_bp, each.confirmed_at is not None)
        for each in sorted(rows, key=lambda row: row.pk)
    )


def person_id(contribution: Contribution) -> str:
    """Return a person's public id: the username, or what is known of someone not here yet."""
    if contribution.person:
        return contribution.person.username
    return f"orcid:{contribution.orcid}" if contribution.orcid else f"name:{contribution.name}"
