"""All that is public about one artifact version, looked up once for any number of exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from catalog.models import Artifact, ArtifactFile, Contribution, LineageEdge, Statement
from catalog.selectors import published_statement
from catalog.statements import NOT_DISCLOSED, fields_of

SPDX = "https://spdx.org/licenses/"


@dataclass(frozen=True, slots=True)
class Described:
    """An artifact with its rows and the answers of its published statement."""

    artifact: Artifact
    statement: Statement | None
    answers: Mapping[str, Any]
    people: tuple[Contribution, ...]
    files: tuple[ArtifactFile, ...]
    inputs: tuple[LineageEdge, ...]
    versions: tuple[Artifact, ...]  # the others
    root: str  # of the site, without a slash at its end
    site: str

    @property
    def url(self) -> str:
        return self.root + self.artifact.get_absolute_url()

    @property
    def identifier(self) -> str:
        """The persistent address: of the DOI, or else the page here."""
        return f"https://doi.org/{self.artifact.doi}" if self.artifact.doi else self.url

    @property
    def is_model(self) -> bool:
        return self.artifact.kind == Artifact.Kind.MODEL

    @property
    def released(self) -> date:
        given = self.get("released")
        return date.fromisoformat(given) if given else self.artifact.registered_at.date()

    @property
    def licence_url(self) -> str:
        """The address of a single SPDX licence; an expression has none."""
        licence = self.artifact.licence
        return f"{SPDX}{licence}" if licence and " " not in licence else ""

    def file_url(self, file: ArtifactFile) -> str:
        place = [self.artifact.slug, self.artifact.version, file.name]
        return self.root + reverse("pages:artifact-file", args=place)

    def address_of(self, other: Artifact) -> str:
        return f"https://doi.org/{other.doi}" if other.doi else self.root + other.get_absolute_url()

    def get(self, key: str) -> Any:
        """Return an answer that tells something: neither open nor "not disclosed"."""
        value = self.answers.get(key)
        return None if value in (None, "", [], NOT_DISCLOSED) else value

    def told(self, key: str) -> str:
        """Return an answer in words; what is not disclosed says so, what is open is empty."""
        value = self.answers.get(key)
        if value in (None, "", []):
            return ""
        if value == NOT_DISCLOSED:
            return NOT_DISCLOSED.capitalize() + "."
        field = next(each for each in fields_of(self.artifact.kind) if each.key == key)
        names = {name: str(label) for name, label in field.choices}
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, list):
            return ", ".join(names.get(str(each), str(each)) for each in value)
        return names.get(str(value), str(value))


def describe(artifact: Artifact, *, root: str, site: str) -> Described:
    """Look up what the exports tell of an artifact.

    Parameters
    ----------
    root : str
        The address of the site, like ``https://heldout.example.org``.
    """
    statement = published_statement(artifact)
    return Described(
        artifact=artifact,
        statement=statement,
        answers=statement.answers if statement else {},
        people=tuple(artifact.contributions.select_related("person")),
        files=tuple(artifact.files.all()),
        inputs=tuple(
            artifact.parent_edges.select_related("parent")
            .exclude(status=LineageEdge.Status.REJECTED)
            .order_by("parent__title", "pk")
        ),
        versions=tuple(Artifact.objects.filter(slug=artifact.slug).exclude(pk=artifact.pk)),
        root=root.rstrip("/"),
        site=site,
    )
