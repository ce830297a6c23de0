"""From bytes to text in the encodings that editors and spreadsheets leave behind."""

from __future__ import annotations

import codecs
import gzip
import io
import re
from typing import BinaryIO

from scoring.harmonize.records import MendingLog

GZIP = b"\x1f\x8b"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")


def unpacked(handle: BinaryIO, log: MendingLog, *, limit_bytes: int) -> BinaryIO | None:
    """Return the file itself, or the content of a gzip file; None if that is too large."""
    handle.seek(0)
    is_packed = handle.read(2) == GZIP
    handle.seek(0)
    if not is_packed:
        return handle
    with gzip.GzipFile(fileobj=handle, mode="rb") as packed:
        content = packed.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        return None
    log.note("GZIP", "The file is packed with gzip; it is unpacked.")
    return io.BytesIO(content)


def decoded(content: bytes, log: MendingLog) -> str:
    """Return the text of a file with LF line ends, and note what had to be understood."""
    encoding, mark = _encoding(content)
    text = content[len(mark) :].decode(encoding)
    if encoding != "utf-8":
        log.note(
            "ENCODING",
            f"The file is in {encoding.upper()}; it is written in UTF-8.",
            changes=[(encoding.upper(), "UTF-8")],
        )
    lines = text.replace("\r\n", "\n")
    if "\r" in lines:
        lines = lines.replace("\r", "\n")
        log.note("LINE_ENDS", "Lines end with a lone carriage return; a line feed is written.")
    if _INVISIBLE.search(lines):
        lines = _INVISIBLE.sub("", lines)
        log.note("INVISIBLE", "There are invisible control characters; they are left out.")
    return lines


def _encoding(content: bytes) -> tuple[str, bytes]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, mark
    # Text in UTF-16 without a mark: every other byte of what is ASCII is zero.
    start = content[:2000]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = start[first::2]
        if len(half) > 1 and half.count(0) > 0.8 * len(half):
            return encoding, b""
    for encoding in ("utf-8", "cp1252"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding, b""
    return "latin-1", b""
