"""Pages that set up a round from something else: an earlier round."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from challenges.admin.round_pages import RoundPages, person_of
from challenges.errors import ChallengeError
from challenges.models import Round
from challenges.services.clone import CloneWish, clone_round


class CloneForm(forms.Form):
    """What the new round is called, and what else comes along."""

    title = forms.CharField(label=_("Title"), max_length=160)
    slug = forms.SlugField(label=_("Address"), max_length=60)
    opens_at = forms.SplitDateTimeField(
        label=_("Opens"),
        widget=AdminSplitDateTime,
        help_text=_("UTC. All other dates move by as much."),
    )
    public_files = forms.BooleanField(label=_("Public files"), required=False, initial=True)
    targets = forms.BooleanField(
        label=_("Targets"), required=False, help_text=_("With their shapes, weights and inputs.")
    )
    answers = forms.BooleanField(
        label=_("Answers"),
        required=False,
        help_text=_("The sealed answers of these targets. That they were opened is recorded."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answers") and not cleaned.get("targets"):
            self.add_error("answers", _("Answers belong to targets: choose these too."))
        return cleaned

    @property
    def wish(self) -> CloneWish:
        facts = dict(self.cleaned_data)
        return CloneWish(files=facts.pop("public_files"), **facts)


class RoundSetup(RoundPages):
    """Pages that fill a draft."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/clone/", wrap(self.clone_view), name="challenges_round_clone"),
            *super().get_urls(),
        ]

    def clone_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make another round like this one."""
        round = self._changeable(request, pk)
        initial = {"title": f"{round.title} (next)", "opens_at": round.opens_at + timedelta(365)}
        form = CloneForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                made = clone_round(round, form.wish, by=person_of(request))
            except ChallengeError as error:
                form.add_error(None, str(error))
            else:
                self.log_addition(request, made, f"Clone of {round}.")
                messages.success(request, _("The new round is a draft; entries never come along."))
                return self._back(made)
        return self._form_page(
            request,
            round,
            form=form,
            title=_("Clone %(round)s") % {"round": round},
            meaning=_(
                "Makes a draft with the same task, rules, metrics and limits. Entries, scores, "
                "announcements and disputes stay with the old round."
            ),
            submit=_("Make the new round"),
        )

    def _form_page(
        self, request: HttpRequest, round: Round, *, form: forms.Form, **texts: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            **texts,
            "form": form,
            "original": round,
            "opts": self.opts,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/challenges/round/form_page.html", context)
