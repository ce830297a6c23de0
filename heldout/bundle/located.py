"""YAML and tables as trees that know for every value which line it stands on.

Numbers, true/false and null are read as JSON has them; everything else is text. So a version
`1.10`, a slug `no` or a time `12:30` is what it looks like, whatever older YAML made of it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from heldout.bundle.errors import BundleProblem
from scoring.contract import JsonValue

MAX_DEPTH = 20
# What an untagged value can be taken for; it is read by our own rules all the same.
_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map")
}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?")
_WORDS: dict[str, JsonValue] = {"": None, "~": None, "null": None, "true": True, "false": False}


# Parts of what the parser says, and what somebody who writes YAML by hand does about it.
_YAML_REMEDIES = (
    (r"'\t'", "Indent with spaces, never with tabs."),
    ("mapping values", 'Put a text that holds a colon between quotes: "like: this".'),
    ("aliases", 'Put a text that begins with * or & between quotes: "*like this".'),
    ("document", "Write one document: no line of three dashes after the first."),
    ("", "Look here and just above for a quote, bracket or indent without its partner; between "
     "single quotes an apostrophe is written twice."),
)  # fmt: skip


class Unreadable(Exception):
    """A file that is no tree at all; carries the problem."""

    def __init__(self, problem: BundleProblem) -> None:
        self.problem = problem
        super().__init__(str(problem))


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file of the bundle."""

    file: str
    line: int

    def problem(self, message: str, remedy: str = "") -> BundleProblem:
        return BundleProblem(file=self.file, line=self.line, message=message, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written; `plain` means without quotes."""

    text: str
    plain: bool
    at: Place

    def value(self) -> JsonValue:
        """Return the value: a number, true, false, None, or else the text."""
        if not self.plain:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if _WHOLE.fullmatch(self.text):
            return int(self.text)
        if _NUMBER.fullmatch(self.text):
            return float(self.text)
        return self.text


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    nodes: Sequence[Node]
    at: Place


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping with text keys; `keys` has the place of each key."""

    nodes: Mapping[str, Node]
    keys: Mapping[str, Place]
    at: Place


Node = Scalar | Items | Entries


def plain_value(node: Node) -> JsonValue:
    """Return a tree as plain JSON."""
    if isinstance(node, Scalar):
        return node.value()
    if isinstance(node, Items):
        return [plain_value(item) for item in node.nodes]
    return {key: plain_value(item) for key, item in node.nodes.items()}


def parse_yaml(text: str, *, file: str) -> Node:
    """Read a YAML document.

    Raises
    ------
    Unreadable
        If it is no YAML, or uses what a description of a challenge has no use for: several
        documents, aliases, tags, or the same key twice.
    """
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise _unreadable(file, event.start_mark, "aliases (*name) are not read here")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        told = error.problem or "it cannot be read"
        raise _unreadable(file, error.problem_mark or error.context_mark, told) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable(
            Place(file, line).problem("a character that is not allowed in YAML stands here.")
        ) from None
    except RecursionError:
        raise Unreadable(Place(file, 1).problem("it is nested too deeply.")) from None
    if root is None:
        raise Unreadable(Place(file, 1).problem("the file is empty."))
    return _located(root, file=file, depth=0)


def _unreadable(file: str, mark: Any, message: str) -> Unreadable:
    line = mark.line + 1 if mark is not None else 1
    remedy = next(told for part, told in _YAML_REMEDIES if part in message)
    return Unreadable(Place(file, line).problem(f"not readable as YAML: {message}.", remedy))


def _located(node: yaml.Node, *, file: str, depth: int) -> Node:
    at = Place(file, node.start_mark.line + 1)
    if depth > MAX_DEPTH:
        raise Unreadable(at.problem("it is nested too deeply."))
    if node.tag not in _TAGS:
        raise Unreadable(at.problem(f"the tag {node.tag} has no meaning here.", "Leave it out."))
    if isinstance(node, yaml.ScalarNode):
        return Scalar(node.value, node.style is None, at)
    if isinstance(node, yaml.SequenceNode):
        return Items([_located(item, file=file, depth=depth + 1) for item in node.value], at)
    if isinstance(node, yaml.MappingNode):
        return _entries(node, at, depth=depth)
    raise TypeError(type(node).__name__)


def _entries(node: yaml.MappingNode, at: Place, *, depth: int) -> Entries:
    nodes: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key_node, value_node in node.value:
        place = Place(at.file, key_node.start_mark.line + 1)
        if not isinstance(key_node, yaml.ScalarNode):
            raise Unreadable(place.problem("a key must be a word."))
        key = str(key_node.value)
        if key in nodes:
            first = keys[key].line
            told = f"{key!r} is there twice, first in line {first}."
            raise Unreadable(place.problem(told, "Remove one of the two."))
        keys[key] = place
        nodes[key] = _located(value_node, file=at.file, depth=depth + 1)
    return Entries(nodes, keys, at)


def parse_table(text: str, *, file: str) -> Items:
    """Read a CSV table with a header; empty cells are left out.

    Raises
    ------
    Unreadable
        If the header is missing or repeats a name, or a row has more or fewer cells.
    """
    rows = _rows(text, file=file)
    header = next(rows, None)
    if header is None:
        raise Unreadable(Place(file, 1).problem("the table is empty."))
    at, names = header
    if len(set(names)) != len(names) or "" in names:
        raise Unreadable(at.problem("the header must name each column, each name once."))
    found: list[Node] = []
    for place, cells in rows:
        if len(cells) != len(names):
            raise Unreadable(
                place.problem(
                    f"the row has {len(cells)} cells, the header {len(names)}.",
                    "Write as many commas in each row as in the header, also where cells are "
                    "empty, and put a text that holds a comma between double quotes.",
                )
            )
        given = {name: cell for name, cell in zip(names, cells, strict=True) if cell}
        found.append(
            Entries(
                {name: Scalar(cell, True, place) for name, cell in given.items()},
                dict.fromkeys(given, place),
                place,
            )
        )
    return Items(found, Place(file, 1))


def _rows(text: str, *, file: str) -> Iterator[tuple[Place, list[str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield Place(file, line), [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(Place(file, line).problem(f"not readable as CSV: {error}.")) from None
