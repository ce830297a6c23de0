"""What the catalog services refuse, with facts a person can act on."""

from __future__ import annotations

from django.core.exceptions import NON_FIELD_ERRORS


class CatalogError(Exception):
    """Base of the refusals: what is wrong and how to mend it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}".strip())


class ArtifactRefused(CatalogError):
    """Some fields of an artifact are not allowed; `fields` says which and why."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self.fields = fields
        told = [
            f"{'' if name == NON_FIELD_ERRORS else name + ': '}{' '.join(reasons)}"
            for name, reasons in fields.items()
        ]
        super().__init__("; ".join(told))


class FileRefused(CatalogError):
    """A file cannot be added under this name."""


class SharesRefused(CatalogError):
    """Shares that do not make a whole, or name nobody, or somebody twice."""


class LineageRefused(CatalogError):
    """An edge that would make the lineage untrue: a circle, a later parent, too many inputs."""


class StatementRefused(CatalogError):
    """Answers that do not fit, or a statement that lacks what it needs to be published."""

    def __init__(self, message: str, remedy: str = "", *, fields: dict[str, str]) -> None:
        self.fields = fields  # by field, what is wrong there
        super().__init__(message, remedy)


class ClaimRefused(CatalogError):
    """A share of this artifact cannot be claimed, or the claim is decided already."""


class NotYours(CatalogError):
    """Only who registered an artifact, its team and its confirmed makers change it."""


class ImportRefused(CatalogError):
    """A file that cannot be read as a description of a dataset or model."""
