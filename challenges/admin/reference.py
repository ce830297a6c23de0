"""That there are answers, never what they are."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import ViewOnly
from challenges.admin.scope import ScopedAdmin
from challenges.models import Reference, ReferenceAccess


@admin.register(Reference)
class ReferenceAdmin(ViewOnly, ScopedAdmin):
    """Versions of answers: no file, no digest of it, no salt."""

    challenge_path = "target__round__challenge"
    list_display = ("target", "version", "is_current", "reason", "created_at", "created_by")
    list_filter = ("is_current", ("target__round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("target", "created_by")
    search_fields = ("target__slug",)
    fields = (
        "target",
        "version",
        "is_current",
        "reason",
        "commitment",
        "created_at",
        "created_by",
    )


@admin.register(ReferenceAccess)
class ReferenceAccessAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "round__challenge"
    list_display = ("at", "round", "purpose", "subject")
    list_filter = ("purpose", ("round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("round__challenge",)
    search_fields = ("subject",)
    date_hierarchy = "at"
    fields = ("at", "round", "purpose", "subject")
