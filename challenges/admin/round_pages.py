"""The pages beside a round's form: metrics and formats, answers, amendments, acts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from challenges.admin.acts import ACTS, Act
from challenges.admin.choices import direction_in_words
from challenges.admin.forms import AnnouncementForm, AnswersForm, amendment_form
from challenges.admin.places import address_of
from challenges.admin.scope import ScopedAdmin
from challenges.errors import AnswersRefused, ChallengeError, PublishRefused
from challenges.models import Round
from challenges.selectors import announcements
from challenges.services.amendments import (
    amend_round,
    amendable_fields,
    amendable_track_fields,
)
from challenges.services.announcements import announce
from challenges.services.answers import read_answers
from challenges.services.corrections import PROPOSED, store_answers
from challenges.services.readiness import findings_of
from scoring.metrics import all_metrics
from scoring.readers import all_readers


class RoundPages(ScopedAdmin):
    """Pages that act on one round, each a door to one service."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("metrics/", wrap(self.choices_view), name="challenges_round_choices"),
            path("<int:pk>/answers/", wrap(self.answers_view), name="challenges_round_answers"),
            path("<int:pk>/announce/", wrap(self.announce_view), name="challenges_round_announce"),
            path("<int:pk>/amend/", wrap(self.amend_view), name="challenges_round_amend"),
            path("<int:pk>/act/<slug:act>/", wrap(self.act_view), name="challenges_round_act"),
            *super().get_urls(),
        ]

    def choices_view(self, request: HttpRequest) -> HttpResponse:
        """Show all registered metrics and readers in plain words."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Metrics and formats",
            "metrics": [(metric, direction_in_words(metric)) for metric in all_metrics()],
            "readers": all_readers(),
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/choices.html", context)

    def answers_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the answers of all targets from one file."""
        round = self._changeable(request, pk)
        form = AnswersForm(request.POST or None, request.FILES or None)
        problems: list[str] = []
        if request.method == "POST" and form.is_valid():
            count = round.targets.filter(cancelled_at__isnull=True).count()
            problems = self._store_answers(request, round, form=form)
            if not problems:
                self.log_change(request, round, "Answers of all targets stored.")
                messages.success(
                    request,
                    PROPOSED if round.is_frozen else f"The answers of {count} targets are stored.",
                )
                return self._back(round)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Answers of {round}",
            "form": form,
            "problems": problems,
            "original": round,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/answers.html", context)

    def _store_answers(self, request: HttpRequest, round: Round, *, form: AnswersForm) -> list[str]:
        targets = list(round.targets.filter(cancelled_at__isnull=True).select_related("round"))
        handle = form.cleaned_data["file"].file
        try:
            with transaction.atomic():
                found = read_answers(handle, targets=targets, kind=form.kind, options=form.options)
                store_answers(
                    round,
                    ((target, found[target.slug].read()) for target in targets),
                    by=person_of(request),
                    reason=form.cleaned_data["reason"],
                )
        except AnswersRefused as error:
            return [f"{problem.message}. {problem.remedy}" for problem in error.problems]
        except ChallengeError as error:
            return [str(error)]
        return []

    def amend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Change what may still change in a published round, with a public reason."""
        round = self._changeable(request, pk)
        fields = amendable_fields(round) if round.is_frozen else ()
        if not fields:
            raise PermissionDenied
        form = amendment_form(
            fields, tracks=list(round.tracks.all()), dates=amendable_track_fields(round)
        )(request.POST or None, instance=round)
        if request.method == "POST" and form.is_valid():
            values = form.of_round  # type: ignore[attr-defined]  # of the form made here
            try:
                amend_round(
                    self._changeable(request, pk),
                    values,
                    by=person_of(request),
                    reason=form.cleaned_data["reason"],
                    tracks=form.of_tracks,  # type: ignore[attr-defined]  # of the form made here
                )
            except ChallengeError as error:
                form.add_error(None, str(error))
            else:
                told = ", ".join([*values, *form.of_tracks])  # type: ignore[attr-defined]
                self.log_change(request, round, f"Amended: {told}.")
                messages.success(request, "The rules are amended; everybody can see what changed.")
                return self._back(round)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Amend the rules of {round}",
            "form": form,
            "original": round,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/amend.html", context)

    def announce_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Post a notice to a published round."""
        round = self._changeable(request, pk)
        earlier = announcements(round)
        form = AnnouncementForm(request.POST or None, earlier=earlier)
        if request.method == "POST" and form.is_valid():
            try:
                made = announce(round, by=person_of(request), **form.cleaned_data)
            except ChallengeError as error:
                form.add_error(None, str(error))
            else:
                self.log_change(request, round, f"Announced: {made.title}.")
                messages.success(request, "The announcement is on the round's page.")
                return self._back(round)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Announce something of {round}",
            "form": form,
            "earlier": earlier,
            "original": round,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/announce.html", context)

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """Ask for a confirmation, then let a service do the act."""
        round = self._changeable(request, pk)
        if act not in ACTS:
            raise PermissionDenied
        chosen: Act = ACTS[act]
        refused: tuple[str, ...] = ()
        if request.method == "POST":
            try:
                chosen.do(round, by=person_of(request))
            except PublishRefused as error:
                refused = error.unmet
            except ChallengeError as error:
                refused = (str(error),)
            else:
                self.log_change(request, round, f"{chosen.done}.")
                messages.success(request, f"{round}: {chosen.done.lower()}.")
                return self._back(round)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{chosen.label}: {round}",
            "act": chosen,
            "refused": refused,
            "unmet": [
                (each, address_of(each.place, round))
                for each in (findings_of(round) if act == "publish" else [])
                if each.blocks
            ],
            "original": round,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/act.html", context)

    def _changeable(self, request: HttpRequest, pk: int) -> Round:
        round = self.get_object(request, str(pk))
        if not isinstance(round, Round) or not self.has_change_permission(request, round):
            raise PermissionDenied
        return round

    def _back(self, round: Round) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:challenges_round_change", args=[round.pk]))


def person_of(request: HttpRequest) -> Any:
    """Return the signed-in person; the admin lets nobody else in."""
    return request.user
