"""Datasets, models and target sets in the admin, with shares, files and lineage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest

from accounts.admin_base import PlainTabular, StrictAdmin, ViewOnlyInline
from catalog.errors import CatalogError, FileRefused
from catalog.models import (
    SHARES_TOTAL_BP,
    Artifact,
    ArtifactFile,
    Contribution,
    LineageEdge,
    ShareClaim,
)
from catalog.services import (
    Share,
    add_file,
    check_file_name,
    confirm_claim,
    declare_lineage,
    decline_claim,
    set_shares,
)

if TYPE_CHECKING:
    FileModelForm = forms.ModelForm[ArtifactFile]
    ShareModelForm = forms.ModelForm[Contribution]
    SharesBase = forms.BaseInlineFormSet[Contribution, Artifact, forms.ModelForm[Contribution]]
else:
    FileModelForm = ShareModelForm = forms.ModelForm
    SharesBase = forms.BaseInlineFormSet


class ShareForm(ShareModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["share_bp"].required = False
        self.fields["share_bp"].help_text = "10000 is all of it. All empty: equal shares."

    def clean_share_bp(self) -> int | None:
        given: int | None = self.cleaned_data["share_bp"]
        if given is None:
            # The model wants a number; the service replaces it by the equal share.
            self.equal = True
            return 1
        self.equal = False
        return given


class SharesFormSet(SharesBase):
    """Shares are judged together: they make a whole, or they are all left to be equal."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        shares = self.shares()
        given = [share.share_bp for share in shares if share.share_bp is not None]
        if given and len(given) != len(shares):
            raise forms.ValidationError("Give every contributor a share, or none (all equal).")
        if given and sum(given) != SHARES_TOTAL_BP:
            raise forms.ValidationError(
                f"The shares sum to {sum(given)} basis points; they must sum to {SHARES_TOTAL_BP}."
            )

    def shares(self, confirmed_by: Any = None) -> list[Share]:
        """Return the shares that remain; the one who saves confirms their own."""
        found = []
        for form in self.forms:
            facts = form.cleaned_data
            if not facts or facts.get("DELETE") or not (facts.get("person") or facts.get("name")):
                continue
            equal = getattr(form, "equal", False)
            found.append(
                Share(
                    person=facts.get("person"),
                    name="" if facts.get("person") else facts.get("name", ""),
                    orcid=facts.get("orcid", ""),
                    share_bp=None if equal else facts["share_bp"],
                    roles=tuple(facts.get("roles") or ()),
                    confirmed=facts.get("person") is not None
                    and facts.get("person") == confirmed_by,
                )
            )
        return found


class ContributionInline(PlainTabular):
    model = Contribution
    form = ShareForm
    formset = SharesFormSet
    extra = 0
    autocomplete_fields = ("person",)
    fields = ("person", "name", "orcid", "share_bp", "roles", "confirmed_at")
    readonly_fields = ("confirmed_at",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_fixed(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_fixed(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_fixed(obj) and super().has_delete_permission(request, obj)


def _is_fixed(artifact: Artifact | None) -> bool:
    """Tell whether a published round names these contributors as the makers of its targets."""
    return artifact is not None and (
        artifact.target_set_of_rounds.filter(published_at__isnull=False).exists()
    )


class FileForm(FileModelForm):
    upload = forms.FileField(label="file")

    class Meta:
        model = ArtifactFile
        fields = ("upload", "description", "media_type")

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        try:
            check_file_name(upload.name)
        except FileRefused as error:
            raise forms.ValidationError(str(error)) from None
        return upload


class FileInline(PlainTabular):
    """Files are added; a version's files do not change."""

    model = ArtifactFile
    form = FileForm
    extra = 0
    can_delete = False
    verbose_name = "new file"
    verbose_name_plural = "add files"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).none()


class StoredFileInline(ViewOnlyInline):
    model = ArtifactFile
    fields = ("name", "description", "media_type", "size_bytes", "sha256")
    verbose_name_plural = "files"


class LineageInline(PlainTabular):
    """What it was made from; an edge that is declared stays."""

    model = LineageEdge
    fk_name = "child"
    extra = 0
    can_delete = False
    autocomplete_fields = ("parent",)
    fields = ("parent", "relation", "use")
    verbose_name = "input"
    verbose_name_plural = "inputs"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Artifact)
class ArtifactAdmin(StrictAdmin):
    """Everybody who organizes sees all artifacts; they change those they registered."""

    list_display = ("title", "version", "kind", "origin", "licence", "shares_sealed", "team")
    list_filter = ("kind", "origin", "disclosure", "is_stub", "shares_sealed")
    list_select_related = ("team",)
    search_fields = ("title", "slug", "doi")
    autocomplete_fields = ("team",)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ("shares_sealed", "registered_at", "registered_by")
    inlines = (ContributionInline, StoredFileInline, FileInline, LineageInline)
    fieldsets = (
        (None, {"fields": ("kind", "title", "slug", "version", "summary", "description")}),
        ("Origin", {"fields": ("origin", "disclosure", "team", "is_stub", "doi", "url")}),
        ("Use", {"fields": ("licence",)}),
        ("On record", {"fields": ("shares_sealed", "registered_at", "registered_by")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = () if obj is None else ("kind", "slug", "version", "origin")
        return (*self.readonly_fields, *fixed)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.prepopulated_fields if obj is None else {}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        mine = obj is None or request.user.is_superuser or obj.registered_by == request.user
        return mine and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # others may have built on it; a new version replaces it

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.registered_by = request.user
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        try:
            if formset.model is Contribution:
                _save_shares(request, formset)
                return
            for row in formset.forms:
                facts = row.cleaned_data if row.has_changed() else {}
                if formset.model is ArtifactFile and facts.get("upload"):
                    _save_file(form.instance, facts)
                elif facts.get("parent"):
                    declare_lineage(
                        form.instance,
                        facts["parent"],
                        relation=facts["relation"],
                        use=facts.get("use", ""),
                        by=request.user,  # type: ignore[arg-type]  # the admin lets nobody else in
                    )
        except CatalogError as error:
            messages.error(request, str(error))


@admin.register(ShareClaim)
class ShareClaimAdmin(StrictAdmin):
    """A steward looks at the evidence and decides, with a reason that the claimant reads."""

    change_form_template = "admin/catalog/shareclaim/change_form.html"
    list_display = ("artifact", "person", "name", "state", "made_at", "decided_by")
    list_filter = ("state",)
    list_select_related = ("artifact", "person", "decided_by")
    fields = ("artifact", "person", "name", "roles", "evidence", "made_at", "state", "reason")
    readonly_fields = ("artifact", "person", "name", "roles", "evidence", "made_at", "state")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.state == ShareClaim.State.OPEN
        return is_open and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Decide by the button that was pressed; the row is the service's to write."""
        decide = decline_claim if "_decline" in request.POST else confirm_claim
        try:
            decided = decide(obj, by=request.user, reason=obj.reason)  # type: ignore[arg-type]  # staff
        except CatalogError as error:
            messages.error(request, str(error))
        else:
            if not decided:
                messages.error(request, "It was decided before.")


def _save_shares(request: HttpRequest, formset: Any) -> None:
    shares = formset.shares(confirmed_by=request.user)
    if formset.has_changed() and shares:
        set_shares(formset.instance, shares)


def _save_file(artifact: Artifact, facts: Mapping[str, Any]) -> None:
    add_file(
        artifact,
        name=facts["upload"].name,
        content=facts["upload"].file,
        description=facts.get("description", ""),
        media_type=facts.get("media_type") or "application/octet-stream",
    )
