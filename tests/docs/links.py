"""Every relative link in every Markdown file leads to something, anchors included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Folders that are not the repository's own text.
_LEFT_OUT = {"build", "dist", "node_modules", "var", "test-artifacts"}
_PARSER = MarkdownIt("commonmark").enable("table")
_NAMED = re.compile(r"""<[^>]*\b(?:id|name)\s*=\s*["']([^"']+)["']""")
_LINE = re.compile(r"L([1-9][0-9]*)(?:-L[1-9][0-9]*)?")


def problems(root: Path) -> list[str]:
    """Return each link that leads nowhere: file, line, and why."""
    return [
        f"{page.relative_to(root).as_posix()}:{line}: link {target!r} {reason}"
        for page in pages(root)
        for line, target in _links(page)
        if (reason := _fault(target, page, root))
    ]


def pages(root: Path) -> list[Path]:
    """Return the Markdown files of the repository."""
    found = []
    for page in sorted(root.rglob("*.md")):
        folders = page.relative_to(root).parts[:-1]
        if not any(name in _LEFT_OUT or name.startswith(".") for name in folders):
            found.append(page)
    return found


def anchors(text: str) -> set[str]:
    """Return the anchors of a Markdown text, as GitHub makes them of its headings."""
    tokens = _PARSER.parse(text)
    seen: dict[str, int] = {}
    found: set[str] = set()
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            plain = "".join(_text(content)).strip().lower()
            slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            found.add(f"{slug}-{count}" if count else slug)
    return found | {match[1] for token in _all(tokens) for match in _html_names(token)}


def _links(page: Path) -> Iterator[tuple[int, str]]:
    for block in _PARSER.parse(page.read_text(encoding="utf-8")):
        line = block.map[0] + 1 if block.map else 0
        for token in block.children or ():
            target = token.attrGet("href" if token.type == "link_open" else "src")
            if target is not None and token.type in ("link_open", "image"):
                yield line, str(target)


def _fault(target: str, page: Path, root: Path) -> str:
    """Return why a link leads nowhere, or nothing; addresses on the web are not asked."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return ""
    path = unquote(parts.path)
    if path.startswith("/"):
        return "begins at the root of a disk or a site; write it relative to this page"
    there = (page.parent / path).resolve() if path else page
    if not there.is_relative_to(root):
        return "leads out of the repository"
    if not there.exists():
        return "leads to a file that is not there"
    return _anchor_fault(unquote(parts.fragment), there) if parts.fragment else ""


def _anchor_fault(anchor: str, there: Path) -> str:
    if there.suffix == ".md":
        known = anchors(there.read_text(encoding="utf-8"))
        return "" if anchor in known else "leads to a heading that is not there"
    lines = _LINE.fullmatch(anchor)
    if lines and there.is_file():
        count = len(there.read_text(encoding="utf-8").splitlines())
        return "" if int(lines[1]) <= count else "leads to a line that is not there"
    return "has an anchor, but leads to no page"


def _text(token: Token) -> Iterator[str]:
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            yield child.content
        elif child.type == "softbreak":
            yield " "


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _html_names(token: Token) -> Iterator[re.Match[str]]:
    if token.type in ("html_block", "html_inline"):
        yield from _NAMED.finditer(token.content)
