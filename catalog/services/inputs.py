"""Inputs as people write them: `slug`, `slug@version`, a DOI or a URL, with `:use` behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.errors import LineageRefused
from catalog.identifiers import normal_doi
from catalog.models import Artifact, LineageEdge
from catalog.selectors import artifact_called
from catalog.services.curation import register_stub


@dataclass(frozen=True, slots=True)
class NamedInput:
    """An input as it was written, and the artifact that it names, if there is one yet."""

    name: str
    use: str
    artifact: Artifact | None


def read_inputs(written: Iterable[str], among: QuerySet[Artifact]) -> list[NamedInput]:
    """Look up inputs; a DOI or URL may be unknown, it is registered when it is settled.

    Raises
    ------
    LineageRefused
        With every name that is in no catalog.
    """
    found = [_read(text, among) for text in written if text.strip()]
    unknown = [
        each.name
        for each in found
        if each.artifact is None and not normal_doi(each.name) and "://" not in each.name
    ]
    if unknown:
        raise LineageRefused(
            _("The catalog has no %(unknown)s.") % {"unknown": ", ".join(unknown)[:300]},
            _("Write slug@version as the page of a dataset or model shows it, or a DOI or URL."),
        )
    return found


def settle_inputs(named: Iterable[NamedInput], *, by: User) -> dict[Artifact, str]:
    """Return each input with its use, registering outside data that is not in the catalog."""
    settled: dict[Artifact, str] = {}
    for each in named:
        artifact = each.artifact or register_stub(title=each.name[:200], address=each.name, by=by)
        settled.setdefault(artifact, each.use)
    return settled


def _read(text: str, among: QuerySet[Artifact]) -> NamedInput:
    name, colon, use = text.strip().rpartition(":")
    if not colon or use not in LineageEdge.Use.values:
        name, use = text.strip(), ""
    return NamedInput(name, use, artifact_called(name, among))
