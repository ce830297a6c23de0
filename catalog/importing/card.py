"""Reading cards of the Hugging Face Hub."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.utils import translation

from catalog.importing.croissant import COLUMNS_MOST, DESCRIPTION_MOST, SUMMARY_MOST, TYPES
from catalog.importing.findings import Findings, cut, line, lines, plain
from catalog.statements import SECTIONS, Shape

# A heading of the body, and the answer that the text below it is.
HEADINGS = (
    (r"(intended|direct) uses?|uses?", "intended_uses"),
    (r"out[- ]of[- ]scope use|limitations?|bias, risks,? and limitations", "limits"),
    (r"bias(es)?|discussion of biases", "biases"),
    (r"social impact( of dataset)?", "social_impact"),
    (r"source data|data collection( and processing)?|training data", "collection_method"),
    (r"(data )?preprocessing|training procedure", "preprocessing"),
    (r"personal and sensitive information", "sensitive"),
    (r"annotations?|annotation process", "annotation_protocol"),
    (r"curation rationale|motivation", "purpose"),
    (r"citation( information)?", "citation"),
)
TEXT_MOST = 2000


def from_card(data: dict[str, Any], body: str) -> Findings:
    """Return what a card says in our words."""
    found = Findings()
    heading = re.search(r"^# +(.+)$", body, re.MULTILINE)
    found.fact("title", data.get("pretty_name"), of="pretty_name")
    if "title" not in found.facts and heading:
        found.fact("title", heading[1].strip(), of="# heading")
    _opening(body, found)
    found.licence(_licence(data), of="license")
    found.answer("languages", lines(data.get("language")), of="language")
    found.answer("keywords", lines(data.get("tags")), of="tags")
    found.answer("size_range", line(data.get("size_categories")), of="size_categories")
    found.answer("library", line(data.get("library_name")), of="library_name")
    _dataset_info(data.get("dataset_info"), found)
    _sections(body, found)
    parents = [*lines(data.get("base_model")), *lines(data.get("datasets"))]
    parents += [each for each in lines(data.get("source_datasets")) if each != "original"]
    if parents:
        told = ", ".join(parents[:12])
        found.problems.append(f"Declare its lineage by hand; the card names {cut(told, 300)}.")
    used = {of for of, _ in found.understood} | {"base_model", "datasets", "source_datasets"}
    found.ignored += [cut(key, 80) for key in data if key not in used]
    return found


def _licence(data: dict[str, Any]) -> object:
    value = data.get("license")
    return data.get("license_name") if plain(value) == "other" else value


def _opening(body: str, found: Findings) -> None:
    """Take the first paragraph that is prose as the summary."""
    for part in re.split(r"\n\s*\n", body[:DESCRIPTION_MOST]):
        text = " ".join(part.split())
        if text and text[0] not in "#<!|[`-*>":
            found.fact("summary", text, of="first paragraph", most=SUMMARY_MOST)
            return


def _dataset_info(value: object, found: Findings) -> None:
    infos = value if isinstance(value, list) else [value]
    info = next((each for each in infos if isinstance(each, dict)), {})
    splits = info.get("splits")
    counts = [
        each["num_examples"]
        for each in (splits if isinstance(splits, list) else [])[:100]
        if isinstance(each, dict) and type(each.get("num_examples")) is int
    ]
    if counts:
        found.answer("row_count", sum(counts), of="dataset_info")
    features = info.get("features")
    columns = [
        {
            "name": cut(line(each.get("name")), 120),
            "type": TYPES.get(plain(each.get("dtype")).lower().replace("string", "text"), "text"),
        }
        for each in (features if isinstance(features, list) else [])[:COLUMNS_MOST]
        if isinstance(each, dict) and line(each.get("name"))
    ]
    found.answer("columns", columns, of="dataset_info")


def _sections(body: str, found: Findings) -> None:
    parts = re.split(r"^#{2,4} +(.+)$", body, flags=re.MULTILINE)
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        text = _without_comments(text).strip()
        if not text or text == "[More Information Needed]":
            continue
        field = _asked(title.strip())
        if field and field not in found.answers:
            found.answer(field, cut(plain(text), TEXT_MOST), of=f"## {cut(title.strip(), 60)}")


def _asked(title: str) -> str:
    """Return the question that a heading stands for: one of ours, or a usual one of the Hub."""
    with translation.override(settings.LANGUAGE_CODE):  # ours are written in it, whoever reads
        for section in SECTIONS:
            for each in section.fields:
                if each.shape is Shape.TEXT and str(each.label) == title:
                    return each.key
    return next(
        (field for pattern, field in HEADINGS if re.fullmatch(pattern, title, re.IGNORECASE)), ""
    )


def _without_comments(text: str) -> str:
    """Take comments out in one pass: a pattern would look at each unclosed one to the end."""
    kept, _, rest = text.partition("<!--")
    parts = [kept]
    while rest:
        _, closed, after = rest.partition("-->")
        if not closed:
            break
        kept, _, rest = after.partition("<!--")
        parts.append(kept)
    return "".join(parts)
