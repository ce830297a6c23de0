"""How a sectioned text file is laid out, as a round declares it, and how it is cut into sections.

Nothing here knows a particular competition: the keys, the encodings and the tolerances are all
declared by the round. What is not declared is not forgiven.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import BinaryIO

from scoring.contract import JsonValue
from scoring.errors import ReaderOptionError
from scoring.readers.base import ProblemLog
from scoring.readers.checks import shown

KINDS = ("table", "line", "lines", "text")
ENCODINGS = ("utf-8", "cp1252", "latin-1", "iso8859-15", "mac_roman")
RESERVED_NAMES = frozenset({"encoding", "other_columns"})
# A form feed or U+2028 is no line end here, although str.splitlines would break the line there.
_LINE_END = re.compile(r"\r\n|\r|\n")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")  # the byte order marks of UTF-16 and UTF-32
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
BLANKS = ' \t"'  # what may stand around a line that a spreadsheet has written
_KEY_LENGTH = 80
_LIKENESS = 0.75  # of a misspelled key to a key, as difflib measures it
_LINES_COMPARED = 2000  # with misspelled keys; comparing is slow


@dataclass(frozen=True, slots=True)
class Section:
    """One declared section: its name in the metadata, the keys it may carry, how it is kept."""

    name: str
    keys: tuple[str, ...]
    kind: str
    required: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: its number, counted from 1, and what it says."""

    number: int
    text: str

    @property
    def where(self) -> str:
        return f"line {self.number}"


@dataclass(slots=True)
class SectionBody:
    """A section as found: the line of its key and the lines that follow it."""

    section: Section
    key_line: Line
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Layout:
    """The declared layout, checked. `scoring.readers.sections` says what each part means."""

    sections: Mapping[str, Section]
    keys: Mapping[str, Section]  # by folded key
    table: Section
    key_suffix: str
    keys_case_sensitive: bool
    inline_text: bool
    comment_prefix: str
    delimiters: tuple[str, ...]
    stray_text: str

    def folded(self, key: str) -> str:
        """Return a key as it is compared."""
        return _folded(key, case_sensitive=self.keys_case_sensitive)

    def is_comment(self, text: str) -> bool:
        """Tell whether a line is a comment; a spreadsheet may have put it in quotation marks."""
        return bool(self.comment_prefix) and text.lstrip(BLANKS).startswith(self.comment_prefix)

    def key_of(self, text: str) -> tuple[Section | None, str]:
        """Return the section that a line opens and the text after the key, or (None, "")."""
        start, rest = self.parted(text)
        section = self.keys.get(self.folded(start)) if len(start) <= _KEY_LENGTH else None
        if section is None or (rest and not self.inline_text):
            return None, ""
        return section, rest

    def parted(self, text: str) -> tuple[str, str]:
        """Cut a line at its first key suffix; without one, there is no key."""
        bare = self.without_padding(text).strip(BLANKS)
        if not self.key_suffix:
            return bare, ""
        start, suffix, rest = bare.partition(self.key_suffix)
        return (start.strip(), rest.strip()) if suffix else ("", "")

    def without_padding(self, text: str) -> str:
        """Drop the empty columns with which a spreadsheet fills a line up to its table's width.

        A single delimiter at the end of a line stays, as it may be a comma of a text, unless it
        stands behind a key.
        """
        kept = text.rstrip("".join(self.delimiters) + " \t")
        padding = sum(text[len(kept) :].count(mark) for mark in self.delimiters)
        after_key = bool(self.key_suffix) and kept.endswith(self.key_suffix)
        return kept if padding > 1 or after_key else text.rstrip()


def layout_from(options: Mapping[str, JsonValue]) -> Layout:
    """Check the declared options that describe the layout.

    Raises
    ------
    ReaderOptionError
        If a declaration is missing, contradictory or unknown.
    """
    sections = {
        name: _section(name, declared) for name, declared in dict(options["sections"]).items()
    }
    tables = [section for section in sections.values() if section.kind == "table"]
    if len(tables) != 1:
        raise ReaderOptionError("reader sections: exactly one section must be of kind 'table'")
    case_sensitive = bool(options["keys_case_sensitive"])
    return Layout(
        sections=sections,
        keys=_key_index(sections.values(), case_sensitive=case_sensitive),
        table=tables[0],
        key_suffix=options["key_suffix"],
        keys_case_sensitive=case_sensitive,
        inline_text=options["inline_text"],
        comment_prefix=options["comment_prefix"],
        delimiters=_delimiters(options["delimiters"]),
        stray_text=options["stray_text"],
    )


def _folded(key: str, *, case_sensitive: bool) -> str:
    key = " ".join(key.split())
    return key if case_sensitive else key.casefold()


