"""How boards are written: sortable heads, and what a board says of who is best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from leaderboards.models import Consensus
from leaderboards.selectors import consensus_obstacles
from pages.boards.crowd import crowd_of
from pages.boards.exports import said_of
from pages.boards.heads import Head
from pages.boards.lines import BoardView

register = template.Library()


@register.simple_block_tag
def head(content: str, link: Head | None, class_: str = "") -> SafeString:
    """Write a column's head; with a link, the table is sorted by it where that leads."""
    inner = mark_safe(content)  # noqa: S308  # the template's own text, escaped there
    if not link:
        return format_html('<th scope="col" class="{}">{}</th>', class_, inner)
    sorted_ = format_html(' aria-sort="{}"', link.aria) if link.aria else ""
    return format_html(
        '<th scope="col" class="{}"{}><a class="sorter" href="{}">{}</a></th>',
        class_,
        sorted_,
        link.href,
        inner,
    )


@register.simple_tag
def said(board: BoardView) -> str:
    """Say who is best, as far as the data tell."""
    return said_of(board)


@register.simple_tag
def crowd(board: BoardView) -> list[str]:
    """Say how each consensus stands against the first entry."""
    return crowd_of(board)


@register.simple_tag
def crowd_obstacles(board: BoardView) -> list[Consensus]:
    """Return why there is no consensus, where there is none."""
    return consensus_obstacles(board.visible)


@register.filter
def share(part: float | None) -> str:
    """Write in how many of the draws an entry was first."""
    if part is None:
        return ""
    percent = 100 * part
    if 0 < percent < 1:
        return _("< 1 %")
    return f"{percent:.0f} %"


@register.filter
def of(found: Mapping[Any, Any] | str | None, key: object) -> Any:
    """Return what stands under a key."""
    return found.get(key) if isinstance(found, Mapping) else None


@register.filter
def signed(number: int | None) -> str:
    """Write how many places an entry went up or down."""
    if not number:
        return ""
    return f"\u25b2 {number}" if number > 0 else f"\u25bc {-number}"


@register.filter
def two(number: float | None) -> str:
    """Write a coefficient with two decimals."""
    return "\u2013" if number is None else f"{number:.2f}".replace("-", "\u2212")


@register.filter
def chance(p_value: float) -> str:
    """Write a p-value so that one beside 0.05 is seen to be above or below it."""
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"
