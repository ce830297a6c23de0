"""Pages that fill a draft: from an earlier round, from a table, from the list of metrics."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from challenges.admin.choices import WHEN, direction_in_words, families, search_metrics
from challenges.admin.round_pages import RoundPages, person_of
from challenges.errors import ChallengeError
from challenges.models import Round
from challenges.services.advice import advice_on
from challenges.services.answer_traps import answer_traps
from challenges.services.bulk_targets import upload_targets
from challenges.services.bundles.read_rounds import TARGET_FIELDS
from challenges.services.clone import CloneWish, clone_round
from challenges.services.picking import add_metric, picks_for
from heldout.bundle.errors import BundleError, BundleProblem
from scoring.errors import UnknownMetricError


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

    tracks = forms.BooleanField(label=_("Tracks"), required=False, initial=True)
    providers = forms.BooleanField(label=_("Providers of targets"), required=False, initial=True)

    def __init__(self, *args: Any, round: Round, **kwargs: Any) -> None:
        """Ask for tracks and providers where there are any, and say which."""
        super().__init__(*args, **kwargs)
        tracks = ", ".join(track.title for track in round.tracks.all())
        self.fields["tracks"].help_text = _("%(names)s; their dates move too.") % {"names": tracks}
        people = User.objects.filter(provided_targets__round=round).distinct()
        names = ", ".join(people.order_by("username").values_list("username", flat=True))
        self.fields["providers"].help_text = _(
            "%(names)s: with their targets, on which they are not ranked again."
        ) % {"names": names}
        for name, there in (("tracks", tracks), ("providers", names)):
            if not there:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answers") and not cleaned.get("targets"):
            self.add_error("answers", _("Answers belong to targets: choose these too."))
        return cleaned

    @property
    def wish(self) -> CloneWish:
        facts = dict(self.cleaned_data)
        return CloneWish(files=facts.pop("public_files"), **facts)


class TargetsForm(forms.Form):
    """A table of targets, or an archive of one with its files."""

    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "A table (.csv) with a header line and one line for each target; or a .zip with it as "
            "targets.csv and the files that it names."
        ),
    )
    replace = forms.BooleanField(
        label=_("Remove targets that the table does not name"), required=False
    )


class RoundSetup(RoundPages):
    """Pages that fill a draft."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/targets/", wrap(self.targets_view), name="challenges_round_targets"),
            path("<int:pk>/metrics/", wrap(self.picker_view), name="challenges_round_picker"),
            path("<int:pk>/traps/", wrap(self.traps_view), name="challenges_round_traps"),
            path("<int:pk>/clone/", wrap(self.clone_view), name="challenges_round_clone"),
            *super().get_urls(),
        ]

    def clone_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make another round like this one."""
        round = self._changeable(request, pk)
        initial = {"title": f"{round.title} (next)", "opens_at": round.opens_at + timedelta(365)}
        form = CloneForm(request.POST or None, initial=initial, round=round)
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

    def targets_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take many targets from one file."""
        round = self._changeable(request, pk)
        form = TargetsForm(request.POST or None, request.FILES or None)
        problems: tuple[BundleProblem, ...] = ()
        if request.method == "POST" and form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                report = upload_targets(
                    round,
                    upload.file,
                    name=upload.name,
                    by=person_of(request),
                    replace=form.cleaned_data["replace"],
                )
            except BundleError as error:
                problems = error.problems
            except ChallengeError as error:
                form.add_error(None, str(error))
            else:
                told = _(
                    "%(made)d targets made, %(changed)d changed, %(removed)d removed, "
                    "%(answers)d answers stored."
                ) % asdict(report)
                self.log_change(request, round, str(told))
                messages.success(request, told)
                return self._back(round)
        return self._form_page(
            request,
            round,
            form=form,
            template="targets.html",
            title=_("Upload many targets of %(round)s") % {"round": round},
            problems=problems,
            columns=TARGET_FIELDS,
            submit=_("Upload"),
        )

    def picker_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Choose metrics of a draft, with their traps in its context."""
        round = self._changeable(request, pk)
        if request.method == "POST":
            return self._pick(request, round)
        query, family = request.GET.get("q", ""), request.GET.get("family", "")
        found = picks_for(round, search_metrics(query, family=family))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Metrics of %(round)s") % {"round": round},
            "picks": [(pick, direction_in_words(pick.metric)) for pick in found],
            "chosen": round.metrics.all(),
            "advice": advice_on(round),
            "query": query,
            "family": family,
            "families": [(name, WHEN.get(name, "")) for name in families()],
            "is_draft": not round.is_frozen,
            "original": round,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/picker.html", context)

    def traps_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hold the stored answers against the metrics, once it is confirmed."""
        round = self._changeable(request, pk)
        asked = request.method == "POST"
        context = {
            **self.admin_site.each_context(request),
            "title": _("Look at the answers of %(round)s") % {"round": round},
            "asked": asked,
            "traps": answer_traps(round, by=person_of(request)) if asked else [],
            "original": round,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/challenges/round/traps.html", context)

    def _pick(self, request: HttpRequest, round: Round) -> HttpResponse:
        slug, _slash, version = request.POST.get("metric", "").partition("/")
        try:
            metric = add_metric(round, slug, int(version) if version.isdecimal() else 0)
        except (ChallengeError, UnknownMetricError) as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, round, f"Metric {metric.key} added.")
            messages.success(request, _("%(key)s is added.") % {"key": metric.key})
        return HttpResponseRedirect(reverse("admin:challenges_round_picker", args=[round.pk]))

    def _form_page(
        self,
        request: HttpRequest,
        round: Round,
        *,
        form: forms.Form,
        template: str = "form_page.html",
        **texts: Any,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            **texts,
            "form": form,
            "original": round,
            "opts": self.opts,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, f"admin/challenges/round/{template}", context)
