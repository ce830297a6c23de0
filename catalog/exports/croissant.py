"""Croissant 1.1 with its Responsible AI part, as JSON-LD.

The standard is at https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html.
"""

from __future__ import annotations

from typing import Any

from catalog.exports.described import Described
from catalog.models import ArtifactFile, Contribution
from catalog.statements import NOT_DISCLOSED

TERMS = (
    "arrayShape",
    "citeAs",
    "column",
    "containedIn",
    "equivalentProperty",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isArray",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
)
# The vocabulary's own short names: readers compare a file's context with this one.
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in TERMS},
}
CONFORMS_TO = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
DATA_TYPES = {
    "text": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "array": "sc:Text",
}
TABLES = (".csv", ".tsv", ".parquet")
# Answers that a property holds as they are. True: a list of one or more.
RAI: dict[str, tuple[str, bool]] = {
    "collection_method": ("dataCollection", False),
    "sources": ("dataCollectionType", True),
    "missing_data": ("dataCollectionMissingData", False),
    "imputation": ("dataImputationProtocol", False),
    "preprocessing": ("dataPreprocessingProtocol", True),
    "harmonisation": ("dataManipulationProtocol", False),
    "annotation_protocol": ("dataAnnotationProtocol", True),
    "annotation_platform": ("dataAnnotationPlatform", True),
    "agreement": ("dataAnnotationAnalysis", True),
    "annotations_per_item": ("annotationsPerItem", False),
    "annotators": ("annotatorDemographics", True),
    "annotation_tools": ("machineAnnotationTools", True),
    "intended_uses": ("dataUseCases", True),
    "limits": ("dataLimitations", True),
    "biases": ("dataBiases", True),
    "social_impact": ("dataSocialImpact", False),
    "sensitive": ("personalSensitiveInformation", True),
    "maintenance": ("dataReleaseMaintenancePlan", False),
}


def croissant(found: Described) -> dict[str, Any]:
    """Return the description as JSON-LD. What is not answered is left out."""
    artifact = found.artifact
    content: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "@id": found.url,
        "conformsTo": CONFORMS_TO,
        "name": artifact.title,
        "description": "\n\n".join(filter(None, [artifact.summary, artifact.description])),
        "url": found.url,
        "version": artifact.version,
        "datePublished": f"{found.released:%Y-%m-%d}",
        "license": found.licence_url or artifact.licence or NOT_DISCLOSED,
        "creator": [_person(each) for each in found.people] or [_nobody(found)],
        "publisher": {"@type": "sc:Organization", "name": found.site, "url": found.root},
        "citeAs": found.told("citation") or citation(found),
        "isLiveDataset": bool(found.get("is_live")),
        "distribution": [_file(found, file) for file in found.files],
        **_optional(found),
    }
    if found.statement:
        content["cr:sdVersion"] = f"{found.statement.number}.0.0"
        content["sdDatePublished"] = f"{found.statement.saved_at:%Y-%m-%d}"
    return content | _columns(found) | _responsible(found) | _provenance(found)


def citation(found: Described) -> str:
    """Return how to cite an artifact whose statement does not say."""
    names = ", ".join(each.public_name for each in found.people) or found.site
    artifact = found.artifact
    return (
        f"{names} ({found.released.year}). {artifact.title} (version {artifact.version}) "
        f"[{artifact.get_kind_display()}]. {found.site}. {found.identifier}"
    )


def _person(row: Contribution) -> dict[str, Any]:
    person: dict[str, Any] = {"@type": "sc:Person", "name": row.public_name}
    if row.orcid:
        person |= {"@id": f"https://orcid.org/{row.orcid}", "url": f"https://orcid.org/{row.orcid}"}
    if row.affiliation or row.ror:
        place = {"@type": "sc:Organization", "name": row.affiliation or row.ror}
        person["affiliation"] = place | ({"@id": row.ror} if row.ror else {})
    return person


def _nobody(found: Described) -> dict[str, str]:
    return {"@type": "sc:Organization", "name": f"Not named at {found.site}"}


def _optional(found: Described) -> dict[str, Any]:
    artifact = found.artifact
    same = [f"https://doi.org/{artifact.doi}"] if artifact.doi else []
    same += [artifact.url] if artifact.url else []
    optional = {
        "sameAs": same,
        "keywords": found.get("keywords"),
        "inLanguage": found.get("languages"),
        "usageInfo": found.get("use_limits"),
        "citation": found.get("related"),
    }
    return {key: value for key, value in optional.items() if value}


def _file(found: Described, file: ArtifactFile) -> dict[str, Any]:
    content = {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": found.file_url(file),
        "contentSize": f"{file.size_bytes} B",
        "encodingFormat": file.media_type,
        "sha256": file.sha256,
    }
    return content | ({"description": file.description} if file.description else {})


def _columns(found: Described) -> dict[str, Any]:
    columns = found.get("columns") or []
    if not columns:
        return {}
    content: dict[str, Any] = {
        "variableMeasured": [
            {
                "@type": "sc:PropertyValue",
                "name": each["name"],
                **({"unitText": each["unit"]} if each.get("unit") else {}),
                **({"description": each["meaning"]} if each.get("meaning") else {}),
            }
            for each in columns
        ]
    }
    table = next((file for file in found.files if file.name.lower().endswith(TABLES)), None)
    if table is not None:
        content["recordSet"] = [_record_set(table, columns)]
    return content


def _record_set(table: ArtifactFile, columns: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "rows",
        "name": "rows",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"rows/{each['name']}",
                "name": each["name"],
                "description": each.get("meaning") or each["name"],
                "dataType": DATA_TYPES[each["type"]],
                "source": {
                    "fileObject": {"@id": table.name},
                    "extract": {"column": each["name"]},
                },
            }
            for each in {column["name"]: column for column in columns}.values()
        ],
    }


def _responsible(found: Described) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, (name, is_list) in RAI.items():
        if told := found.told(key):
            content[f"rai:{name}"] = [told] if is_list else told
    frame = [day for key in ("time_from", "time_to") if (day := found.get(key))]
    if frame:
        content["rai:dataCollectionTimeFrame"] = frame
    return content


def _provenance(found: Described) -> dict[str, Any]:
    """Write the lineage in PROV-O: from what, and as what each was used."""
    if not found.inputs:
        return {}
    return {
        "prov:wasDerivedFrom": [
            {
                "@id": found.address_of(edge.parent),
                "sc:name": edge.parent.title,
                "sc:version": edge.parent.version,
                "dct:type": edge.relation,
                **({"prov:hadRole": edge.use} if edge.use else {}),
            }
            for edge in found.inputs
        ]
    }
