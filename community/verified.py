"""Addresses that mail may go to: only those whose owners have shown that they are theirs."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.models import EmailAddress


def verified_addresses(people: Iterable[int]) -> dict[int, str]:
    """Return the verified address of each person who has one, the primary one first."""
    rows = EmailAddress.objects.filter(user__in=list(people), verified=True)
    # The later one of a person stays.
    return {row.user_id: row.email for row in rows.order_by("primary", "-pk")}
