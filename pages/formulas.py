"""Formulas in TeX to MathML: every browser draws it, without a script or a font to load."""

from __future__ import annotations

from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from latex2mathml.converter import convert

from pages.sanitizing import clean

LONGEST = 2000


@lru_cache(maxsize=1024)
def mathml(tex: str, *, block: bool = False) -> SafeString:
    """Return a formula as MathML; TeX that cannot be read is shown as it was written.

    The tags pass the same allow-list as all text of people, because a challenge's text may hold
    formulas.
    """
    display = "block" if block else "inline"
    if len(tex) <= LONGEST:
        try:
            return mark_safe(clean(convert(tex, display=display)))  # noqa: S308  # cleaned
        except Exception:  # noqa: BLE001, S110 - the parser raises what it likes on odd TeX
            pass
    return format_html("<code>{}</code>", tex)
