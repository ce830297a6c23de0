"""Public identifiers of people."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_ROR = re.compile(r"https://ror\.org/0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}", re.ASCII)
_ROR_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", re.ASCII)


def orcid_check_character(base: str) -> str:
    """Return the check character of an ORCID iD from its first 15 digits (ISO 7064 mod 11-2)."""
    total = 0
    for digit in base:
        total = (total + int(digit)) * 2
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)


def validate_orcid(value: str) -> None:
    """Refuse an ORCID iD of the wrong form or with a wrong check character."""
    if not _ORCID.fullmatch(value):
        raise ValidationError(_("An ORCID iD has the form 0000-0002-1825-0097."))
    digits = value.replace("-", "")
    if orcid_check_character(digits[:15]) != digits[15]:
        raise ValidationError(
            _("This ORCID iD has a typing error: its last character does not fit.")
        )


def validate_ror(value: str) -> None:
    """Refuse a ROR id of the wrong form or with wrong check digits (ISO 7064 mod 97-10)."""
    if not _ROR.fullmatch(value):
        raise ValidationError(_("A ROR id has the form https://ror.org/05dxps055."))
    code = value.removeprefix("https://ror.org/")
    number = 0
    for letter in code[:7]:
        number = number * 32 + _ROR_DIGITS.index(letter)
    if 98 - (number * 100) % 97 != int(code[7:]):
        raise ValidationError(_("This ROR id has a typing error: its last digits do not fit."))
