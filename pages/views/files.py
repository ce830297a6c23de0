"""Public files: every one leaves through a view that asks who may see it."""

from __future__ import annotations

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.cache import get_conditional_response

from catalog.exports.signposting import file_links
from challenges.selectors import released_files, visible_artifacts
from pages.boards.seen import visible_round


def round_file(request: HttpRequest, challenge: str, round: str, name: str) -> HttpResponseBase:
    parent = visible_round(request, challenge, round)
    files = released_files(parent, request.user, timezone.now())
    found = get_object_or_404(files, name=name)
    return send(request, found.file, name=found.name, sha256=found.sha256)


def artifact_file(request: HttpRequest, slug: str, version: str, name: str) -> HttpResponseBase:
    artifact = get_object_or_404(visible_artifacts(request.user), slug=slug, version=version)
    found = get_object_or_404(artifact.files, name=name)
    response = send(request, found.file, name=found.name, sha256=found.sha256)
    response["Link"] = file_links(request.build_absolute_uri(artifact.get_absolute_url()))
    return response


def send(request: HttpRequest, file: FieldFile, *, name: str, sha256: str) -> HttpResponseBase:
    """Stream a stored file as a download, or answer 304 to who has it already."""
    etag = f'"{sha256}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    try:
        content = file.open("rb")
    except FileNotFoundError:
        raise Http404("this file is not in storage") from None
    # Never the type that its name says: what people uploaded is saved, and never shown as a page.
    response = FileResponse(
        content, as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["ETag"] = etag
    return response
