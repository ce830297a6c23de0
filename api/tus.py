"""The words of the tus protocol, version 1.0: headers in, headers out."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import http_date
from rest_framework.exceptions import APIException, UnsupportedMediaType, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from submissions.models import ResumableUpload
from submissions.services.resumable import Checksum

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
ALGORITHMS = "sha1,sha256"  # the protocol asks every server for the first
PIECE_TYPE = "application/offset+octet-stream"
LONGEST_METADATA = 4000
READ_BYTES = 2**20
SILENCE_S = 60.0  # a sender that says nothing for so long is taken to have gone


class OtherVersion(APIException):
    """The client speaks another version of the protocol."""

    status_code = 412
    default_code = "tus_version"
    default_detail = f"This server speaks version {VERSION} of the tus protocol."


class LengthRequired(APIException):
    """A body without a length, where the server cannot tell its end."""

    status_code = 411
    default_code = "length_required"
    default_detail = "Send a Content-Length."


def require_version(request: Request) -> None:
    """Refuse another version of the protocol; a program that speaks none may still ask."""
    if request.headers.get("Tus-Resumable", VERSION) != VERSION:
        raise OtherVersion


def require_piece(request: Request) -> None:
    """Refuse a body that is not a piece of a file."""
    if not is_piece(request):
        raise UnsupportedMediaType(
            request.content_type or "", f"Send the piece as Content-Type {PIECE_TYPE}."
        )


def is_piece(request: Request) -> bool:
    """Tell whether the body is a piece of a file."""
    return (request.content_type or "").partition(";")[0].strip().lower() == PIECE_TYPE


def brings_piece(request: Request) -> bool:
    """Tell whether a request to begin an upload brings the first piece of it."""
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    return is_piece(request) and (chunked or int(request.headers.get("Content-Length") or 0) > 0)


def whole_number(request: Request, header: str) -> int:
    """Return the number in a header that must be there."""
    raw = request.headers.get(header, "")
    if not (raw.isascii() and raw.isdigit() and len(raw) < 19):
        raise ValidationError({header: [f"Send {header} as a whole number of bytes."]})
    return int(raw)


def metadata_of(request: Request) -> dict[str, str]:
    """Return what Upload-Metadata says: names with values in Base64, separated by commas."""
    raw = request.headers.get("Upload-Metadata", "")
    if len(raw) > LONGEST_METADATA:
        raise ValidationError({"Upload-Metadata": [f"At most {LONGEST_METADATA} characters."]})
    found = {}
    for pair in filter(None, (each.strip() for each in raw.split(","))):
        name, _, value = pair.partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise ValidationError(
                {"Upload-Metadata": [f"The value of {name[:60]!r} is not UTF-8 in Base64."]}
            ) from None
    return found


def checksum_of(request: Request) -> Checksum | None:
    """Return what Upload-Checksum says of the piece, if it is there."""
    raw = request.headers.get("Upload-Checksum")
    if raw is None:
        return None
    algorithm, _, value = raw.partition(" ")
    if algorithm not in ALGORITHMS.split(","):
        raise ValidationError({"Upload-Checksum": [f"Use one of these: {ALGORITHMS}."]})
    try:
        expected = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValidationError({"Upload-Checksum": ["Send the digest in Base64."]}) from None
    return Checksum(expected, hashlib.new(algorithm, usedforsecurity=False))


def piece_of(request: Request) -> tuple[Iterator[bytes], int | None]:
    """Return the body as it arrives, and its length if it was announced."""
    environ: dict[str, Any] = request._request.META
    length = request.headers.get("Content-Length")
    if length is None and not environ.get("wsgi.input_terminated"):
        raise LengthRequired
    server_socket = environ.get("gunicorn.socket")
    if server_socket is not None:
        server_socket.settimeout(SILENCE_S)
    if length is None:
        return _until_cut(environ["wsgi.input"]), None
    return _until_cut(request._request), int(length)


def _until_cut(stream: Any) -> Iterator[bytes]:
    """Yield what arrives; a broken connection ends it, as what came before is kept."""
    try:
        while piece := stream.read(READ_BYTES):
            yield piece
    except OSError:
        return


def describe_server(response: Response) -> Response:
    """Add what OPTIONS is asked for."""
    response["Tus-Version"] = VERSION
    response["Tus-Extension"] = EXTENSIONS
    response["Tus-Checksum-Algorithm"] = ALGORITHMS
    response["Tus-Max-Size"] = str(settings.UPLOAD_LIMIT_BYTES)
    return response


def describe_upload(response: HttpResponse, upload: ResumableUpload) -> HttpResponse:
    """Add where an upload stands."""
    response["Upload-Offset"] = str(upload.received_bytes)
    response["Upload-Length"] = str(upload.size_bytes)
    response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    response["Cache-Control"] = "no-store"
    if upload.metadata:
        response["Upload-Metadata"] = upload.metadata
    return response
