"""People, teams and API tokens in the admin."""

from __future__ import annotations

from typing import Any

# Imported, so that what they register is there to be taken away.
import allauth.account.admin
import allauth.mfa.admin
import allauth.socialaccount.admin  # noqa: F401
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from accounts.admin_base import Audited, PlainTabular, StrictAdmin, ViewOnlyAdmin
from accounts.models import ApiToken, Membership, Team, User
from accounts.services import ensure_team_of_one

PUBLIC_FIELDS = ("username", "display_name", "affiliation", "orcid")


@admin.register(User)
class PersonAdmin(Audited, UserAdmin):  # type: ignore[type-arg]  # generic to the type checker only
    """Accounts. Only superusers change them; organizers look people up by their public fields."""

    list_display = ("username", "display_name", "affiliation", "is_staff", "is_active")
    search_fields = ("username", "display_name", "orcid")
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("Shown on boards", {"fields": ("display_name", "affiliation", "orcid")}),
        ("Identity", {"fields": ("orcid_verified_at", "identity_checked_at")}),
    )
    readonly_fields = ("orcid_verified_at",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not _is_superuser(request):
            return ((None, {"fields": PUBLIC_FIELDS}),)
        return super().get_fieldsets(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if "orcid" in form.changed_data:
            obj.orcid_verified_at = None  # typed, whoever typed it
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        ensure_team_of_one(form.instance)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


# What people change by signing in is not changed by hand here; providers are configured by
# environment variables. A lost second factor is the exception.
admin.site.unregister([Group, EmailAddress, SocialAccount, SocialApp, SocialToken, Authenticator])
if admin.site.is_registered(EmailConfirmation):
    admin.site.unregister(EmailConfirmation)


@admin.register(Group)
class RoleGroupAdmin(Audited, GroupAdmin):
    """Groups of permissions."""


class MembershipInline(PlainTabular):
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)
    can_delete = False  # leaving is a date, so that past submissions keep their people


@admin.register(Team)
class TeamAdmin(StrictAdmin):
    list_display = ("name", "slug", "affiliation", "created_at")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ("created_at",)
    inlines = (MembershipInline,)


@admin.register(ApiToken)
class ApiTokenAdmin(ViewOnlyAdmin):
    """Tokens can be revoked here, not made: a token is shown once, to its owner."""

    list_display = ("name", "user", "scopes", "created", "last_used_at", "expiry")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    fields = ("name", "user", "scopes", "created", "last_used_at", "expiry")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


@admin.register(Authenticator)
class SecondFactorAdmin(ViewOnlyAdmin):
    """Deleted for somebody who has lost both phone and recovery codes, and is known."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)
