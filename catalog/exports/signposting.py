"""Signposting: what a machine finds in the Link header of a page (https://signposting.org/)."""

from __future__ import annotations

from urllib.parse import quote

from django.urls import reverse

from catalog.exports.described import Described
from catalog.exports.formats import formats_of

ITEMS_MOST = 20  # a header has its limits; the descriptions list all files


def links(found: Described) -> str:
    """Return the Link header of an artifact's page."""
    kind = "https://schema.org/" + ("SoftwareSourceCode" if found.is_model else "Dataset")
    told = [
        _link(found.identifier, "cite-as"),
        _link("https://schema.org/AboutPage", "type"),
        _link(kind, "type"),
    ]
    told += [
        _link(f"https://orcid.org/{each.orcid}", "author") for each in found.people if each.orcid
    ]
    if found.licence_url:
        told.append(_link(found.licence_url, "license"))
    told += [
        _link(export_url(found, each.name), "describedby", each.media_type)
        for each in formats_of(found.artifact)
        if each.describes
    ]
    told += [
        _link(found.file_url(file), "item", file.media_type) for file in found.files[:ITEMS_MOST]
    ]
    return ", ".join(told)


def file_links(page: str) -> str:
    """Return the Link header of a file: the page that it belongs to."""
    return _link(page, "collection", "text/html")


def export_url(found: Described, name: str) -> str:
    """Return the address of a description."""
    place = [found.artifact.slug, found.artifact.version, name]
    return found.root + reverse("pages:artifact-export", args=place)


def _link(address: str, relation: str, media_type: str = "") -> str:
    # Whatever a curator wrote as a type or address cannot end the header or begin another.
    safe = quote(address, safe=":/?#[]@!$&'()*+;=%~,")
    typed = media_type.replace('"', "").replace("\\", "")
    typed = "".join(letter for letter in typed if " " < letter < "\x7f")
    return f'<{safe}>; rel="{relation}"' + (f'; type="{typed}"' if typed else "")
