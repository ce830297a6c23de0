"""The one allow-list of HTML: what text of people may become on a page."""

from __future__ import annotations

import nh3

TAGS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a", "img",
    "ul", "ol", "li", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
MATH_TAGS = {
    "math", "mrow", "mi", "mo", "mn", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "math": {"display"},
    "mo": {"fence", "form", "stretchy"},
    "mover": {"accent"},
    "mstyle": {"displaystyle"},
    "mspace": {"width"},
    "mtd": {"columnalign"},
}
SCHEMES = {"http", "https", "mailto"}


def clean(html: str) -> str:
    """Return HTML of known tags only, which cannot harm a reader or tell of the visit."""
    return nh3.clean(
        html,
        tags=TAGS | MATH_TAGS,
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
