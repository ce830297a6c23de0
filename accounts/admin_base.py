"""What the admin of every app shares: rows that are only looked at, and 404 out of sight."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import audit
from accounts.models import User

# Django's classes are generic to the type checker only.
if TYPE_CHECKING:
    PlainAdmin = admin.ModelAdmin[Any]
    PlainTabular = admin.TabularInline[Any, Any]
    PlainStacked = admin.StackedInline[Any, Any]
else:
    PlainAdmin = admin.ModelAdmin
    PlainTabular = admin.TabularInline
    PlainStacked = admin.StackedInline

BACK = "back"  # in an address of the admin: where to go when the form is saved


class Audited(PlainAdmin):
    """What is done here goes into the audit trail, beside the admin's own history."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for row in queryset:
            self._record(request, row, "Deleted.")
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, row: models.Model, message: object) -> None:
        told = message if isinstance(message, str) else json.dumps(message)
        person = request.user if isinstance(request.user, User) else None
        audit.record(audit.Act.ADMIN, row, by=person, reason=told)


class StrictAdmin(Audited):
    """An object out of the viewer's sight does not exist: 404, not a redirect with a hint."""

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.Model:
        found: models.Model | None = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Go back to the page that sent somebody here to mend something, if one did."""
        back = request.GET.get(BACK, "")
        if back and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
            return HttpResponseRedirect(back)
        return super().response_post_save_change(request, obj)


class ViewOnly:
    """Rows that services write and nobody edits by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ViewOnlyAdmin(ViewOnly, StrictAdmin):
    """A list and a page for each row, without a way to change anything."""


class ViewOnlyInline(ViewOnly, PlainTabular):
    """Rows shown below the row they belong to."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or ()
