"""Who stands behind a target, and how to cite it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.models import User
from catalog.models import Artifact, Contribution
from challenges.models import Target


@dataclass(frozen=True, slots=True)
class TargetMakers:
    """The target set with its shares, who provided the target, and a line to cite it by.

    Who provided a target is told with its answer: before, whom to ask would be a hint.
    """

    target_set: Artifact | None
    shares: tuple[Contribution, ...]
    providers: tuple[User, ...]
    citation: str


def makers_of(target: Target, *, is_revealed: bool, address: str) -> TargetMakers:
    """Look up who made a target; `address` is that of its page, for the citation."""
    rows = Contribution.objects.filter(artifact=target.round.target_set_id)
    shares = tuple(rows.select_related("artifact", "person"))
    target_set = shares[0].artifact if shares else target.round.target_set
    providers = tuple(target.providers.order_by("username")) if is_revealed else ()
    names = [each.public_name for each in providers or shares]
    citation = _citation(target, target_set, names, address=address)
    return TargetMakers(target_set, shares, providers, citation)


def _citation(
    target: Target, target_set: Artifact | None, names: Sequence[str], *, address: str
) -> str:
    round_ = target.round
    made = round_.published_at or round_.opens_at
    of_set = f"{target_set}. " if target_set else ""
    return (
        f"{', '.join(names) or settings.SITE_NAME} ({made.year}). Target {target.slug} of "
        f"{round_.challenge.title}, {round_.title}. {of_set}{settings.SITE_NAME}. {address}"
    )
