"""One error shape for the whole API: code, message, problems with place and remedy."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.utils import timezone
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts import errors as accounts
from catalog import errors as catalog
from challenges import errors as challenges
from community import errors as community
from heldout.bundle.errors import BundleError
from scoring.contract import Problem
from submissions import errors as submissions

logger = logging.getLogger(__name__)

CHECKSUM_OF_PIECE = 460  # given by the tus protocol
RETRY_AFTER_S = 5  # where nobody knows better

# The first kind that fits counts.
STATUS_OF: tuple[tuple[type[Exception], int], ...] = (
    (submissions.GateClosed, status.HTTP_403_FORBIDDEN),
    (submissions.NotAllowed, status.HTTP_403_FORBIDDEN),
    (submissions.PredictionRefused, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (submissions.QuotaExhausted, status.HTTP_429_TOO_MANY_REQUESTS),
    (submissions.TooManyUploads, status.HTTP_429_TOO_MANY_REQUESTS),
    (submissions.UploadTooLarge, status.HTTP_413_REQUEST_ENTITY_TOO_LARGE),
    (submissions.ChecksumMismatch, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (submissions.StorageFull, status.HTTP_507_INSUFFICIENT_STORAGE),
    (submissions.NoSuchUpload, status.HTTP_404_NOT_FOUND),
    (submissions.OffsetConflict, status.HTTP_409_CONFLICT),
    (submissions.UploadRefused, status.HTTP_409_CONFLICT),
    (submissions.UploadBusy, status.HTTP_423_LOCKED),
    (submissions.ChunkRefused, CHECKSUM_OF_PIECE),
    (submissions.SubmissionError, status.HTTP_400_BAD_REQUEST),
    (challenges.NotOrganizer, status.HTTP_403_FORBIDDEN),
    (challenges.RoundFrozen, status.HTTP_409_CONFLICT),
    (challenges.RoundNotReady, status.HTTP_409_CONFLICT),
    (challenges.ChallengeError, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (accounts.UsernameTaken, status.HTTP_409_CONFLICT),
    (accounts.TeamNameTaken, status.HTTP_409_CONFLICT),
    (accounts.AccountError, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (catalog.NotYours, status.HTTP_403_FORBIDDEN),
    (catalog.CatalogError, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (community.CommunityError, status.HTTP_422_UNPROCESSABLE_ENTITY),
    (BundleError, status.HTTP_422_UNPROCESSABLE_ENTITY),
)
Refusal = (
    submissions.SubmissionError | challenges.ChallengeError | accounts.AccountError
    | catalog.CatalogError | community.CommunityError | BundleError
)  # fmt: skip
REMEDIES = {
    400: "Mend the request; /api/v1/schema/ describes what this address takes.",
    401: "Send `Authorization: Token …`; make a token at POST /api/v1/auth/token/.",
    403: "Ask somebody who may, or use a token with the right scope.",
    404: "Look at the address; /api/v1/schema/ lists all there are.",
    405: "Use one of the methods in the header Allow.",
    406: "Send `Accept: application/json`, or no such header.",
    409: "Read what stands there now, then decide.",
    413: "Send less, or in pieces at POST /api/v1/uploads/.",
    415: "Send a Content-Type that /api/v1/schema/ names for this address.",
    422: "Mend what is named and send it again.",
    423: "Wait as long as Retry-After says.",
    429: "Wait as long as Retry-After says.",
    500: "Try again later, or tell the operators the X-Request-ID of this answer.",
    503: "Try again after Retry-After seconds.",
    507: "Try again after Retry-After seconds.",
}


class BodyTooLarge(exceptions.APIException):
    """A body that is no file and yet does not end."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = "A body that is not a file has at most 1 MiB."


