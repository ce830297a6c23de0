"""Calendars and feeds: the same for everyone, so that any program can read them."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from challenges.models import Challenge
from challenges.selectors import visible_challenges
from pages.happenings import atom, calendar


@require_safe
def challenge_feed(request: HttpRequest, challenge: str) -> HttpResponse:
    found = _public(challenge)
    return HttpResponse(
        atom(found, now=timezone.now()), content_type="application/atom+xml; charset=utf-8"
    )


@require_safe
def challenge_calendar(request: HttpRequest, challenge: str) -> HttpResponse:
    found = _public(challenge)
    return HttpResponse(
        calendar(found, now=timezone.now()),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{found.slug}.ics"'},
    )


def _public(slug: str) -> Challenge:
    return get_object_or_404(visible_challenges(AnonymousUser()), slug=slug)
