"""DataCite metadata, version 4.5, as JSON: what a DOI is registered with."""

from __future__ import annotations

from typing import Any

from catalog.exports.described import Described
from catalog.identifiers import normal_doi
from catalog.models import Contribution, LineageEdge
from catalog.statements import NOT_DISCLOSED

RELATIONS = {
    LineageEdge.Relation.TRAINED_ON: "IsDerivedFrom",
    LineageEdge.Relation.FINE_TUNED_FROM: "IsDerivedFrom",
    LineageEdge.Relation.DERIVED_FROM: "IsDerivedFrom",
    LineageEdge.Relation.VARIANT_OF: "IsVariantFormOf",
    LineageEdge.Relation.IDENTICAL_TO: "IsIdenticalTo",
}
# What CRediT calls a role, in the words of DataCite's contributor types.
CONTRIBUTOR_TYPES = {
    "data-curation": "DataCurator",
    "investigation": "DataCollector",
    "project-administration": "ProjectManager",
    "supervision": "Supervisor",
    "software": "Producer",
    "resources": "Sponsor",
}


def datacite(found: Described) -> dict[str, Any]:
    """Return the attributes of a DOI, found or to be."""
    artifact = found.artifact
    content: dict[str, Any] = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "creators": [_creator(each) for each in found.people]
        or [{"name": f"Not named at {found.site}", "nameType": "Organizational"}],
        "titles": [{"title": artifact.title}],
        "publisher": {"name": found.site},
        "publicationYear": f"{found.released.year}",
        "types": {
            "resourceType": artifact.get_kind_display(),
            "resourceTypeGeneral": "Model" if found.is_model else "Dataset",
        },
        "version": artifact.version,
        "url": found.url,
        "descriptions": _descriptions(found),
        "dates": _dates(found),
        "sizes": [f"{file.size_bytes} bytes ({file.name})" for file in found.files],
        "formats": sorted({file.media_type for file in found.files}),
        "contributors": _contributors(found),
        "rightsList": _rights(found),
        "relatedIdentifiers": _related(found),
        "subjects": [{"subject": each} for each in found.get("keywords") or []],
        "fundingReferences": [{"funderName": funder}] if (funder := found.get("funding")) else [],
    }
    if artifact.doi:
        content["doi"] = artifact.doi
    content["alternateIdentifiers"] = [
        {"alternateIdentifier": found.url, "alternateIdentifierType": "URL"}
    ]
    if languages := found.get("languages"):
        content["language"] = languages[0]
    return {key: _unique(value) for key, value in content.items() if value}


def _unique(value: Any) -> Any:
    """Leave repetitions out of a list, which the schema refuses."""
    if not isinstance(value, list):
        return value
    return [each for place, each in enumerate(value) if each not in value[:place]]


def _creator(row: Contribution) -> dict[str, Any]:
    creator: dict[str, Any] = {"name": row.public_name, "nameType": "Personal"}
    if row.orcid:
        creator["nameIdentifiers"] = [
            {
                "nameIdentifier": f"https://orcid.org/{row.orcid}",
                "nameIdentifierScheme": "ORCID",
                "schemeUri": "https://orcid.org",
            }
        ]
    if row.affiliation or row.ror:
        place: dict[str, str] = {"name": row.affiliation or row.ror or ""}
        if row.ror:
            place |= {
                "affiliationIdentifier": row.ror,
                "affiliationIdentifierScheme": "ROR",
                "schemeUri": "https://ror.org",
            }
        creator["affiliation"] = [place]
    return creator


def _contributors(found: Described) -> list[dict[str, Any]]:
    people = [
        _creator(row) | {"contributorType": CONTRIBUTOR_TYPES[role]}
        for row in found.people
        for role in row.roles
        if role in CONTRIBUTOR_TYPES
    ]
    if contact := found.get("contact"):
        people.append({"name": contact, "contributorType": "ContactPerson"})
    return people


def _descriptions(found: Described) -> list[dict[str, str]]:
    artifact = found.artifact
    abstract = "\n\n".join(filter(None, [artifact.summary, artifact.description]))
    methods = "\n\n".join(filter(None, map(found.told, ["collection_method", "preprocessing"])))
    written = [{"description": abstract, "descriptionType": "Abstract"}]
    if methods:
        written.append({"description": methods, "descriptionType": "Methods"})
    return written


def _dates(found: Described) -> list[dict[str, str]]:
    dates = [{"date": f"{found.released:%Y-%m-%d}", "dateType": "Issued"}]
    if (first := found.get("time_from")) and (last := found.get("time_to")):
        dates.append({"date": f"{first}/{last}", "dateType": "Collected"})
    return dates


def _rights(found: Described) -> list[dict[str, str]]:
    licence = found.artifact.licence
    if not licence:
        return [{"rights": f"Licence {NOT_DISCLOSED}"}]
    rights = {"rights": licence}
    if found.licence_url:
        rights |= {
            "rightsUri": found.licence_url,
            "rightsIdentifier": licence,
            "rightsIdentifierScheme": "SPDX",
            "schemeUri": "https://spdx.org/licenses/",
        }
    return [rights]


def _related(found: Described) -> list[dict[str, str]]:
    related = [
        _identifier(edge.parent.doi or found.address_of(edge.parent))
        | {"relationType": RELATIONS[LineageEdge.Relation(edge.relation)]}
        for edge in found.inputs
    ]
    related += [
        _identifier(other.doi or found.address_of(other))
        | {
            "relationType": "IsNewVersionOf"
            if other.registered_at < found.artifact.registered_at
            else "IsPreviousVersionOf"
        }
        for other in found.versions
    ]
    for text in found.get("related") or []:
        related.append(_identifier(text) | {"relationType": "References"})
    return related


def _identifier(text: str) -> dict[str, str]:
    doi = normal_doi(text)
    return {
        "relatedIdentifier": doi or text,
        "relatedIdentifierType": "DOI" if doi else "URL",
    }
