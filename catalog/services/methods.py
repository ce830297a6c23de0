"""The method behind a submission, as a model artifact of its team."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import Team, User
from accounts.selectors import active_members_of
from catalog.errors import ArtifactRefused
from catalog.models import Artifact, LineageEdge
from catalog.selectors import is_open_method
from catalog.services.artifacts import register_artifact
from catalog.services.lineage import declare_lineage
from catalog.services.shares import Share, set_shares

_SLUG_LENGTH = 80
USUAL_USE = {
    LineageEdge.Relation.TRAINED_ON.value: LineageEdge.Use.TRAIN.value,
    LineageEdge.Relation.FINE_TUNED_FROM.value: LineageEdge.Use.FINETUNE.value,
}


@transaction.atomic
def method_of_team(
    *,
    team: Team,
    title: str,
    summary: str,
    by: User,
    disclosure: str,
    inputs: Sequence[Artifact] = (),
    base_models: Sequence[Artifact] = (),
    uses: Mapping[Artifact, str] | None = None,
    description: str = "",
) -> Artifact:
    """Return the team's model of this title with exactly this lineage, registered if need be.

    Another lineage or disclosure under the same title is the next version. A new version
    belongs to the active members in equal shares: the submitter's is confirmed, the others
    are in escrow until their owners confirm them.

    Raises
    ------
    ArtifactRefused, LineageRefused
        If the title, summary or inputs are not allowed.
    """
    Team.objects.select_for_update().get(pk=team.pk)
    parents = {artifact.pk: artifact for artifact in (*inputs, *base_models)}
    relations = {artifact.pk: LineageEdge.Relation.TRAINED_ON.value for artifact in inputs}
    relations |= {model.pk: LineageEdge.Relation.FINE_TUNED_FROM.value for model in base_models}
    used_for = {pk: USUAL_USE[relation] for pk, relation in relations.items()}
    used_for |= {artifact.pk: use for artifact, use in (uses or {}).items() if use}
    versions = list(
        Artifact.objects.filter(kind=Artifact.Kind.MODEL, team=team, title=title)
        .order_by("registered_at", "pk")
        .prefetch_related("parent_edges")
    )
    for model in versions:
        edges = list(model.parent_edges.all())
        lineage = {edge.parent_id: edge.relation for edge in edges}
        # An edge from before uses were asked for says nothing about its use.
        same_use = all(edge.use in ("", used_for.get(edge.parent_id)) for edge in edges)
        if lineage == relations and same_use and model.disclosure == disclosure:
            return model
    model = register_artifact(
        kind=Artifact.Kind.MODEL,
        slug=versions[0].slug if versions else _free_slug(team, title),
        version=_next_version(versions),
        title=title,
        summary=summary,
        description=description,
        by=by,
        team=team,
        origin=Artifact.Origin.DERIVED if relations else Artifact.Origin.ORIGINAL,
        disclosure=disclosure,
    )
    for pk, relation in relations.items():
        declare_lineage(model, parents[pk], relation=relation, use=used_for[pk], by=by)
    _share_equally(model, team=team, by=by)
    return model


def check_method(model: Artifact, team: Team, *, as_baseline: bool = False) -> Artifact:
    """Return a registered model that a team enters with again.

    As a baseline organizers enter anybody's open method, under its own name.

    Raises
    ------
    ArtifactRefused
        If it is no model, or not this team's.
    """
    if as_baseline and is_open_method(model):
        return model
    if model.kind != Artifact.Kind.MODEL or model.team_id != team.pk:
        told = _(
            "%(model)s is no model of %(team)s. Its pages say whose it is; name it as an input."
        ) % {"model": model, "team": team}
        raise ArtifactRefused({"model": [told]})
    return model


def _share_equally(model: Artifact, *, team: Team, by: User) -> None:
    members = list(active_members_of(team)) or [by]
    set_shares(model, [Share(person=member, confirmed=member == by) for member in members])


def _next_version(versions: Sequence[Artifact]) -> str:
    numbers = [int(model.version) for model in versions if model.version.isdecimal()]
    return str(max(numbers, default=0) + 1)


def _free_slug(team: Team, title: str) -> str:
    """Return a slug from team and title; a digest settles titles that differ in signs only."""
    slug = f"{team.slug}-{slugify(title) or 'method'}"[:_SLUG_LENGTH]
    if not Artifact.objects.filter(slug=slug).exists():
        return slug
    mark = hashlib.sha256(f"{team.pk} {title}".encode()).hexdigest()[:8]
    return f"{slug[: _SLUG_LENGTH - 9]}-{mark}"
