"""What became of every delivery, for operators: only looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin_base import ViewOnlyAdmin
from community.models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(ViewOnlyAdmin):
    """The outbox. Addresses and secrets are not in it."""

    list_display = ("made_at", "kind", "channel", "recipient", "state", "attempts", "last_error")
    list_filter = ("state", "channel", "event__kind")
    list_select_related = ("event", "recipient", "webhook")
    search_fields = ("code", "recipient__username", "webhook__code")
    date_hierarchy = "made_at"
    fields = (
        *("code", "event", "recipient", "channel", "webhook", "state", "attempts", "made_at"),
        *("next_attempt_at", "give_up_at", "finished_at", "last_error", "log"),
    )
    readonly_fields = fields

    @admin.display(description="what")
    def kind(self, delivery: Delivery) -> str:
        return delivery.event.get_kind_display()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
