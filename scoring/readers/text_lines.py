"""Lines of a text file, bounded in length and strict in encoding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from scoring.readers.base import ProblemLog

LINE_BYTES = 64 * 2**10
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]|\ufeff")


def read_lines(
    handle: BinaryIO, log: ProblemLog, *, max_bytes: int = LINE_BYTES
) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, text without its line end) of a UTF-8 file.

    A byte order mark and either line end (LF, CRLF) are taken; a line that is not UTF-8, or that
    holds control characters, is noted and left out. A line longer than `max_bytes` ends the
    reading, so that memory stays bounded whatever the file holds.
    """
    handle.seek(0)
    number = 0
    while raw := handle.readline(max_bytes + 1):
        number += 1
        where = f"line {number}"
        if len(raw) > max_bytes:
            log.add(
                "LINE_TOO_LONG",
                f"{where} is longer than {max_bytes} bytes",
                where=where,
                remedy="end each row with a line break",
            )
            return
        if number == 1:
            if raw.startswith(_UTF16):
                log.add("BAD_ENCODING", "the file is UTF-16", remedy="save it as UTF-8")
                return
            raw = raw.removeprefix(_BOM)
        text = _decode(raw, log, where=where)
        if text is not None:
            yield number, text


def _decode(raw: bytes, log: ProblemLog, *, where: str) -> str | None:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        log.add(
            "BAD_ENCODING", f"{where} is not UTF-8 text", where=where, remedy="save it as UTF-8"
        )
        return None
    text = text.removesuffix("\n").removesuffix("\r")
    if _CONTROL.search(text):
        log.add(
            "CONTROL_CHARACTER",
            f"{where} holds a control character, such as NUL or a lone carriage return",
            where=where,
            remedy="save it as plain UTF-8 text with LF or CRLF line ends",
        )
        return None
    return text
