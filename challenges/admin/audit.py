"""The audit trail, for those who organize the challenge it is about, and for operators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin_base import ViewOnlyAdmin
from accounts.models import AuditEvent
from challenges.selectors import organized_challenges


@admin.register(AuditEvent)
class AuditEventAdmin(ViewOnlyAdmin):
    list_display = ("seq", "at", "act", "actor", "subject", "reason")
    list_filter = ("act",)
    list_select_related = ("actor",)
    search_fields = ("subject", "reason", "actor__username")
    date_hierarchy = "at"
    fields = (
        "seq",
        "at",
        "act",
        "actor",
        "subject",
        "challenge",
        "before",
        "after",
        "reason",
        "request_id",
        "previous_hash",
        "hash",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        events = super().get_queryset(request)
        if request.user.is_superuser:
            return events
        return events.filter(challenge__in=organized_challenges(request.user).values("pk"))