def _section(name: str, declared: JsonValue) -> Section:
    if name in RESERVED_NAMES or not name.isidentifier():
        raise ReaderOptionError(f"reader sections: {name!r} cannot be the name of a section")
    if not isinstance(declared, Mapping) or set(declared) - {"keys", "kind", "required"}:
        raise ReaderOptionError(
            f"reader sections: section {name} is declared by keys, kind and required"
        )
    keys = declared.get("keys", [name])
    kind = declared.get("kind", "text")
    if not isinstance(keys, list) or not keys or not all(_is_key(key) for key in keys):
        raise ReaderOptionError(f"reader sections: section {name} needs a list of keys")
    if kind not in KINDS:
        raise ReaderOptionError(f"reader sections: kind of {name} must be one of {KINDS}")
    return Section(name, tuple(keys), kind, bool(declared.get("required", kind == "table")))


def _is_key(key: JsonValue) -> bool:
    return isinstance(key, str) and 0 < len(key.strip()) <= _KEY_LENGTH


def _delimiters(declared: JsonValue) -> tuple[str, ...]:
    if not declared or not all(isinstance(mark, str) and mark in ",;\t|" for mark in declared):
        raise ReaderOptionError(
            "reader sections: delimiters must list some of ',', ';', '|' and the tab"
        )
    return tuple(declared)


def _key_index(sections: Iterable[Section], *, case_sensitive: bool) -> dict[str, Section]:
    index: dict[str, Section] = {}
    for section in sections:
        for key in section.keys:
            if index.setdefault(_folded(key, case_sensitive=case_sensitive), section) != section:
                raise ReaderOptionError(f"reader sections: two sections have the key {key!r}")
    return index


def encodings_from(declared: JsonValue) -> tuple[str, ...]:
    """Return the declared encodings in their order of trial.

    Raises
    ------
    ReaderOptionError
        If none is declared, or one that is not in `ENCODINGS`.
    """
    if not declared or not all(name in ENCODINGS for name in declared):
        raise ReaderOptionError(
            f"reader sections: encodings must list some of {', '.join(ENCODINGS)}"
        )
    return tuple(declared)


def read_text(
    log: ProblemLog, handle: BinaryIO, *, encodings: tuple[str, ...], max_bytes: int
) -> tuple[str, str]:
    """Read and decode a bounded file; return its text and the encoding that fitted.

    An encoding of one byte per character fits nearly anything, so the order of trial matters:
    UTF-8, which fails on nearly anything else, comes first. A byte order mark is not text.

    Raises
    ------
    PredictionFormatError
        If the file is empty, too long, not text, or in none of the encodings.
    """
    handle.seek(0)
    content = handle.read(max_bytes + 1)
    _check_bytes(log, content, max_bytes=max_bytes)
    log.raise_if_any()
    for encoding in encodings:
        name = "utf-8-sig" if encoding == "utf-8" else encoding
        try:
            return content.decode(name), encoding
        except UnicodeDecodeError as error:
            place = error.start
    number = content.count(b"\n", 0, place) + 1
    log.add(
        "BAD_ENCODING",
        f"line {number} has bytes that are not text in {' or '.join(encodings)}",
        where=f"line {number}",
        remedy="save the file as plain text in UTF-8 and upload it again",
    )
    log.raise_if_any()
    raise AssertionError("unreachable: a problem was noted")


def _check_bytes(log: ProblemLog, content: bytes, *, max_bytes: int) -> None:
    save_as = "save it as plain text in UTF-8 and upload it again"
    if len(content) > max_bytes:
        log.add(
            "TOO_LARGE",
            f"the file is larger than {max_bytes:,} bytes",
            remedy="send the predictions and a description only, without logs or raw results",
        )
    elif not content.strip():
        log.add("EMPTY_FILE", "the file is empty", remedy="fill in the template of the round")
    elif content.startswith(_WIDE_MARKS):
        log.add("BAD_ENCODING", "the file is saved as UTF-16 or UTF-32", remedy=save_as)
    elif b"\0" in content:
        number = content.count(b"\n", 0, content.index(b"\0")) + 1
        log.add(
            "NOT_TEXT",
            f"line {number} has a NUL byte, so this is not a text file",
            where=f"line {number}",
            remedy=f"if it is a spreadsheet or document, {save_as}",
        )


