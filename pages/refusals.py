"""Refusals of services as pages show them: the one place that knows their HTTP status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from catalog.errors import CatalogError
from challenges.models import Round
from scoring.contract import Mending, Problem
from submissions import errors

STATUS: dict[type[Exception], int] = {
    errors.GateClosed: 403,
    errors.NotAllowed: 403,
    errors.QuotaExhausted: 429,
    errors.UploadTooLarge: 413,
    errors.StorageFull: 507,
    errors.TooManyUploads: 429,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was wrong, how to mend it, and every single problem found."""

    message: str
    remedy: str
    problems: Sequence[Problem]
    status: int
    suggestions: Sequence[Mending] = ()  # how the file could be mended


def refusal_of(error: errors.SubmissionError | CatalogError) -> Refusal:
    """Turn a service's error into what the page says."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 422)
    return Refusal(
        error.message,
        error.remedy,
        getattr(error, "problems", ()),
        status,
        getattr(error, "suggestions", ()),
    )


def too_large(round_: Round, size: int) -> Refusal:
    """Refuse a file by its declared size, before any of it is read."""
    return Refusal(
        message=_("The upload has %(size)s; this round takes files up to %(limit)s.")
        % {"size": filesizeformat(size), "limit": filesizeformat(round_.upload_limit_bytes)},
        remedy=_("Write numbers in a binary format, or with fewer digits."),
        problems=(),
        status=413,
    )
