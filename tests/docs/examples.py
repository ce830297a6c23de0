"""The examples of the docstrings and of the documentation's pages run, and say what they show."""

from __future__ import annotations

import doctest
import importlib
import io
import pkgutil
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

import heldout
import scoring
from tests.docs.places import CLIENT_PAGE, RANKING_PAGE, SCORING_PAGE

_FILE = re.compile(r"<!-- file: (\S+) -->")
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def problems() -> list[str]:
    """Return what failed in the docstrings and on the pages, or that there is nothing to run."""
    outcomes = [_of_module(name) for name in modules()]
    failures = [report for _, report in outcomes if report]
    if not any(tried for tried, _ in outcomes):
        failures.append("no docstring has an example")
    pages = (SCORING_PAGE, RANKING_PAGE, CLIENT_PAGE)
    return failures + [problem for page in pages for problem in of_page(page)]


def modules() -> Iterator[str]:
    """Name every module of the engine and of the command; importing them starts nothing."""
    for package in (scoring, heldout):
        walked = pkgutil.walk_packages(package.__path__, prefix=f"{package.__name__}.")
        yield from (module.name for module in walked)


def of_page(page: Path) -> list[str]:
    """Run the examples of a Markdown page, from its first to its last in one go."""
    text = _examples_alone(page.read_text(encoding="utf-8"))
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    if not test.examples:
        return [f"{page.name}: there is no example to run"]
    report = io.StringIO()
    failed, tried = doctest.DocTestRunner(optionflags=_FLAGS).run(test, out=report.write)
    if not failed:
        return []
    return [f"{page.name}: {failed} of {tried} examples failed\n{report.getvalue()}"]


def files_of_page(page: Path) -> dict[str, str]:
    """Return the files that a page shows: a comment with the name, then a fenced block."""
    found: dict[str, str] = {}
    tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    for comment, block in pairwise(tokens):
        name = _FILE.fullmatch(comment.content.strip())
        if name and block.type == "fence":
            found[name[1]] = block.content
    return found


def _examples_alone(text: str) -> str:
    """Blank out everything but the ``pycon`` blocks, so that line numbers stay."""
    lines = text.splitlines()
    kept = [""] * len(lines)
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "fence" and token.info == "pycon" and token.map:
            first, end = token.map[0] + 1, token.map[1] - 1
            kept[first:end] = lines[first:end]
    return "\n".join(kept) + "\n"


def _of_module(name: str) -> tuple[int, str]:
    """Return how many examples a module has, and the report if any failed."""
    report = io.StringIO()
    with redirect_stdout(report):
        failed, tried = doctest.testmod(importlib.import_module(name), optionflags=_FLAGS)
    if not failed:
        return tried, ""
    return tried, f"{name}: {failed} of {tried} examples failed\n{report.getvalue()}"
