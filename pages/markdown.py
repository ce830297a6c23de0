"""Markdown of organizers and participants to HTML that cannot harm a reader."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a", "img",
    "ul", "ol", "li", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}


def render(text: str, *, level: int = 3) -> SafeString:
    """Turn Markdown into HTML of a small set of tags.

    Raw HTML is shown as text. Images load from this site only, so that a reader's visit is told
    to nobody. The text's first heading becomes `level`, to fit the outline of the page.
    """
    tokens = _parser().parse(text)
    _shift_headings(tokens, by=level - 1)
    html = _parser().renderer.render(tokens, _parser().options, {})
    return mark_safe(_clean(html))  # noqa: S308  # cleaned by an allow-list


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(
        ["table", "strikethrough"]
    )


def _shift_headings(tokens: Sequence[Token], *, by: int) -> None:
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + by)}"


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_keep_attribute,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def _keep_attribute(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("img", "src"):
        return value if _is_relative(value) else None
    return value


def _is_relative(address: str) -> bool:
    """Whether an address stays on this site; browsers read a backslash as a slash."""
    plain = address.strip().replace("\\", "/")
    return not plain.startswith("//") and ":" not in plain.split("/", 1)[0]
