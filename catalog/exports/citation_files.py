"""CITATION.cff 1.2.0 and BibTeX."""

from __future__ import annotations

import re
from typing import Any

import yaml

from catalog.exports.described import Described
from catalog.models import Contribution
from catalog.statements import NOT_DISCLOSED

ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def cff(found: Described) -> dict[str, Any]:
    """Return CITATION.cff as a mapping."""
    artifact = found.artifact
    content: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": f"Please cite this {'model' if found.is_model else 'dataset'} as below.",
        "type": "software" if found.is_model else "dataset",
        "title": artifact.title,
        "authors": [_author(each) for each in found.people]
        or [{"name": f"Not named at {found.site}"}],
        "version": artifact.version,
        "date-released": found.released.isoformat(),
        "abstract": artifact.summary,
        "url": found.url,
    }
    if artifact.doi:
        content["doi"] = artifact.doi
    if found.licence_url:
        content["license"] = artifact.licence
    if keywords := list(dict.fromkeys(found.get("keywords") or [])):
        content["keywords"] = keywords
    if code := found.get("code_url"):
        content |= {"repository-code": code} if re.match(r"https?://\S+$", code) else {}
    return content


def cff_file(found: Described) -> str:
    """Return the text of CITATION.cff."""
    return yaml.safe_dump(cff(found), sort_keys=False, allow_unicode=True, width=100)


def bibtex(found: Described) -> str:
    """Return an entry for a list of references."""
    artifact = found.artifact
    people = " and ".join("{" + _tex(each.public_name) + "}" for each in found.people)
    fields = {
        "title": "{" + _tex(artifact.title) + "}",
        "author": people or "{" + _tex(found.site) + "}",
        "year": f"{found.released.year}",
        "publisher": _tex(found.site),
        "version": _tex(artifact.version),
        "doi": artifact.doi,
        "url": found.identifier,
        "note": _tex(
            f"{artifact.get_kind_display()}. Licence: {artifact.licence or NOT_DISCLOSED}"
        ),
    }
    key = re.sub(r"[^a-z0-9]+", "_", f"{artifact.slug}_{artifact.version}".lower())
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _author(row: Contribution) -> dict[str, str]:
    """Return a person; a name is split where it has a family name, or else kept whole."""
    given, _, family = row.public_name.strip().rpartition(" ")
    author = {"given-names": given, "family-names": family} if given else {"alias": family}
    if row.affiliation:
        author["affiliation"] = row.affiliation
    if row.orcid:
        author["orcid"] = f"https://orcid.org/{row.orcid}"
    return author


def _tex(text: str) -> str:
    flat = " ".join(text.split())
    return "".join(ESCAPES.get(letter, letter) for letter in flat)
