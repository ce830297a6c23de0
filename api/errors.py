"""One error shape for the whole API: code, message, problems with place and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from catalog.errors import (
    ArtifactRefused,
    CatalogError,
    ClaimRefused,
    FileRefused,
    ImportRefused,
    NotYours,
    SharesRefused,
    StatementRefused,
)
from scoring.contract import Problem
from submissions.errors import (
    ChecksumMismatch,
    ChunkRefused,
    GateClosed,
    NoSuchUpload,
    NotAllowed,
    OffsetConflict,
    PredictionRefused,
    QuotaExhausted,
    StorageFull,
    SubmissionError,
    TooManyUploads,
    UploadBusy,
    UploadRefused,
    UploadTooLarge,
)

CHECKSUM_OF_PIECE = 460  # given by the tus protocol

STATUS_OF: dict[type[SubmissionError], int] = {
    GateClosed: status.HTTP_403_FORBIDDEN,
    NotAllowed: status.HTTP_403_FORBIDDEN,
    PredictionRefused: status.HTTP_422_UNPROCESSABLE_ENTITY,
    QuotaExhausted: status.HTTP_429_TOO_MANY_REQUESTS,
    TooManyUploads: status.HTTP_429_TOO_MANY_REQUESTS,
    UploadTooLarge: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    ChecksumMismatch: status.HTTP_422_UNPROCESSABLE_ENTITY,
    StorageFull: status.HTTP_507_INSUFFICIENT_STORAGE,
    NoSuchUpload: status.HTTP_404_NOT_FOUND,
    OffsetConflict: status.HTTP_409_CONFLICT,
    UploadRefused: status.HTTP_409_CONFLICT,
    UploadBusy: status.HTTP_423_LOCKED,
    ChunkRefused: CHECKSUM_OF_PIECE,
}

CATALOG_CODES: dict[type[CatalogError], str] = {
    ArtifactRefused: "ARTIFACT_REFUSED",
    FileRefused: "FILE_REFUSED",
    SharesRefused: "SHARES_REFUSED",
    StatementRefused: "STATEMENT_REFUSED",
    ClaimRefused: "CLAIM_REFUSED",
    ImportRefused: "IMPORT_REFUSED",
    NotYours: "NOT_YOURS",
}


def body(code: str, message: str, problems: tuple[Problem, ...] = ()) -> dict[str, Any]:
    """Build the one error body."""
    return {
        "code": code,
        "message": message,
        "problems": [asdict(problem) for problem in problems],
    }


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn an exception of a view into a response; None lets Django's own handling run."""
    if isinstance(error, SubmissionError):
        return _submission_error(error)
    if isinstance(error, CatalogError):
        return _catalog_error(error)
    if isinstance(error, ValidationError):
        return Response(body("INVALID", " ".join(error.messages)), status=400)
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    response.data = _framework_error(error)
    return response


def _catalog_error(error: CatalogError) -> Response:
    code = next((code for kind, code in CATALOG_CODES.items() if isinstance(error, kind)), "")
    told: Any = getattr(error, "fields", {})
    problems = tuple(
        Problem(code="INVALID", message=str(reason), where=name)
        for name, reasons in told.items()
        for reason in (reasons if isinstance(reasons, list) else [reasons])
    )
    number = 403 if isinstance(error, NotYours) else status.HTTP_422_UNPROCESSABLE_ENTITY
    return Response(body(code or "LINEAGE_REFUSED", str(error), problems), status=number)


def _submission_error(error: SubmissionError) -> Response:
    number = next(
        (code for kind, code in STATUS_OF.items() if isinstance(error, kind)),
        status.HTTP_400_BAD_REQUEST,
    )
    message = f"{error.message} {error.remedy}".strip()
    response = Response(body(error.code, message, tuple(error.problems)), status=number)
    if isinstance(error, QuotaExhausted):
        seconds = max(1, round((error.resets_at - timezone.now()).total_seconds()))
        response["Retry-After"] = str(seconds)
    if isinstance(error, StorageFull | TooManyUploads | UploadBusy):
        response["Retry-After"] = str(error.retry_after_s)
    return response


def _framework_error(error: Exception) -> dict[str, Any]:
    if isinstance(error, Http404):
        return body("NOT_FOUND", "There is nothing here, or it is not visible to you.")
    if isinstance(error, PermissionDenied):
        return body("NOT_ALLOWED", "You may not do this.")
    if isinstance(error, exceptions.ValidationError):
        return body("INVALID", "Some fields are wrong.", tuple(_field_problems(error.detail)))
    if isinstance(error, exceptions.APIException):
        return body(str(error.get_codes()).upper(), str(error.detail))
    return body("ERROR", "The request could not be answered.")


def _field_problems(detail: Any) -> list[Problem]:
    fields = detail.items() if isinstance(detail, dict) else [("", detail)]
    return [
        Problem(
            code=str(getattr(item, "code", "invalid")).upper(), message=str(item), where=str(name)
        )
        for name, items in fields
        for item in (items if isinstance(items, list) else [items])
    ]
