"""Rows of boards with what showing them takes, and no more."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from catalog.models import LineageEdge
from leaderboards.models import BoardRevision, Standing

PARENTS = Prefetch(
    "submission__method__parent_edges",
    LineageEdge.objects.select_related("parent")
    .only("child", *(f"parent__{name}" for name in ("kind", "slug", "version", "title")))
    .order_by("parent__title", "pk"),
    to_attr="declared",
)

# Of what a line is made of, only this is shown; all else would be read for each line, and dropped.
OF_SUBMISSION = (
    *("code", "round", "team", "method", "track", "entry_kind", "state", "received_at"),
    *("finished_at", "track__slug", "track__title", "team__name", "team__slug", "method__slug"),
    *("method__version", "method__title", "method__disclosure"),
    *("consensus__submission", "consensus__combined_from"),
)
BESIDE = ("team", "method", "track", "consensus")
LONG = {"credit_export"}  # of a revision: no page of a board shows it
_OF_STANDING = [each.name for each in Standing._meta.concrete_fields]


def shown_rows(rows: QuerySet[Standing]) -> QuerySet[Standing]:
    """Return lines with all that showing them takes, but their revisions, which many share."""
    return (
        rows.select_related(*(f"submission__{name}" for name in BESIDE))
        .only(*_OF_STANDING, *(f"submission__{name}" for name in OF_SUBMISSION))
        .prefetch_related(PARENTS)
    )


def shown_rows_of_many(rows: QuerySet[Standing]) -> QuerySet[Standing]:
    """Return lines of several boards with all that showing them takes."""
    of_revision = (each for each in BoardRevision._meta.concrete_fields if each.name not in LONG)
    return (
        shown_rows(rows)
        .select_related("revision")
        .only(
            *_OF_STANDING,
            *(f"submission__{name}" for name in OF_SUBMISSION),
            *(f"revision__{each.name}" for each in of_revision),
        )
    )
