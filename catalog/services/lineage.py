"""What an artifact was made from."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.errors import LineageRefused
from catalog.models import Artifact, LineageEdge

MAX_INPUTS = 12


def declare_lineage(
    child: Artifact,
    parent: Artifact,
    *,
    relation: str,
    by: User,
    use: str = "",
) -> LineageEdge:
    """Declare that `child` was made from `parent`; declaring the same again changes nothing.

    Raises
    ------
    LineageRefused
        If the edge closes a circle, the parent was registered later, the child has twelve
        direct inputs already, or its origin does not allow this input.
    """
    if relation not in LineageEdge.Relation.values:
        known = ", ".join(LineageEdge.Relation.values)
        raise LineageRefused(
            _("%(relation)s is not a relation.") % {"relation": repr(relation)},
            _("Use one of %(known)s.") % {"known": known},
        )
    with transaction.atomic():
        # Two edges declared at once could close a circle together, so declarations on
        # either end wait for each other; ordered, or two of them could wait for ever.
        ends = sorted([child.pk, parent.pk])
        list(Artifact.objects.select_for_update().filter(pk__in=ends).order_by("pk"))
        edges = LineageEdge.objects.filter(child=child)
        there = edges.filter(parent=parent).first()
        if there is not None:
            return there
        _refuse_untrue(child, parent, inputs=edges.count())
        return LineageEdge.objects.create(
            child=child, parent=parent, relation=relation, use=use, declared_by=by
        )


def _refuse_untrue(child: Artifact, parent: Artifact, *, inputs: int) -> None:
    if parent.pk == child.pk:
        raise LineageRefused(_("%(child)s cannot be made from itself.") % {"child": child})
    if parent.registered_at > child.registered_at:
        raise LineageRefused(
            _("%(parent)s was registered after %(child)s.") % {"parent": parent, "child": child},
            _("An input is registered first. Register a new version of what was made from it."),
        )
    if child.pk in _ancestors(parent):
        raise LineageRefused(
            _("%(parent)s was itself made from %(child)s, so this would close a circle.")
            % {"parent": parent, "child": child}
        )
    if inputs >= MAX_INPUTS:
        raise LineageRefused(
            _("%(child)s has %(inputs)s direct inputs, which is the most there can be.")
            % {"child": child, "inputs": inputs},
            _("Name the datasets it was built on directly; theirs are followed from there."),
        )
    if child.kind != Artifact.Kind.MODEL and child.origin == Artifact.Origin.ORIGINAL:
        raise LineageRefused(
            _("%(child)s is registered as original, so it has no inputs.") % {"child": child},
            _("Register a version with origin 'derived' if it was made from other data."),
        )
    if child.origin == Artifact.Origin.COPY and inputs:
        raise LineageRefused(
            _("%(child)s is registered as a copy, which has one original.") % {"child": child},
            _("Register a version with origin 'derived' if it was made from several."),
        )


def _ancestors(artifact: Artifact) -> set[int]:
    """Return the ids of everything `artifact` was made from, one query for each generation."""
    found: set[int] = set()
    generation = {artifact.pk}
    while generation:
        parents = LineageEdge.objects.filter(child__in=generation).values_list("parent", flat=True)
        generation = set(parents) - found
        found |= generation
    return found
