"""Well-formed SVG from Python values."""

from __future__ import annotations

import re
from html import escape

# XML 1.0 has no way to write these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def number(value: float) -> str:
    """Write a coordinate with at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def clean(text: str) -> str:
    """Escape text for XML content and attributes, without characters that XML forbids."""
    return escape(_NOT_XML.sub("\ufffd", text), quote=True)


def shorten(text: str, length: int) -> str:
    """Cut text to `length` characters, with an ellipsis for what is left out."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def element(name: str, text: str | None = None, /, **attributes: str | float) -> str:
    """Write one element; `class_` gives class, underscores in other names give hyphens."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
    )
    if text is None:
        return f"<{name}{written}/>"
    return f"<{name}{written}>{clean(text)}</{name}>"


def group(children: list[str], *, title: str = "", class_: str = "") -> str:
    """Put elements together; the title is what a pointer that rests on them is told."""
    head = f' class="{clean(class_)}"' if class_ else ""
    told = element("title", title) if title else ""
    return f"<g{head}>{told}{''.join(children)}</g>"


def document(
    children: list[str],
    *,
    width: float,
    height: float,
    class_: str,
    name: str,
    title: str,
    description: str,
) -> str:
    """Wrap elements into a picture that a screen reader announces by title and description.

    Parameters
    ----------
    width, height : float
        Size in CSS pixels; also the coordinate system.
    name : str
        Prefix of the ids in the picture; unique in its page.
    """
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture {clean(class_)}" '
        f'viewBox="0 0 {number(width)} {number(height)}" '
        f'width="{number(width)}" height="{number(height)}" role="img" '
        f'aria-labelledby="{clean(name)}-title {clean(name)}-desc">'
    )
    told = element("title", title, id=f"{name}-title") + element(
        "desc", description, id=f"{name}-desc"
    )
    return f"{head}{told}{''.join(children)}</svg>"


def _attribute(value: str | float) -> str:
    return clean(value) if isinstance(value, str) else number(value)
