"""What the admin of every app shares: rows that are only looked at, and 404 out of sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import Http404, HttpRequest

# Django's classes are generic to the type checker only.
if TYPE_CHECKING:
    PlainAdmin = admin.ModelAdmin[Any]
    PlainTabular = admin.TabularInline[Any, Any]
    PlainStacked = admin.StackedInline[Any, Any]
else:
    PlainAdmin = admin.ModelAdmin
    PlainTabular = admin.TabularInline
    PlainStacked = admin.StackedInline


class StrictAdmin(PlainAdmin):
    """An object out of the viewer's sight does not exist: 404, not a redirect with a hint."""

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.Model:
        found: models.Model | None = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found


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