class UnusableKey(exceptions.APIException):
    """An Idempotency-Key that belongs to another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used with another request."


def body(
    code: str,
    message: str,
    problems: Sequence[Problem] = (),
    *,
    status: int = 400,
    where: str = "",
    remedy: str = "",
) -> dict[str, Any]:
    """Build the one error body: there is always a problem, with a place and a remedy.

    Parameters
    ----------
    where, remedy : str, optional
        Of problems that do not say it themselves.
    """
    remedy = remedy or REMEDIES.get(status, REMEDIES[400])
    told = [asdict(each) for each in problems or [Problem(code, message)]]
    for each in told:
        each["where"] = each["where"] or where or "the request"
        each["remedy"] = each["remedy"] or remedy
    return {"code": code, "message": message, "problems": told}


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn an exception of a view into a response; None lets Django's own handling run."""
    where = _place(context)
    if isinstance(error, Refusal):
        return _refusal(error, where)
    if isinstance(error, ValidationError):
        text = " ".join(error.messages)
        return Response(body("INVALID", text, where=where), status=400)
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("the database does not answer", exc_info=error)
        told = body("UNAVAILABLE", "The server cannot reach its data.", status=503, where=where)
        return Response(told, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    response.data = _framework_error(error, response.status_code, where=where)
    if isinstance(error, exceptions.Throttled):
        response["Retry-After"] = str(max(1, math.ceil(getattr(error, "wait", None) or 0)))
    return response


def _place(context: Mapping[str, Any]) -> str:
    request = context.get("request")
    return "" if request is None else f"{request.method} {request.path}"


def _refusal(error: Refusal, where: str) -> Response:
    number = next(code for kind, code in STATUS_OF if isinstance(error, kind))
    message, remedy = _words(error)
    told = body(
        getattr(error, "code", "") or _code_of(type(error)),
        f"{message} {remedy}".strip(),
        _problems_of(error),
        status=number,
        where=where,
        remedy=remedy,
    )
    response = Response(told, status=number)
    if isinstance(error, submissions.QuotaExhausted):
        seconds = max(1, round((error.resets_at - timezone.now()).total_seconds()))
        response["Retry-After"] = str(seconds)
    elif (seconds_or_none := getattr(error, "retry_after_s", None)) is not None:
        response["Retry-After"] = str(seconds_or_none)
    return response


def _words(error: Refusal) -> tuple[str, str]:
    if isinstance(error, BundleError):
        count = len(error.problems)
        found = "a problem" if count == 1 else f"{count} problems"
        return f"The bundle has {found}.", "Nothing was changed."
    if isinstance(error, challenges.PublishRefused):
        return error.message, ""
    return getattr(error, "message", "") or str(error), getattr(error, "remedy", "")


def _problems_of(error: Refusal) -> list[Problem]:
    if isinstance(error, BundleError):
        return [
            Problem(
                "BUNDLE",
                each.message,
                each.file if each.line is None else f"{each.file}, line {each.line}",
                each.remedy,
            )
            for each in error.problems
        ]
    if isinstance(error, challenges.PublishRefused):
        return [Problem("NOT_READY", each) for each in error.unmet]
    fields: dict[str, Any] | None = getattr(error, "fields", None)
    if fields:
        return [
            Problem("INVALID", str(reason), "" if name == "__all__" else name)
            for name, reasons in fields.items()
            for reason in (reasons if isinstance(reasons, list) else [reasons])
        ]
    return list(getattr(error, "problems", ()))


def _code_of(kind: type[Exception]) -> str:
    """Return a class's name as a code: RoundNotReady is ROUND_NOT_READY."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).upper()


def _framework_error(error: Exception, number: int, *, where: str) -> dict[str, Any]:
    if isinstance(error, Http404):
        text = "There is nothing here, or it is not visible to you."
        return body("NOT_FOUND", text, status=404, where=where)
    if isinstance(error, PermissionDenied):
        return body("NOT_ALLOWED", "You may not do this.", status=403, where=where)
    if isinstance(error, exceptions.ValidationError):
        problems = list(_field_problems(error.detail))
        return body("INVALID", "Some fields are wrong.", problems, status=number, where=where)
    if isinstance(error, exceptions.ParseError):
        return body("PARSE_ERROR", str(error.detail), status=number, where="the body")
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        code = codes.upper() if isinstance(codes, str) else "ERROR"
        text = error.detail if isinstance(error.detail, str) else "The request is refused."
        return body(code, str(text), status=number, where=where)
    return body("ERROR", "The request could not be answered.", status=number, where=where)


def _field_problems(detail: Any, place: str = "") -> Iterable[Problem]:
    """Name each wrong field, however deep it lies: `shares.0.name`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            at = "" if name == "non_field_errors" else str(name)
            yield from _field_problems(inner, f"{place}.{at}".strip("."))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            deeper = isinstance(inner, dict | list)
            yield from _field_problems(inner, f"{place}.{number}" if deeper else place)
    else:
        yield Problem(str(getattr(detail, "code", "invalid")).upper(), str(detail), place)
