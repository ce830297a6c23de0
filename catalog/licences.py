"""Licences are SPDX expressions."""

from __future__ import annotations

from functools import cache

from django.core.exceptions import ValidationError
from license_expression import ExpressionError, Licensing, get_spdx_licensing


@cache
def _licensing() -> Licensing:
    return get_spdx_licensing()


def validate_licence(value: str) -> None:
    """Refuse what is not a valid SPDX licence expression."""
    try:
        found = _licensing().validate(value)
    except ExpressionError as error:
        raise ValidationError(f"Not an SPDX licence expression: {error}") from None
    if found.errors:
        raise ValidationError(
            f"Not an SPDX licence expression: {'; '.join(found.errors)}. "
            "Write for example CC-BY-4.0, CC0-1.0 or MIT."
        )
