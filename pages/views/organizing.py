"""What waits for the people who organize."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from pages.organizing import organized


@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    challenges = organized(request.user)
    waiting = sum(len(each.needs) for own in challenges for each in own.rounds)
    context = {"challenges": challenges, "waiting": waiting}
    return render(request, "pages/organizing.html", context)
