"""Disputes of targets: read and answered once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest

from challenges.admin.scope import ScopedAdmin
from challenges.errors import ChallengeError
from challenges.models import Dispute
from challenges.services.disputes import LONGEST_TEXT, answer_dispute


class DisputeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic to the checker only
    """The answer, and whether the dispute is right."""

    answer = forms.CharField(
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5, "cols": 60}),
        help_text="Read by who opened it, and by everybody after the reveal.",
    )
    accepted = forms.BooleanField(
        required=False,
        help_text="The dispute is right. Then correct the target's answer: the correction is "
        "linked here.",
    )


@admin.register(Dispute)
class DisputeAdmin(ScopedAdmin):
    form = DisputeForm
    challenge_path = "target__round__challenge"
    list_display = ("target", "state", "opened_by", "opened_at", "answered_at")
    list_filter = ("state", ("target__round", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("target", "opened_by")
    readonly_fields = ("target", "text", "opened_by", "opened_at", "state", "correction")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        last = ("answer", "accepted") if self._is_open(obj) else ("answer", "answered_by")
        return (*self.readonly_fields, *last)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        more = () if self._is_open(obj) else ("answer", "answered_by")
        return (*self.readonly_fields, *more)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Dispute, form: Any, change: bool) -> None:
        facts = form.cleaned_data
        if "answer" not in facts:
            return
        try:
            answer_dispute(
                obj,
                answer=facts["answer"],
                accepted=facts["accepted"],
                by=request.user,  # type: ignore[arg-type]  # the admin lets nobody else in
            )
        except ChallengeError as error:
            messages.error(request, str(error))

    @staticmethod
    def _is_open(obj: Any) -> bool:
        return obj is not None and obj.state == Dispute.State.OPEN
