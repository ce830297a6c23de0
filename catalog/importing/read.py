"""A Croissant file or a card of the Hub becomes facts and answers, with a report.

The file comes from anybody: it is small, nothing that it names is fetched, YAML makes plain
values only and no aliases (a few of them can stand for gigabytes), and whatever is taken over
passes the same checks as what a person types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext as _

from catalog.errors import ImportRefused
from catalog.importing.card import from_card
from catalog.importing.croissant import from_croissant
from catalog.importing.findings import Findings
from catalog.statements import check, completeness

IMPORT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file says in our words, and what became of each of its parts."""

    source: str  # "Croissant" or "card"
    kind: str
    facts: Mapping[str, str]  # title, summary, description, licence, doi, url
    answers: Mapping[str, Any]
    understood: tuple[tuple[str, str], ...]  # what of the file, as what here
    ignored: tuple[str, ...]
    problems: tuple[str, ...]
    missing: tuple[str, ...]  # labels of what is still needed to publish


def read_description(content: bytes, *, kind: str = "") -> Imported:
    """Read a Croissant file (JSON-LD) or a card (Markdown with YAML on top).

    Parameters
    ----------
    kind : {"", "dataset", "model"}
        What it describes, where the file does not say.

    Raises
    ------
    ImportRefused
        If it is too large, or neither of both.
    """
    if len(content) > IMPORT_BYTES:
        raise ImportRefused(
            _("The file is larger than %(limit)s KiB.") % {"limit": IMPORT_BYTES // 1024},
            _("A description holds no data; take out inline records."),
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImportRefused(_("The file is not text in UTF-8."), _("Save it as UTF-8.")) from None
    if text.lstrip().startswith("{"):
        return _imported("Croissant", kind or "dataset", from_croissant(_json(text)))
    top, body = _split_card(text)
    data = _yaml(top)
    guessed = "model" if {"base_model", "library_name", "pipeline_tag"} & data.keys() else "dataset"
    return _imported("card", kind or guessed, from_card(data, body))


def _imported(source: str, kind: str, found: Findings) -> Imported:
    """Keep the answers that a statement of this kind takes, and say why others are not kept."""
    wrong = {each.field: each.message for each in check(found.answers, kind)}
    answers = {key: value for key, value in found.answers.items() if key not in wrong}
    return Imported(
        source=source,
        kind=kind,
        facts=found.facts,
        answers=answers,
        understood=tuple((a, b) for a, b in found.understood if b not in wrong),
        ignored=tuple(sorted(set(found.ignored))[:100]),
        problems=(*found.problems, *(f"{key}: {told}" for key, told in wrong.items())),
        missing=tuple(str(each.label) for each in completeness(answers, kind).needed_missing),
    )


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        told = "It is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise ImportRefused(
            _("The file is not JSON: %(told)s.") % {"told": told},
            _("Save the JSON-LD as its site offers it."),
        ) from None
    if not isinstance(found, dict):
        raise ImportRefused(_("The file is JSON, but not an object."))
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


def _split_card(text: str) -> tuple[str, str]:
    if not text.startswith("---"):
        raise ImportRefused(
            _("The file is neither Croissant (JSON-LD) nor a card with YAML between lines of ---."),
            _("Choose croissant.json, or README.md of the dataset or model."),
        )
    lines = text.splitlines()
    ends = [place for place, line in enumerate(lines) if place and line.rstrip() == "---"]
    if not ends:
        raise ImportRefused(_("The YAML on top does not end."), _("Close it with a line of ---."))
    return "\n".join(lines[1 : ends[0]]), "\n".join(lines[ends[0] + 1 :])


class _PlainLoader(yaml.SafeLoader):
    """Plain values without aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not read")
        return super().compose_node(parent, index)


def _yaml(text: str) -> dict[str, Any]:
    try:
        found = yaml.load(text, Loader=_PlainLoader)  # noqa: S506  # a SafeLoader without aliases
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise ImportRefused(
            _("The YAML on top cannot be read: %(told)s.") % {"told": told}
        ) from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ImportRefused(_("The YAML on top is not a list of names with values."))
    return {str(key): value for key, value in found.items()}
