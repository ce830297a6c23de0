"""Search across all that the visitor may see: the words of a question against names and texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from catalog.models import Artifact
from challenges.models import Target
from challenges.selectors import (
    Viewer,
    visible_artifacts,
    visible_challenges,
    visible_rounds,
)
from leaderboards.visible import withheld_methods
from scoring.metrics import newest_metrics

MOST_WORDS = 8
MOST_FOUND = 12  # of a kind: who finds more should say more


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found."""

    title: str
    address: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind."""

    kind: str
    hits: list[Hit]
    more: bool


def search(text: str, viewer: Viewer) -> list[Hits]:
    """Return what speaks of every word, by kind; nothing for no words."""
    words = text.split()[:MOST_WORDS]
    if not words:
        return []
    found = [
        _hits(_("Challenges"), _challenges(words, viewer)),
        _hits(_("Rounds"), _rounds(words, viewer)),
        _hits(_("Targets"), _targets(words, viewer)),
        _hits(_("Datasets"), _artifacts(words, viewer, kinds=[Artifact.Kind.DATASET])),
        _hits(_("Models"), _artifacts(words, viewer, kinds=[Artifact.Kind.MODEL])),
        _hits(_("Target sets"), _artifacts(words, viewer, kinds=[Artifact.Kind.TARGET_SET])),
        _hits(_("Metrics"), _metrics(words)),
        _hits(_("Teams"), _teams(words)),
        _hits(_("People"), _people(words)),
    ]
    return [hits for hits in found if hits.hits]


def _hits(kind: object, found: Iterable[Hit]) -> Hits:
    hits = list(found)
    return Hits(str(kind), hits[:MOST_FOUND], more=len(hits) > MOST_FOUND)


def _speaking_of(words: list[str], *fields: str) -> Q:
    """Every word stands in one of the fields."""
    return reduce(
        and_,
        (reduce(or_, (Q(**{f"{name}__icontains": word}) for name in fields)) for word in words),
    )


def _challenges(words: list[str], viewer: Viewer) -> Iterable[Hit]:
    speaking = _speaking_of(words, "title", "summary", "domain_question", "ml_task")
    for each in visible_challenges(viewer).filter(speaking)[: MOST_FOUND + 1]:
        yield Hit(each.title, each.get_absolute_url(), each.summary)


def _rounds(words: list[str], viewer: Viewer) -> Iterable[Hit]:
    speaking = _speaking_of(words, "title", "task", "challenge__title")
    for each in visible_rounds(viewer).filter(speaking)[: MOST_FOUND + 1]:
        yield Hit(each.title, each.get_absolute_url(), each.challenge.title)


def _targets(words: list[str], viewer: Viewer) -> Iterable[Hit]:
    speaking = _speaking_of(words, "slug", "title", "family")
    rows = Target.objects.filter(speaking, round__in=visible_rounds(viewer))
    for each in rows.select_related("round__challenge")[: MOST_FOUND + 1]:
        yield Hit(str(each), each.get_absolute_url(), str(each.round))


def _artifacts(words: list[str], viewer: Viewer, *, kinds: list[str]) -> Iterable[Hit]:
    speaking = _speaking_of(words, "title", "slug", "summary")
    withheld = withheld_methods(viewer, timezone.now()) if Artifact.Kind.MODEL in kinds else ()
    rows = visible_artifacts(viewer).filter(speaking, kind__in=kinds).exclude(pk__in=withheld)
    for each in rows.order_by("title", "-registered_at")[: MOST_FOUND + 1]:
        yield Hit(str(each), each.get_absolute_url(), each.summary)


def _metrics(words: list[str]) -> Iterable[Hit]:
    folded = [word.casefold() for word in words]
    for metric in sorted(newest_metrics(), key=lambda each: each.title.casefold()):
        text = f"{metric.slug} {metric.title} {metric.family}".casefold()
        if all(word in text for word in folded):
            yield Hit(metric.title, reverse("pages:metric", args=[metric.slug]), metric.help)


def _teams(words: list[str]) -> Iterable[Hit]:
    rows = Team.objects.filter(_speaking_of(words, "name", "affiliation"))
    for each in rows[: MOST_FOUND + 1]:
        yield Hit(each.name, each.get_absolute_url(), each.affiliation)


def _people(words: list[str]) -> Iterable[Hit]:
    speaking = _speaking_of(words, "username", "display_name", "affiliation")
    rows = User.objects.filter(speaking, is_active=True).order_by("display_name", "username")
    for each in rows[: MOST_FOUND + 1]:
        yield Hit(each.public_name, each.get_absolute_url(), each.affiliation)
