# ruff: noqa: E501 - a table: one case, one line
"""Hostile tables and lines of text: CSV, TSV, JSON Lines, sections."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from tests.scoring.hostile.case import TARGETS, Case

_HEAD = b"target,value\n"


def _fixed(content: bytes, folder: Path) -> bytes:
    return content


def _case(
    title: str, content: bytes, *codes: str, reader: str = "csv", group: str = "Table", **more: Any
) -> Case:
    settings = {"targets": TARGETS if reader == "jsonl" else TARGETS[:1], **more}
    return Case(group, title, reader, partial(_fixed, content), frozenset(codes), **settings)


_csv = [
    _case("0 bytes", b"", "EMPTY_FILE"),
    _case("header only, all targets asked for", _HEAD, "MISSING_TARGET", options={"require_all": True}),
    _case("a PNG picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 99, "BAD_ENCODING", "CONTROL_CHARACTER", "BAD_HEADER"),
    _case("an HTML page with a script", b"<html><script>alert(1)</script></html>\n", "BAD_HEADER", "UNKNOWN_COLUMN"),
    _case("wrong header", b"ID,Y\np,1\n", "BAD_HEADER"),
    _case("ragged rows", _HEAD + b"p,1,2\np\n", "BAD_ROW"),
    *(
        _case(f"the number {word}", _HEAD + f"p,{word}\n".encode(), code)
        for word, code in [
            ("NaN", "MISSING_VALUE"),
            ("inf", "NOT_FINITE"),
            ("-inf", "NOT_FINITE"),
            ("1e400", "NOT_FINITE"),
            ("Infinity", "NOT_FINITE"),
            ("nan(1)", "NOT_A_NUMBER"),
            ("1_000", "NOT_A_NUMBER"),
            ("0x10", "NOT_A_NUMBER"),
            ("\u0661\u0662", "NOT_A_NUMBER"),
            ("\uff11", "NOT_A_NUMBER"),
            ("", "MISSING_VALUE"),
        ]
    ),
    *(_case(f"the number {word!r}", _HEAD + f"p,{word}\n".encode()) for word in ("-0.0", " 1.5 ", "+1")),
    _case("UTF-16", "target,value\np,1\n".encode("utf-16"), "BAD_ENCODING"),
    _case("Latin-1", _HEAD + b"\xe9,1\n", "BAD_ENCODING"),
    _case("a NUL byte", _HEAD + b"p,\0\n", "CONTROL_CHARACTER"),
    _case("a byte order mark", b"\xef\xbb\xbf" + _HEAD + b"p,1\n"),
    _case("a quote open over 10 MB", _HEAD + b'p,"' + b"a\n" * (5 * 2**20), "BAD_QUOTES", "BAD_ROW", "TOO_MANY_ROWS"),
    _case("one line of 50 MB", _HEAD + b"9" * (50 * 2**20), "LINE_TOO_LONG"),
    _case("200 000 columns", b",".join([b"c"] * 200_000), "LINE_TOO_LONG"),
    _case("a row twice", _HEAD + b"p,1\np,2\n", "DUPLICATE_TARGET"),
    _case("a million rows of nobody", _HEAD + b"zz,1\n" * 10**6, "UNKNOWN_TARGET"),
    _case("a formula", _HEAD + b'"=HYPERLINK(""x"")",1\n', "UNKNOWN_TARGET"),
    _case("cells of another delimiter", b"target\tvalue\np,1\n", "BAD_ROW", reader="tsv"),
]  # fmt: skip

_json = partial(_case, reader="jsonl", group="JSON Lines")
_jsonl = [
    _json("0 bytes", b"", "EMPTY_FILE"),
    _json("a key twice", b'{"target": "p", "value": 1, "value": 2}', "DUPLICATE_KEY"),
    _json("NaN", b'{"target": "p", "value": NaN}', "NOT_FINITE"),
    _json("1e999", b'{"target": "p", "value": 1e999}', "NOT_FINITE"),
    _json("an exponent of ten digits", b'{"target": "p", "value": 1e1000000000}', "NOT_FINITE"),
    _json("an integer of 50 000 digits", b'{"target": "p", "value": %s}' % (b"9" * 50_000), "NOT_FINITE"),
    _json("nested 200 000 deep", b"[" * 200_000 + b"]" * 200_000, "TOO_DEEP"),
    _json("half a surrogate pair", b'{"target": "\\ud800", "value": 1}', "UNKNOWN_TARGET"),
    _json("invalid UTF-8", b'{"target": "\xff", "value": 1}', "BAD_ENCODING"),
    _json("one line of 50 MB", b'{"target": "a", "values": [' + b"1," * (25 * 2**20), "LINE_TOO_LONG"),
    _json("a text for a number", b'{"target": "p", "value": "1"}', "NOT_A_NUMBER"),
]  # fmt: skip

_sections = [
    _case("50 MB of text", b"x\n" * (25 * 2**20), "TOO_LARGE", reader="sections", group="Sections", targets=()),
    _case("NUL bytes", b"Predictions:\n\0\n", "CONTROL_CHARACTER", "NOT_TEXT", reader="sections", group="Sections", targets=()),
]  # fmt: skip

CASES = (*_csv, *_jsonl, *_sections)
