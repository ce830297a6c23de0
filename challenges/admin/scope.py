"""Organizers see and change what belongs to their own challenges, nothing else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.admin_base import StrictAdmin
from challenges.models import Challenge, Round
from challenges.selectors import organized_challenges


class Scoped:
    """Narrow a list to the challenges of the viewer; `challenge_path` leads to them."""

    challenge_path = "challenge"

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)  # type: ignore[misc]  # of the admin mixed with
        return rows.filter(**{f"{self.challenge_path}__in": organized_challenges(request.user)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer, and accept, own challenges and rounds only."""
        mine = organized_challenges(request.user)
        if db_field.related_model is Challenge:
            kwargs["queryset"] = mine
        elif db_field.related_model is Round:
            kwargs["queryset"] = Round.objects.filter(challenge__in=mine)
        return super().formfield_for_foreignkey(  # type: ignore[misc]
            db_field, request, **kwargs
        )


class ScopedAdmin(Scoped, StrictAdmin):
    """The admin of something that belongs to a challenge."""
