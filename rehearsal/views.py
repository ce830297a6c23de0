"""A draft's rehearsals, for its organizers."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from challenges.admin.places import address_of
from challenges.errors import ChallengeError
from challenges.models import Round
from challenges.selectors import organized_challenges
from challenges.services.bundles import fingerprint_of
from rehearsal.drafts import ask_rehearsal, last_rehearsal
from rehearsal.models import RoundRehearsal
from rehearsal.steps import Step
from submissions.parts import part_if_changed


def rehearsal_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the newest rehearsal of a draft; asked by POST, hold another."""
    round_ = _round(request, pk)
    if request.method == "POST":
        try:
            ask_rehearsal(round_, by=cast(User, request.user))
        except ChallengeError as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse("rehearsal:round", args=[pk]))
    context = {
        **admin.site.each_context(request),
        **_context(round_),
        "title": _("Rehearsal of %(round)s") % {"round": round_},
        "opts": Round._meta,
    }
    return TemplateResponse(request, "admin/rehearsal/round.html", context)


def rehearsal_part(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Answer the part of the page that changes; 304 while it does not."""
    context = _context(_round(request, pk))
    return part_if_changed(request, "admin/rehearsal/_state.html", context)


def _round(request: HttpRequest, pk: int) -> Round:
    mine = Round.objects.filter(challenge__in=organized_challenges(request.user))
    return get_object_or_404(mine.select_related("challenge"), pk=pk)


def _context(round_: Round) -> dict[str, Any]:
    row = last_rehearsal(round_)
    report = row.report if row else None
    findings = report["findings"] if report else []
    places = row.places if row else []
    return {
        "original": round_,
        "rehearsal": row,
        "report": report,
        "steps": _steps(row) if row and not row.ended_at else (),
        "findings": [
            (each, address_of(place, round_) if place else "")
            for each, place in zip(findings, places, strict=True)
        ],
        "changed": bool(report) and row is not None and row.bundle_sha256 != fingerprint_of(round_),
    }


def _steps(row: RoundRehearsal) -> list[tuple[str, str]]:
    """Return every step by its words, and whether it is done, held now or to come."""
    names = list(Step)
    at = names.index(Step(row.step)) if row.step else 0
    states = ["done" if i < at else "now" if i == at else "later" for i in range(len(names))]
    return [(str(step.label), state) for step, state in zip(names, states, strict=True)]
