"""The formats an artifact is described in, by the name of the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.exports.cards import card
from catalog.exports.citation_files import bibtex, cff_file
from catalog.exports.croissant import croissant
from catalog.exports.datacite import datacite
from catalog.exports.described import Described
from catalog.exports.eu_summary import eu_summary_markdown
from catalog.models import Artifact


@dataclass(frozen=True, slots=True)
class Format:
    """One way to describe an artifact."""

    name: str
    title: str | Promise
    media_type: str
    write: Callable[[Described], str]
    kinds: tuple[str, ...] = ("dataset", "model", "target-set")
    describes: bool = True  # a machine finds it in the page's Link header


def _json(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


FORMATS = (
    Format(
        "croissant.json",
        _("Croissant 1.1 with RAI (JSON-LD)"),
        "application/ld+json",
        lambda found: _json(croissant(found)),
    ),
    Format(
        "datacite.json",
        _("DataCite 4.5 (JSON)"),
        "application/vnd.datacite.datacite+json",
        lambda found: _json(datacite(found)),
    ),
    Format("CITATION.cff", "CITATION.cff 1.2.0", "application/yaml", cff_file),
    Format("citation.bib", "BibTeX", "application/x-bibtex", bibtex),
    Format("README.md", _("Card for the Hugging Face Hub"), "text/markdown", card, describes=False),
    Format(
        "training-summary.md",
        _("Public summary of training content (EU)"),
        "text/markdown",
        eu_summary_markdown,
        kinds=("model",),
        describes=False,
    ),
)


def formats_of(artifact: Artifact) -> list[Format]:
    """Return the formats for this kind of artifact."""
    return [each for each in FORMATS if artifact.kind in each.kinds]
