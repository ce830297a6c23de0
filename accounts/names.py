"""Names that people see: no hidden characters, one script, and no two that look alike.

The rules are those of Unicode's security reports (UTS 39) in the part that names of people and
teams need, from the tables that come with Python and one short table of look-alikes.
"""

# ruff: noqa: RUF001
from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST_RUN_OF_MARKS = 2
# Control, format (bidi and zero-width among them), private, surrogate, unassigned; line breaks.
HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
# Letters that no script owns, by the first word of their Unicode name.
_COMMON = {"MICRO", "MODIFIER", "FEMININE", "MASCULINE", "OHM", "ANGSTROM", "KELVIN"}
# Scripts that are written together; Latin stands beside the last three without being confused.
_TOGETHER = (
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "LATIN"},
    {"CJK", "BOPOMOFO", "LATIN"},
    {"CJK", "HANGUL", "LATIN"},
)
# Letters and digits of other scripts that look like these, small letters first.
_LOOKS_LIKE = {
    "a": "аαɑ", "b": "ЬвꞴ", "c": "сϲⅽ", "d": "ԁⅾ", "e": "еєҽ", "f": "ꞙẝ", "g": "ɡց", "h": "һհ",
    "i": "іιıɩ", "j": "јϳ", "k": "кκ", "l": "ӏⅼ1I|ǀӀΙІ", "m": "ⅿм", "n": "ոп", "o": "оοօ0σஓ",
    "p": "рρ", "q": "ԛգ", "r": "гᴦ", "s": "ѕꜱ", "t": "тτ", "u": "υսᴜ", "v": "νѵⅴ", "w": "ԝѡωա",
    "x": "хχⅹ", "y": "уγү", "z": "ᴢ",
    "A": "АΑ", "B": "ВΒ", "C": "СϹ", "E": "ЕΕ", "F": "Ϝ", "H": "НΗ", "J": "Ј", "K": "КΚ",
    "M": "МΜ", "N": "Ν", "O": "ОΟ", "P": "РΡ", "S": "Ѕ", "T": "ТΤ", "V": "Ѵ", "X": "ХΧ",
    "Y": "УΥҮ", "Z": "Ζ",
}  # fmt: skip
_SKELETON = str.maketrans(
    {other: plain.lower() for plain, others in _LOOKS_LIKE.items() for other in others}
)


def clean_name(text: str, *, field: str, low: int = 0) -> str:
    """Return a name in normal form (NFC), with single spaces, or say what it may not hold.

    Raises
    ------
    ValidationError
        If it is shorter than `low`, has hidden characters, stacked marks or several scripts.
    """
    name = clean_line(text, field=field)
    if len(name) < low:
        raise ValidationError({field: _("Give a name that can be seen.")})
    if not _is_one_script(name):
        raise ValidationError({field: _("Use letters of one alphabet: mixed ones can look alike.")})
    return name


def clean_line(text: str, *, field: str) -> str:
    """Return one line of text in normal form (NFC), with single spaces.

    Raises
    ------
    ValidationError
        If it has characters that cannot be seen or marks stacked on each other.
    """
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if any(unicodedata.category(sign) in HIDDEN for sign in line):
        raise ValidationError({field: _("Hidden and control characters are not allowed.")})
    if _longest_run_of_marks(line) > LONGEST_RUN_OF_MARKS:
        raise ValidationError({field: _("At most two marks can stand on one letter.")})
    return line


def skeleton(name: str) -> str:
    """Return what a name looks like: two with the same skeleton are taken for each other."""
    text = unicodedata.normalize("NFKC", name).translate(_SKELETON)
    return unicodedata.normalize("NFC", text.casefold()).translate(_SKELETON)


def _longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for sign in text:
        run = run + 1 if unicodedata.category(sign) in {"Mn", "Me"} else 0
        longest = max(longest, run)
    return longest


def _is_one_script(name: str) -> bool:
    scripts = {
        word
        for sign in unicodedata.normalize("NFKC", name)
        if unicodedata.category(sign)[0] == "L"
        and (word := unicodedata.name(sign, "UNKNOWN").split()[0]) not in _COMMON
    }
    return len(scripts) <= 1 or any(scripts <= together for together in _TOGETHER)
