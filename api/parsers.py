"""Uploads as a stream: the body is the prediction file and is never held in memory whole."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser, JSONParser

from api.errors import BodyTooLarge

CHUNK_BYTES = 1024 * 1024
JSON_BYTES = 1024 * 1024


class ShortJSONParser(JSONParser):
    """JSON that is held in memory, so of a bounded length."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        content = stream.read(JSON_BYTES + 1)
        if len(content) > JSON_BYTES:
            raise BodyTooLarge
        return super().parse(io.BytesIO(content), media_type, parser_context)


class StreamParser(BaseParser):
    """Hand the open body on unread; the upload service reads, counts and hashes it."""

    media_type = "application/octet-stream"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, IO[bytes]]:
        return {"stream": stream}


def chunks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the body in pieces of at most one mebibyte."""
    while piece := stream.read(CHUNK_BYTES):
        yield piece
