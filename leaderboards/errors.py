"""What the services of boards and credit refuse, with facts a person can act on."""

from __future__ import annotations


class ObjectionRefused(Exception):
    """An objection to a declared input, or a ruling on one, that cannot be made; says why."""
