"""The public summary of training content that the EU asks of general-purpose models.

Its headings follow the template of the AI Office (AI Act, Article 53(1)(d)). It is a help to
those who must write one; whether they must, and whether it is right, they know themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.exports.described import Described
from catalog.models import Artifact, LineageEdge

OPEN = "Not answered."


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the template with what is answered, in a list of paragraphs."""

    label: str
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A numbered heading of the template."""

    number: str
    title: str
    lines: tuple[Line, ...]


def eu_summary(found: Described) -> tuple[Part, ...]:
    """Return the summary; an open entry says that it is open."""
    return (
        Part("1", "General information", _general(found)),
        Part("2", "List of data sources", _sources(found)),
        Part("3", "Data processing aspects", _processing(found)),
    )


def eu_summary_markdown(found: Described) -> str:
    """Return the summary as a document."""
    artifact, statement = found.artifact, found.statement
    updated = f"{statement.published_at:%Y-%m-%d}" if statement else "not published"
    parts = [
        f"# Public summary of training content: {artifact.title}",
        f"Version of the summary: {statement.number if statement else 'none'}. "
        f"Last update: {updated}. Source: {found.url}",
    ]
    for part in eu_summary(found):
        parts.append(f"## {part.number}. {part.title}")
        parts += [f"**{line.label}**\n\n" + "\n\n".join(line.told) for line in part.lines]
    return "\n\n".join(parts) + "\n"


def _general(found: Described) -> tuple[Line, ...]:
    artifact = found.artifact
    provider = (
        artifact.team.name
        if artifact.team
        else ", ".join(each.public_name for each in found.people)
    )
    bases = [_named(found, edge) for edge in found.inputs if edge.parent.kind == "model"]
    return (
        Line("1.1 Provider", _all(provider, found.told("contact"))),
        Line("1.1 Representative in the EU", _all(found.told("eu_representative"))),
        Line("1.2 Model and version", (f"{artifact.title}, version {artifact.version}",)),
        Line("1.2 Dependencies: models it starts from", tuple(bases) or ("None declared.",)),
        Line("1.2 Placed on the EU market", _all(found.told("eu_market"))),
        Line("1.3 Modalities", _all(found.told("modalities"))),
        Line("1.3 Size of the training data", _all(found.told("size_range"))),
        Line(
            "1.3 Latest date of acquisition, and whether training goes on",
            _all(found.told("training_cutoff"), found.told("continues")),
        ),
        Line("1.3 Languages", _all(found.told("languages"))),
        Line("1.3 Other characteristics", _all(found.told("sensitive"), found.told("limits"))),
    )


def _sources(found: Described) -> tuple[Line, ...]:
    public = [_named(found, edge) for edge in found.inputs if edge.parent.kind != "model"]
    lineage = {
        Artifact.Disclosure.UNDISCLOSED: "The sources are not disclosed.",
        Artifact.Disclosure.PARTIAL: "More sources were used than are declared.",
    }.get(Artifact.Disclosure(found.artifact.disclosure), "")
    return (
        Line(
            "2.1 Publicly available datasets", tuple(public + [lineage] * bool(lineage)) or (OPEN,)
        ),
        Line("2.2 Data licensed or had from third parties", _all(found.told("licensed_sources"))),
        Line("2.3 Data crawled and scraped", _all(found.told("crawlers"))),
        Line("2.4 User data", _all(found.told("user_data"))),
        Line("2.5 Synthetic data", _all(found.told("synthetic_from"))),
        Line("2.6 Other sources", _all(found.told("sources"), found.told("collection_method"))),
    )


def _processing(found: Described) -> tuple[Line, ...]:
    return (
        Line(
            "3.1 Reservations of rights for text and data mining",
            _all(found.told("rights_reserved"), found.told("opt_out")),
        ),
        Line("3.2 Removal of illegal content", _all(found.told("illegal_content"))),
        Line("3.3 Other", _all(found.told("preprocessing"), found.told("harmonisation"))),
    )


def _all(*told: str) -> tuple[str, ...]:
    return tuple(filter(None, told)) or (OPEN,)


def _named(found: Described, edge: LineageEdge) -> str:
    parent = edge.parent
    use = f", for {edge.use_label}" if edge.use else ""
    return f"{parent.title}, version {parent.version}{use}: {found.address_of(parent)}"
