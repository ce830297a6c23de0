"""A challenge and the people who organize it."""

from __future__ import annotations

import tempfile
from typing import Any, BinaryIO, cast

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import FileResponse, HttpRequest

from accounts.admin_base import PlainTabular
from challenges.admin.challenge_start import ChallengeStart
from challenges.models import Challenge, ChallengeRole
from challenges.selectors import can_give_roles
from challenges.services.bundles import export_bundle
from heldout.bundle.sink import zip_sink


class RoleInline(PlainTabular):
    model = ChallengeRole
    extra = 0
    autocomplete_fields = ("user",)
    verbose_name = "role"
    verbose_name_plural = "roles (owners alone give them)"

    # Who may set up the challenge does not thereby decide who else may.

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_give(request, obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_give(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may_give(request, obj) and super().has_delete_permission(request, obj)


def _may_give(request: HttpRequest, challenge: Any) -> bool:
    return challenge is None or can_give_roles(request.user, challenge)


@admin.register(Challenge)
class ChallengeAdmin(ChallengeStart):
    change_list_template = "admin/challenges/challenge/change_list.html"
    challenge_path = "pk"
    list_display = ("title", "slug", "rounds_count", "published_at", "created_at")
    list_filter = (("published_at", admin.EmptyFieldListFilter),)
    search_fields = ("title", "slug", "summary")
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ("published_at", "created_at")
    inlines = (RoleInline,)
    actions = ("download_bundle",)
    fieldsets = (
        (None, {"fields": ("title", "slug", "summary", "topics")}),
        (
            "Charter",
            {
                "description": "Both halves are needed before a round can open: the question in "
                "the words of the domain, and the task in the words of machine learning.",
                "fields": (
                    "domain_question",
                    "domain_primer",
                    "ml_task",
                    "ml_primer",
                    "data_statement",
                    "ethics",
                    "words",
                    "licence",
                ),
            },
        ),
        ("Scoring", {"fields": ("scoring_slots",)}),
        ("Dates", {"fields": ("published_at", "created_at")}),
    )

    @admin.action(description="Download as a bundle (without answers)", permissions=["change"])
    def download_bundle(
        self, request: HttpRequest, queryset: QuerySet[Challenge]
    ) -> FileResponse | None:
        """Send the design and public files of one challenge, enough to hold it again."""
        challenge = queryset.first()
        if challenge is None or queryset.count() != 1 or not challenge.rounds.exists():
            self.message_user(
                request,
                "Choose one challenge that has a round: a bundle holds one.",
                messages.ERROR,
            )
            return None
        spool = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the response closes it
        with zip_sink(spool) as sink:
            export_bundle(challenge, sink)
        spool.seek(0)
        return FileResponse(spool, as_attachment=True, filename=f"{challenge.slug}.zip")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(number_of_rounds=Count("rounds"))

    @admin.display(description="rounds", ordering="number_of_rounds")
    def rounds_count(self, challenge: Any) -> int:
        return int(challenge.number_of_rounds)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the address and the licence of a published challenge: rounds are frozen on them."""
        fixed = ("slug", "licence") if obj is not None and obj.published_at else ()
        return (*self.readonly_fields, *fixed)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj is not None and obj.published_at else self.prepopulated_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        published = obj is not None and obj.published_at is not None
        return not published and super().has_delete_permission(request, obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            # Or the one who made it could not see it any more.
            ChallengeRole.objects.get_or_create(
                challenge=form.instance,
                user=request.user,  # type: ignore[misc]  # the admin lets nobody else in
                role=ChallengeRole.Role.OWNER,
            )
