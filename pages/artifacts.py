"""Which artifacts a visitor may see."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from catalog.models import Artifact
from challenges.selectors import Viewer, visible_rounds


def visible_artifacts(user: Viewer) -> QuerySet[Artifact]:
    """Return all artifacts, but a target set only with a round that the visitor may see.

    The name and files of a target set could tell what a draft is about.
    """
    asked = visible_rounds(user).filter(target_set__isnull=False).order_by().values("target_set")
    return Artifact.objects.filter(~Q(kind=Artifact.Kind.TARGET_SET) | Q(pk__in=asked))
