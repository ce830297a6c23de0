"""Standings and the credit ledger: computed, so only looked at."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import ViewOnly
from challenges.admin.scope import ScopedAdmin
from leaderboards.models import BoardRevision, CreditBook, CreditEntry, Standing


@admin.register(BoardRevision)
class BoardRevisionAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "board__round__challenge"
    list_display = ("board", "number", "created_at")
    list_filter = (("board__round", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("board__round__challenge",)
    fields = ("board", "number", "created_at", "inputs_sha256", "rule", "columns", "target_slugs")


@admin.register(Standing)
class StandingAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "revision__board__round__challenge"
    list_display = (
        "submission",
        "revision",
        "position",
        "rank",
        "status",
        "value",
        "rank_low",
        "rank_high",
        "answered",
        "offered",
    )
    list_filter = ("status", ("revision__board__round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("submission", "revision__board__round__challenge")
    search_fields = ("submission__code", "submission__team__name")
    show_full_result_count = False


@admin.register(CreditBook)
class CreditBookAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "round__challenge"
    list_display = (
        "round",
        "number",
        "created_at",
        "minted_micropoints",
        "open_micropoints",
        "reason",
    )
    list_filter = (("round", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("round__challenge",)


@admin.register(CreditEntry)
class CreditEntryAdmin(ViewOnly, ScopedAdmin):
    challenge_path = "round__challenge"
    list_display = ("round", "kind", "account", "micropoints", "result", "self_use", "reverses")
    list_filter = ("kind", "self_use", ("round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("round__challenge", "account", "reverses")
    search_fields = ("account__title", "account__slug", "result")
    show_full_result_count = False
