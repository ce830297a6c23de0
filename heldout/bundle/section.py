"""Strict reading of a mapping: every key is asked for, every other key is a mistake."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

from heldout.bundle.errors import BundleError, BundleProblem
from heldout.bundle.located import (
    Entries,
    Items,
    Node,
    Place,
    Scalar,
    Unreadable,
    parse_table,
    parse_yaml,
    plain_value,
)
from heldout.bundle.source import ROOT_FILE, BundleSource, refusal
from scoring.contract import JsonValue, Problem

MAX_TEXT_BYTES = 8 * 1024**2
PROBLEM_LIMIT = 200
_ROW = re.compile(r"\b(?:row|line) ([0-9]+)")


_SAID_LINE = re.compile(r"^(?:row|line) [0-9]+(?:, |: )")


def sentence(text: str) -> str:
    """Return a text as a sentence: readers say what is wrong in half ones."""
    whole = text.strip()
    whole = f"{whole[:1].upper()}{whole[1:]}"
    return whole if not whole or whole.endswith((".", "?", "!")) else f"{whole}."


class BundleLog:
    """Collects everything that is wrong, up to a limit."""

    def __init__(self) -> None:
        self.problems: list[BundleProblem] = []

    def add(self, problem: BundleProblem) -> None:
        if len(self.problems) < PROBLEM_LIMIT and problem not in self.problems:
            self.problems.append(problem)

    def raise_if_any(self) -> None:
        """Raise `BundleError` with all problems, by file and line, if there are any."""
        if self.problems:
            raise BundleError(sorted(self.problems, key=_order))


def _order(problem: BundleProblem) -> tuple[bool, str, int]:
    return problem.file != ROOT_FILE, problem.file, problem.line or 0


class Section:
    """One mapping of a bundle.

    A value that is absent or wrong is read as its default; what is wrong is in the log, and a
    log that is not empty stops the import.
    """

    def __init__(self, node: Entries, log: BundleLog, *, source: BundleSource, what: str) -> None:
        self._node = node
        self._log = log
        self._source = source
        self._asked: list[str] = []
        self.what = what

    @property
    def log(self) -> BundleLog:
        return self._log

    @property
    def at(self) -> Place:
        return self._node.at

    def fault(self, key: str, message: str, remedy: str = "") -> None:
        """Note a problem at the value of `key`, or at the whole mapping where it is absent."""
        self._log.add(self.place(key).problem(message, remedy))

    def place(self, key: str) -> Place:
        """Return where the value of `key` stands, or the whole mapping where it is absent."""
        node = self._node.nodes.get(key)
        return node.at if node is not None else self._node.keys.get(key, self.at)

    def note(self, file: str, problem: Problem) -> None:
        """Note a problem that a reader found in a file of the bundle."""
        row = _ROW.search(problem.where)
        line = int(row[1]) if row else None
        message = sentence(_SAID_LINE.sub("", problem.message) if line else problem.message)
        remedy = sentence(problem.remedy)
        self._log.add(BundleProblem(file=file, line=line, message=message, remedy=remedy))

    def has(self, key: str) -> bool:
        """Tell whether there is a value other than null."""
        self._ask(key)
        node = self._node.nodes.get(key)
        if node is None:
            return False
        return not (isinstance(node, Scalar) and node.value() is None)

    def require(self, *keys: str) -> None:
        """Note each of these keys that is absent."""
        for key in keys:
            if not self.has(key):
                self.fault(key, f"{key!r} is missing in {self.what}.")

    def close(self) -> None:
        """Note every key that nobody asked for."""
        for key, place in self._node.keys.items():
            if key in self._asked:
                continue
            near = get_close_matches(key, self._asked, n=1, cutoff=0.6)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(self._asked)}."
            self._log.add(place.problem(f"{key!r} is not known in {self.what}.", hint))

    def text(self, key: str, default: str = "") -> str:
        """Return text; `{file: name}` instead of it takes the content of that file."""
        node = self._get(key)
        if isinstance(node, Scalar):
            return node.text if not node.plain else node.text.strip()
        if isinstance(node, Entries):
            section = self._child(node, what=f"{key!r}")
            section.require("file")
            name = section.text("file")
            section.close()
            return section.text_file("file", name) if name else default
        if node is not None:
            self.fault(key, f"{key!r} must be text.")
        return default

    def number(self, key: str, default: float | None = None) -> float | None:
        """Return a finite number."""
        value = self._scalar(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isinf(value):
            self.fault(key, f"{key!r} must be a number.", "Write it without quotes, like 0.5.")
            return default
        return float(value)

    def whole(self, key: str, default: int | None = None) -> int | None:
        """Return a whole number."""
        value = self._scalar(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(key, f"{key!r} must be a whole number.", "Write it like 5.")
            return default
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self._scalar(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(key, f"{key!r} must be true or false.")
            return default
        return value

    def moment(self, key: str) -> datetime | None:
        """Return a date and time with its zone."""
        text = self.text(key)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fault(
                key,
                f"{key!r} must be a date and time with its zone.",
                "Write it like 2027-03-01T12:00:00Z.",
            )
            return None
        return moment

    def words(self, key: str) -> list[str]:
        """Return a list of words; a table writes it as one text with semicolons."""
        node = self._get(key)
        if isinstance(node, Scalar):
            return [word.strip() for word in node.text.split(";") if word.strip()]
        if isinstance(node, Items) and all(isinstance(item, Scalar) for item in node.nodes):
            return [item.text for item in node.nodes if isinstance(item, Scalar)]
        if node is not None:
            self.fault(key, f"{key!r} must be a list of words.")
        return []

    def sizes(self, key: str) -> list[int | None]:
        """Return a shape: [21, 256], or 21x256 as one text; null or ? is any length."""
        node = self._get(key)
        if isinstance(node, Scalar) and node.text.strip() == "[]":
            return []  # one number, in a table, whose empty cells are left out
        if isinstance(node, Scalar):
            parts: list[JsonValue] = [
                Scalar(part, True, node.at).value() for part in node.text.replace("x", " ").split()
            ]
        elif isinstance(node, Items):
            parts = [plain_value(item) for item in node.nodes]
        else:
            parts = [] if node is None else [""]
        parts = [None if part == "?" else part for part in parts]
        if not all(part is None or type(part) is int for part in parts):
            self.fault(
                key,
                f"{key!r} must be a list of whole numbers, like [21, 256].",
                "A ? in the place of a number means any length.",
            )
            return []
        return [part for part in parts if part is None or type(part) is int]

    def mapping(self, key: str) -> dict[str, JsonValue]:
        """Return a mapping of anything, as plain JSON."""
        node = self._get(key)
        if node is None:
            return {}
        if not isinstance(node, Entries):
            self.fault(key, f"{key!r} must be a mapping.", "Write it as key: value lines.")
            return {}
        value: dict[str, JsonValue] = plain_value(node)
        return value

    def section(self, key: str) -> Section | None:
        """Return a mapping to be read strictly, or None if it is absent."""
        node = self._get(key)
        if node is None:
            return None
        if not isinstance(node, Entries):
            self.fault(key, f"{key!r} must be a mapping.", "Write it as key: value lines.")
            return None
        return self._child(node, what=f"{key!r}")

    def sections(self, key: str, *, each: str) -> list[Section]:
        """Return a list of mappings to be read strictly; `{table: name}` takes a CSV table."""
        node = self._get(key)
        if isinstance(node, Entries):
            node = self._table(self._child(node, what=f"{key!r}"))
        if node is None:
            return []
        if not isinstance(node, Items):
            self.fault(key, f"{key!r} must be a list.", "Begin each of its items with a dash.")
            return []
        found = []
        for item in node.nodes:
            if isinstance(item, Entries):
                found.append(self._child(item, what=each))
            else:
                self._log.add(item.at.problem(f"{each} must be a mapping of key: value."))
        return found

    def file(self, key: str) -> str:
        """Return the name of a file that is there."""
        name = self.text(key)
        if name and not self._source.has(name):
            self.fault(
                key,
                f"there is no file {name} in the bundle.",
                "Names are relative to challenge.yaml; links are not followed.",
            )
            return ""
        return name

    def text_file(self, key: str, name: str) -> str:
        """Return the content of a text file; the value of `key` named it."""
        if not self._source.has(name):
            self.fault(key, f"there is no file {name} in the bundle.")
            return ""
        with self._source.open(name) as handle:
            content = handle.read(MAX_TEXT_BYTES + 1)
        if len(content) > MAX_TEXT_BYTES:
            self.fault(key, f"{name} is larger than {MAX_TEXT_BYTES} bytes.")
            return ""
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self._log.add(Place(name, line).problem("not UTF-8.", "Save it as UTF-8."))
            return ""

    def _table(self, section: Section) -> Node | None:
        section.require("table")
        name = section.text("table")
        section.close()
        text = section.text_file("table", name) if name else ""
        if not text:
            return None
        try:
            return parse_table(text, file=name)
        except Unreadable as error:
            self._log.add(error.problem)
            return None

    def _child(self, node: Entries, *, what: str) -> Section:
        return Section(node, self._log, source=self._source, what=what)

    def _ask(self, key: str) -> None:
        if key not in self._asked:
            self._asked.append(key)

    def _get(self, key: str) -> Node | None:
        return self._node.nodes[key] if self.has(key) else None

    def _scalar(self, key: str) -> JsonValue:
        node = self._get(key)
        if node is None or isinstance(node, Scalar):
            return None if node is None else node.value()
        return ()


def root_section(name: str, log: BundleLog, *, source: BundleSource) -> Section | None:
    """Return the whole of a YAML file as a section, or None after noting why it is none.

    Raises
    ------
    BundleError
        If the bundle has no such file.
    """
    if not source.has(name):
        raise refusal(name, "the bundle has no such file at its top")
    top = Section(Entries({}, {}, Place(name, 1)), log, source=source, what="the bundle")
    text = top.text_file("", name)
    if log.problems:
        return None
    try:
        node = parse_yaml(text, file=name)
    except Unreadable as error:
        log.add(error.problem)
        return None
    if not isinstance(node, Entries):
        log.add(node.at.problem("the file must be a mapping of key: value."))
        return None
    return Section(node, log, source=source, what="the bundle")


def note_repeats(sections: Sequence[Section], values: Sequence[str], *, key: str) -> None:
    """Note every section whose value of `key` an earlier one has."""
    first: dict[str, Section] = {}
    for section, value in zip(sections, values, strict=True):
        if value and value in first:
            line = first[value].at.line
            section.fault(
                key,
                f"{value!r} is there twice, first in line {line}.",
                "Remove one of the two, or give it a name of its own.",
            )
        first.setdefault(value, section)