def lines_of(log: ProblemLog, text: str, *, max_lines: int, max_length: int) -> list[Line]:
    """Cut a text into lines (LF, CRLF or CR); refuse too many of them, or too long ones.

    Raises
    ------
    PredictionFormatError
        With each line that is too long.
    """
    lines = [Line(number, line) for number, line in enumerate(_LINE_END.split(text), start=1)]
    if len(lines) > max_lines:
        log.add(
            "TOO_MANY_LINES",
            f"the file has {len(lines):,} lines; at most {max_lines:,} are read",
            where=f"line {max_lines + 1}",
            remedy="send the predictions and a description only, without logs or raw results",
        )
    for line in lines[:max_lines]:
        if len(line.text) > max_length:
            log.add(
                "LINE_TOO_LONG",
                f"{line.where} has {len(line.text):,} characters; at most {max_length:,} are read",
                where=line.where,
                remedy="break the line",
            )
    log.raise_if_any()
    return lines


def split_sections(
    log: ProblemLog, lines: Iterable[Line], *, layout: Layout
) -> dict[str, SectionBody]:
    """Sort the lines of a file into its sections; note keys that are missing or come twice.

    Comments are dropped everywhere. A key that comes again is text when it stands within a
    section of free text (a description may well have a line "Software: ..."), unless it opens
    the table a second time: which of two tables counts is not ours to choose.
    """
    found: dict[str, SectionBody] = {}
    current: SectionBody | None = None
    stray: list[Line] = []
    for line in lines:
        if layout.is_comment(line.text):
            continue
        section, rest = layout.key_of(line.text)
        if section is not None and not _is_again(
            log, found, section=section, current=current, line=line, rest=rest
        ):
            current = found[section.name] = SectionBody(section, line)
            current.lines += [Line(line.number, rest)] if rest else []
        elif current is not None:
            current.lines.append(line)
        elif line.text.strip(BLANKS + "".join(layout.delimiters)):
            stray.append(line)
    _note_stray(log, stray, layout=layout)
    _note_missing(log, found, layout=layout, lines=stray)
    return found


def _is_again(
    log: ProblemLog,
    found: Mapping[str, SectionBody],
    *,
    section: Section,
    current: SectionBody | None,
    line: Line,
    rest: str,
) -> bool:
    """Tell whether this key came before; note it where that cannot be read as text."""
    earlier = found.get(section.name)
    if earlier is None:
        return False
    within = current.section.kind if current is not None else ""
    as_text = within == "text" or (bool(rest) and within != "table")
    if not as_text or (section.kind == "table" and not rest):
        log.add(
            "DUPLICATE_SECTION",
            f"{line.where}: section {section.keys[0]} begins a second time, "
            f"first in {earlier.key_line.where}",
            where=line.where,
            remedy="keep each section once",
        )
    return True


def _note_stray(log: ProblemLog, stray: list[Line], *, layout: Layout) -> None:
    if not stray or layout.stray_text == "ignore":
        return
    first = stray[0]
    mark = layout.comment_prefix
    log.add(
        "TEXT_OUTSIDE_SECTION",
        f"{first.where}: {shown(first.text.strip())} stands before the first section key",
        where=first.where,
        remedy="move it into a section" + (f", or begin the line with {mark}" if mark else ""),
    )


def _note_missing(
    log: ProblemLog, found: Mapping[str, SectionBody], *, layout: Layout, lines: list[Line]
) -> None:
    """Note each required section without a key, and the line that may have been meant as one."""
    others = [*lines, *(line for body in found.values() for line in body.lines)]
    for section in layout.sections.values():
        if not section.required or section.name in found:
            continue
        key = f"{section.keys[0]}{layout.key_suffix}"
        near = near_key(others, section=section, layout=layout)
        log.add(
            "MISSING_SECTION",
            f"there is no section {key}"
            + (f" Was {near.where}, {shown(near.text.strip())}, meant?" if near else ""),
            where=near.where if near else "",
            remedy=f"write {key} on a line of its own, and its content below it",
        )


def near_key(lines: Iterable[Line], *, section: Section, layout: Layout) -> Line | None:
    """Return the first short line that looks like a misspelled key of the section."""
    keys = [layout.folded(key) for key in section.keys]
    for line in islice(lines, _LINES_COMPARED):
        start = line.text.partition(layout.key_suffix or "\n")[0].strip(BLANKS)
        if len(start) > _KEY_LENGTH:
            continue
        if get_close_matches(layout.folded(start), keys, n=1, cutoff=_LIKENESS):
            return line
    return None


def key_suggestion(text: str, *, layout: Layout) -> str:
    """Return " Did you mean 'Name:'?" for a table row that reads like a section key."""
    start = text.partition(layout.key_suffix or "\n")[0].strip(BLANKS)
    known = {
        layout.folded(key): key + layout.key_suffix
        for section in layout.sections.values()
        for key in section.keys
    }
    near = get_close_matches(layout.folded(start[:_KEY_LENGTH]), known, n=1, cutoff=_LIKENESS)
    return f" Did you mean the section key {shown(known[near[0]])}?" if near else ""


def printable(text: str) -> str:
    """Replace control and text-direction characters, which have no place on a page, by U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", text)
