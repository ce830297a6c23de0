"""Reading Croissant, of any version."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from catalog.identifiers import normal_doi
from catalog.importing.findings import TITLE_MOST, Findings, cut, line, lines, plain, text

DESCRIPTION_MOST = 20_000
SUMMARY_MOST = 600
COLUMNS_MOST = 500
TYPES = {
    "text": "text",
    "integer": "integer",
    "int32": "integer",
    "int64": "integer",
    "float": "number",
    "float32": "number",
    "float64": "number",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "date",
}
ANSWERS: dict[str, tuple[str, Callable[[object], Any]]] = {
    "rai:dataCollection": ("collection_method", text),
    "rai:dataCollectionMissingData": ("missing_data", text),
    "rai:dataImputationProtocol": ("imputation", text),
    "rai:dataPreprocessingProtocol": ("preprocessing", text),
    "rai:dataManipulationProtocol": ("harmonisation", text),
    "rai:dataAnnotationProtocol": ("annotation_protocol", text),
    "rai:dataAnnotationPlatform": ("annotation_platform", line),
    "rai:dataAnnotationAnalysis": ("agreement", text),
    "rai:annotatorDemographics": ("annotators", text),
    "rai:machineAnnotationTools": ("annotation_tools", line),
    "rai:dataUseCases": ("intended_uses", text),
    "rai:dataLimitations": ("limits", text),
    "rai:dataBiases": ("biases", text),
    "rai:dataSocialImpact": ("social_impact", text),
    "rai:personalSensitiveInformation": ("sensitive", text),
    "rai:dataReleaseMaintenancePlan": ("maintenance", text),
    "citeAs": ("citation", text),
    "keywords": ("keywords", lines),
    "inLanguage": ("languages", lines),
    "usageInfo": ("use_limits", line),
}
# What says nothing a statement asks, or what the catalog makes by itself.
SILENT = {"@context", "@type", "@id", "conformsTo", "creator", "publisher", "version", "sdVersion"}


def from_croissant(data: dict[str, Any]) -> Findings:
    """Return what a Croissant file says in our words."""
    found = Findings()
    known = {_short(key): value for key, value in data.items()}
    description = plain(known.get("description"))
    found.fact("title", known.get("name"), of="name", most=TITLE_MOST)
    found.fact("summary", description.partition("\n\n")[0], of="description", most=SUMMARY_MOST)
    if len(description) > SUMMARY_MOST or "\n\n" in description:
        found.fact("description", description, of="description", most=DESCRIPTION_MOST)
    found.licence(known.get("license"), of="license")
    _address(known, found)
    for key, (field, shape) in ANSWERS.items():
        if key in known:
            found.answer(field, shape(known[key]), of=key)
    _dates(known, found)
    if isinstance(known.get("isLiveDataset"), bool):
        found.answer("is_live", known["isLiveDataset"], of="isLiveDataset")
    found.answer("columns", _columns(known.get("recordSet")), of="recordSet")
    used = {of for of, _ in found.understood}
    found.ignored += [cut(key, 80) for key in known if key not in used and key not in SILENT]
    return found


def _short(key: str) -> str:
    for prefix in ("sc:", "cr:", "https://schema.org/", "http://mlcommons.org/croissant/"):
        if key.startswith(prefix) and not key.startswith("http://mlcommons.org/croissant/RAI/"):
            return key.removeprefix(prefix)
    return key.replace("http://mlcommons.org/croissant/RAI/", "rai:")


def _address(known: dict[str, Any], found: Findings) -> None:
    same = known.get("sameAs")
    for key, value in [
        ("url", known.get("url")),
        *(("sameAs", each) for each in (same if isinstance(same, list) else [same])[:20]),
    ]:
        address = plain(value)
        if doi := normal_doi(address):
            found.fact("doi", doi, of=key)
        elif re.match(r"https?://\S{4,190}$", address) and "url" not in found.facts:
            found.fact("url", address, of=key)


def _dates(known: dict[str, Any], found: Findings) -> None:
    found.answer("released", _day(known.get("datePublished")), of="datePublished")
    for key in ("rai:dataCollectionTimeFrame", "rai:dataCollectionTimeframe"):
        frame = known.get(key)
        days = [_day(each) for each in (frame if isinstance(frame, list) else [frame])[:50]]
        days = sorted(filter(None, days))
        if days:
            found.answer("time_from", days[0], of=key)
            found.answer("time_to", days[-1], of=key)


def _day(value: object) -> str:
    match = re.match(r"\d{4}-\d{2}-\d{2}", plain(value))
    return match[0] if match else ""


def _columns(sets: object) -> list[dict[str, str]]:
    """Return the fields of the first record set with any."""
    for each in (sets if isinstance(sets, list) else [sets])[:50]:
        fields = each.get("field") if isinstance(each, dict) else None
        if isinstance(fields, list) and fields:
            columns = [_column(one) for one in fields[:COLUMNS_MOST] if isinstance(one, dict)]
            return [column for column in columns if column["name"]]
    return []


def _column(field: dict[str, Any]) -> dict[str, str]:
    kinds = field.get("dataType")
    kind = plain(kinds[0] if isinstance(kinds, list) and kinds else kinds)
    column = {
        "name": cut(line(field.get("name")), 120),
        "type": TYPES.get(kind.rpartition(":")[2].rpartition("/")[2].lower(), "text"),
    }
    meaning = line(field.get("description"))
    return column | ({"meaning": meaning} if meaning else {})
