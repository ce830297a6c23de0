"""Licences are SPDX expressions."""

from __future__ import annotations

from functools import cache

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from license_expression import ExpressionError, Licensing, get_spdx_licensing


@cache
def _licensing() -> Licensing:
    return get_spdx_licensing()


def validate_licence(value: str) -> None:
    """Refuse what is not a valid SPDX licence expression."""
    try:
        _licensing().parse(value, validate=True, strict=True)
    except (ExpressionError, IndexError) as error:  # the second for "()"
        reason = f": {error}" if isinstance(error, ExpressionError) else ""
        raise ValidationError(
            _(
                "Not an SPDX licence expression%(reason)s. Write for example CC-BY-4.0, "
                "CC0-1.0 or MIT."
            )
            % {"reason": reason}
        ) from None
