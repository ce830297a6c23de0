"""Identifiers of things: DOIs and version numbers."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)?(10\.\d{4,9}/[^\s<>\"]{1,180})", re.I)
_SEMVER = re.compile(r"(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?")

CHANGES = ("patch", "minor", "major")


def normal_doi(text: str) -> str:
    """Return the bare DOI in what people write for one, or nothing if it is none."""
    found = _DOI.fullmatch(text.strip())
    return found[1] if found else ""


def validate_doi(value: str) -> None:
    """Refuse what is not a DOI."""
    if not normal_doi(value):
        raise ValidationError(_("A DOI has the form 10.5281/zenodo.1234567."))


def version_key(version: str) -> tuple[int, int, int]:
    """Return a version's three numbers; 0.0.0 for what is not a version of this kind."""
    found = _SEMVER.fullmatch(version)
    if found is None:
        return (0, 0, 0)
    major, minor, patch = (int(part or 0) for part in found.groups())
    return (major, minor, patch)


def next_version(version: str, change: str) -> str:
    """Return the version after this one.

    Parameters
    ----------
    change : {"patch", "minor", "major"}
        Packed anew with the same content; only added to; anything changed or taken away.
    """
    major, minor, patch = version_key(version)
    if change == "major":
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if change == "minor" else f"{major}.{minor}.{patch + 1}"
