"""The syntax of CIF, in which mmCIF files are written: data blocks, names, values and loops.

Only one category's table is kept, row by row; everything else is read over, in memory that does
not grow with the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from scoring.readers.base import ProblemLog
from scoring.readers.text_lines import read_lines

_TOKEN = re.compile(
    r"""(?P<comment>\#.*)
    |'(?P<single>(?:[^']|'(?=\S))*)'(?!\S)
    |"(?P<double>(?:[^"]|"(?=\S))*)"(?!\S)
    |(?P<open>['"].*)
    |(?P<bare>\S+)""",
    re.VERBOSE,
)
_SPECIAL = re.compile("['\"#]")
_KEYWORDS = ("_", "data_", "loop_", "save_", "global_", "stop_")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: its data block, its line, and its values by name."""

    block: str
    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one line, and which of them are quoted: always values."""

    line: int
    texts: Sequence[str]
    quoted: frozenset[int] = frozenset()

    def is_value(self, at: int) -> bool:
        return at in self.quoted or not self.texts[at].casefold().startswith(_KEYWORDS)


def read_rows(
    handle: BinaryIO, log: ProblemLog, *, category: str, place: str = ""
) -> Iterator[Row]:
    """Yield the rows of one category, in a loop or as single items.

    Parameters
    ----------
    category : str
        With its point: "_atom_site.". Names come in lower case and without it.
    place : str
        What stands before "line 12" in messages.
    """
    table = _Table(category, log, place)
    for words in _lines_of_words(handle, log, place=place):
        if table.is_row(words):
            yield table.row(words.line, words.texts)
            continue
        for at in range(len(words.texts)):
            found = table.take(words, at)
            if found is not None:
                yield found
    found = table.end_block()
    if found is not None:
        yield found


class _Table:
    """Where in the syntax a file is: among the names of a loop, in its values, or outside."""

    def __init__(self, category: str, log: ProblemLog, place: str) -> None:
        self._category = category
        self._log = log
        self._place = place
        self._block = ""
        self._names: list[str] | None = None  # of the loop that is open
        self._in_values = False
        self._is_wanted = False
        self._values: list[str] = []
        self._line = 0  # where the row that is read begins
        self._item = ""  # a name outside a loop that waits for its value
        self._items: dict[str, str] = {}  # a table of one row, written as single items
        self._items_line = 0

    def is_row(self, words: _Words) -> bool:
        """Tell whether a line is one row of the wanted loop, as nearly all lines are."""
        return (
            self._is_wanted
            and not self._values
            and self._names is not None
            and len(words.texts) == len(self._names)
            and words.is_value(0)
        )

    def row(self, line: int, values: Sequence[str]) -> Row:
        """Return a row of the open loop."""
        names = self._names or []
        if not self._in_values and len(set(names)) < len(names):
            where = f"{self._place}line {line}"
            self._log.add(
                "DUPLICATE_NAME",
                f"{where}: the loop that begins here has a name twice",
                where=where,
                remedy="give every column a name of its own",
            )
        self._in_values = True
        return Row(self._block, line, dict(zip(names, values, strict=True)))

    def take(self, words: _Words, at: int) -> Row | None:
        """Follow one word; return the row that it completes, if it does."""
        text = words.texts[at]
        if words.is_value(at):
            return self._take_value(text, words.line)
        name = text.casefold()
        if name.startswith("_") and self._names is not None and not self._has_values:
            self._is_wanted = self._is_wanted or name.startswith(self._category)
            self._names.append(name.removeprefix(self._category))
            return None
        self._end_loop()
        done = self.end_block() if name.startswith("data_") else None
        if name.startswith("data_"):
            self._block = text[len("data_") :]
        elif name == "loop_":
            self._names = []
        elif name.startswith("_"):
            self._item = name
            if name.startswith(self._category):
                self._items_line = self._items_line or words.line
        return done

    @property
    def _has_values(self) -> bool:
        return self._in_values or bool(self._values)

    def end_block(self) -> Row | None:
        """End a data block; return the row that its single items made, if they made one."""
        self._end_loop()
        items, line = self._items, self._items_line
        self._items, self._items_line = {}, 0
        return Row(self._block, line, items) if items else None

    def _take_value(self, text: str, line: int) -> Row | None:
        if self._names:
            if not self._is_wanted:
                self._in_values = True
                return None
            self._line = line if not self._values else self._line
            self._values.append(text)
            if len(self._values) < len(self._names):
                return None
            values, self._values = self._values, []
            return self.row(self._line, values)
        if self._item.startswith(self._category):
            self._items[self._item.removeprefix(self._category)] = text
        self._item = ""
        return None

    def _end_loop(self) -> None:
        if self._values:
            where = f"{self._place}line {self._line}"
            self._log.add(
                "BAD_ROW",
                f"{where}: the loop ends with {len(self._values)} values where each row has "
                f"{len(self._names or ())}",
                where=where,
                remedy="write one value for each name, and ? where there is none",
            )
        self._names, self._values, self._item = None, [], ""
        self._in_values = self._is_wanted = False


def _lines_of_words(handle: BinaryIO, log: ProblemLog, *, place: str) -> Iterator[_Words]:
    """Yield the words of each line; a text of several lines is an empty word at its end."""
    text_line = 0
    for number, line in read_lines(handle, log):
        if line.startswith(";"):
            if text_line:
                rest = _words(line[1:], number=number, log=log, place=place)
                quoted = frozenset({0, *(at + 1 for at in rest.quoted)})
                yield _Words(text_line, ["", *rest.texts], quoted)
            text_line = 0 if text_line else number
        elif not text_line:
            yield _words(line, number=number, log=log, place=place)
    if text_line:
        where = f"{place}line {text_line}"
        log.add(
            "OPEN_TEXT",
            f"{where}: the text that begins here has no end",
            where=where,
            remedy="end it by a line that begins with a semicolon",
        )


def _words(line: str, *, number: int, log: ProblemLog, place: str) -> _Words:
    if not _SPECIAL.search(line):
        return _Words(number, line.split())
    texts: list[str] = []
    quoted: set[int] = set()
    for match in _TOKEN.finditer(line):
        kind = match.lastgroup or ""
        if kind == "comment":
            break
        if kind == "open":
            where = f"{place}line {number}"
            log.add(
                "BAD_QUOTES",
                f"{where}: a quoted word is not closed",
                where=where,
                remedy="close it on the same line, followed by a blank",
            )
            break
        if kind != "bare":
            quoted.add(len(texts))
        texts.append(match[kind])
    return _Words(number, texts, frozenset(quoted))
