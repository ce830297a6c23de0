"""Markdown of organizers and participants to HTML that cannot harm a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from pages.formulas import mathml
from pages.sanitizing import clean


def render(text: str, *, level: int = 3) -> SafeString:
    """Turn Markdown into HTML of a small set of tags.

    Formulas in TeX stand between dollar signs: $E = mc^2$, or $$...$$ on lines of their own. Raw
    HTML is shown as text. Images load from this site only, so that a reader's visit is told to
    nobody. The text's first heading becomes `level`, to fit the outline of the page.
    """
    tokens = _parser().parse(text)
    _shift_headings(tokens, by=level - 1)
    html = _parser().renderer.render(tokens, _parser().options, {})
    return mark_safe(clean(html))  # noqa: S308  # cleaned by an allow-list


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False})
    # "costs $5 to $10" is money: a digit may not follow the closing dollar sign.
    parser.use(dollarmath_plugin, allow_digits=False, allow_space=False, renderer=_formula)
    return parser.enable(["table", "strikethrough"])


def _formula(tex: str, options: Mapping[str, bool]) -> str:
    return mathml(tex, block=options["display_mode"])


def _shift_headings(tokens: Sequence[Token], *, by: int) -> None:
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + by)}"
