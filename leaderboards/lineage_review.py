"""The comment period on a round's lineage: what may be objected to, until when, who rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import Membership
from catalog.models import Artifact, Contribution, LineageEdge
from challenges.models import ChallengeRole, Round
from challenges.selectors import Viewer, can_organize
from leaderboards.models import LineageObjection
from leaderboards.selectors import artifacts_named
from scoring.credit import Round as Facts
from submissions.models import Submission

COMMENT_PERIOD = timedelta(days=21)


def comment_until(round_: Round) -> datetime | None:
    """Return when the comment period ends; None before the reveal, which begins it."""
    return None if round_.revealed_at is None else round_.revealed_at + COMMENT_PERIOD


def is_open_to_comment(round_: Round, moment: datetime) -> bool:
    """Tell whether a declared input may be objected to now."""
    until = comment_until(round_)
    return (
        until is not None
        and round_.revealed_at is not None
        and (round_.revealed_at <= moment < until)
    )


def makers_in(facts: Facts) -> dict[str, Artifact]:
    """Return the methods of a round's results and all that is upstream of them, by account."""
    methods = Submission.objects.filter(
        code__in=[result.id for result in facts.results]
    ).select_related("method__team")
    found = {each.code: each.method for each in methods}
    return found | artifacts_named(node.id for node in facts.nodes)


def edges_in(facts: Facts) -> list[LineageEdge]:
    """Return every declared input in a round's lineage, the struck ones too."""
    children = {artifact.pk for artifact in makers_in(facts).values()}
    return list(
        LineageEdge.objects.filter(child__in=children)
        .select_related("child__team", "parent")
        .order_by("child__title", "child", "parent__title", "pk")
    )


def can_rule(viewer: Viewer, objection: LineageObjection) -> bool:
    """Tell whether the person is a steward who is not involved.

    Stewards are the operators of the site and the owners of the challenge.
    """
    challenge = objection.round.challenge
    if not can_organize(viewer, challenge):
        return False
    owns = ChallengeRole.objects.filter(
        challenge=challenge, user=viewer.pk, role=ChallengeRole.Role.OWNER
    )
    if not (viewer.is_superuser or owns.exists()):
        return False
    return not _is_involved(viewer, objection)


def _is_involved(viewer: Viewer, objection: LineageObjection) -> bool:
    """Whoever said it, declared it, made either end, or was ever in the team that built on it."""
    edge = objection.edge
    if viewer.pk in (objection.raised_by_id, edge.declared_by_id):
        return True
    ends = [edge.child_id, edge.parent_id]
    if Contribution.objects.filter(artifact__in=ends, person=viewer.pk).exists():
        return True
    teams = Artifact.objects.filter(pk__in=ends, team__isnull=False).values("team")
    return Membership.objects.filter(team__in=teams, user=viewer.pk).exists()
