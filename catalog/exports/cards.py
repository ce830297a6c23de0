"""Cards as the Hugging Face Hub reads them: YAML on top, Markdown below."""

from __future__ import annotations

import re
from typing import Any

import yaml

from catalog.exports.citation_files import bibtex
from catalog.exports.described import Described
from catalog.models import Artifact
from catalog.statements import SECTIONS, Shape

# The upper ends of the Hub's size classes.
SIZES = [(10**3, "1K"), (10**4, "10K"), (10**5, "100K"), (10**6, "1M"), (10**7, "10M")]
SIZES += [(10**8, "100M"), (10**9, "1B"), (10**10, "10B"), (10**11, "100B"), (10**12, "1T")]
BASE_RELATIONS = {"fine-tuned-from": "finetune", "variant-of": "quantized"}


def card_data(found: Described) -> dict[str, Any]:
    """Return what stands on top of the card."""
    artifact = found.artifact
    data: dict[str, Any] = {
        "pretty_name": None if found.is_model else artifact.title,
        "language": found.get("languages"),
        "tags": found.get("keywords"),
        **_licence(found),
        **(_model_data(found) if found.is_model else _dataset_data(found)),
    }
    return {key: value for key, value in data.items() if value}


def card(found: Described) -> str:
    """Return the whole card, README.md in a repository of the Hub."""
    top = yaml.safe_dump(card_data(found), sort_keys=False, allow_unicode=True, width=100)
    artifact = found.artifact
    parts = [f"---\n{top}---", f"# {artifact.title}", artifact.summary, artifact.description]
    for section in SECTIONS:
        told = [
            f"### {each.label}\n\n{found.told(each.key)}"
            for each in section.fields
            if each.shape is not Shape.COLUMNS and found.told(each.key)
        ]
        if told:
            parts.append(f"## {section.title}\n\n" + "\n\n".join(told))
    parts.append(f"## Citation\n\n```bibtex\n{bibtex(found)}```")
    return "\n\n".join(part for part in parts if part) + "\n"


def _licence(found: Described) -> dict[str, Any]:
    """The Hub knows licences in small letters; what it may not know goes by name and link."""
    licence = found.artifact.licence
    if not licence:
        return {}
    if re.fullmatch(r"(CC-BY(-(SA|NC|ND|NC-SA|NC-ND))?-[34]\.0|CC0-1\.0|MIT|Apache-2\.0)", licence):
        return {"license": licence.lower()}
    return {"license": "other", "license_name": licence.lower(), "license_link": found.licence_url}


def _dataset_data(found: Described) -> dict[str, Any]:
    rows = found.get("row_count")
    parents = [_hub_name(edge.parent) for edge in found.inputs]
    is_annotated = bool(found.get("annotation_protocol"))
    return {
        "size_categories": [_size_class(rows)] if rows is not None else None,
        "source_datasets": parents or ["original"],
        "annotations_creators": None if is_annotated else ["no-annotation"],
        "configs": _configs(found),
    }


def _configs(found: Described) -> list[dict[str, Any]]:
    tables = [each.name for each in found.files if each.name.endswith((".csv", ".parquet"))]
    return [{"config_name": "default", "data_files": tables}] if tables else []


def _model_data(found: Described) -> dict[str, Any]:
    bases = [edge for edge in found.inputs if edge.parent.kind == Artifact.Kind.MODEL]
    data = [edge for edge in found.inputs if edge.parent.kind != Artifact.Kind.MODEL]
    relation = {BASE_RELATIONS.get(edge.relation, "") for edge in bases}
    return {
        "library_name": found.get("library"),
        "datasets": [_hub_name(edge.parent) for edge in data],
        "base_model": [_hub_name(edge.parent) for edge in bases],
        "base_model_relation": relation.pop() if len(relation) == 1 else None,
    }


def _size_class(rows: int) -> str:
    low = "n"
    for end, name in SIZES:
        if rows < end:
            return "n<1K" if low == "n" else f"{low}<n<{name}"
        low = name
    return "n>1T"


def _hub_name(artifact: Artifact) -> str:
    """Return a repository of the Hub as owner/name where the artifact is one, or our own name."""
    hub = re.match(r"https://huggingface\.co/(?:datasets/)?([\w.-]+/[\w.-]+)/?$", artifact.url)
    return hub[1] if hub else artifact.slug
