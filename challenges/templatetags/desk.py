"""What the admin's first page shows."""

from __future__ import annotations

from typing import Any

from django import template

from challenges.services.next_step import OwnChallenge, own_challenges

register = template.Library()


@register.simple_tag(takes_context=True)
def my_challenges(context: Any) -> list[OwnChallenge]:
    """Return the challenges of who looks at the page, with their next steps."""
    return own_challenges(context["request"].user)
