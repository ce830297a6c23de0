"""The landing page and the guide."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from challenges.selectors import visible_rounds
from leaderboards.selectors import round_credits
from pages.credit import data_rows
from pages.rounds import leaders, sorted_rounds
from pages.search import search

SHOWN_DATASETS = 6
LONGEST_QUESTION = 200


def home(request: HttpRequest) -> HttpResponse:
    rounds = visible_rounds(request.user)
    shown, now = sorted_rounds(rounds, request.user), timezone.now()
    credits_ = round_credits(rounds, request.user, now)
    context = {
        "rounds": shown,
        "leaders": leaders(rounds, request.user),
        "data_rows": [row for row in data_rows(credits_) if row.rank][:SHOWN_DATASETS],
    }
    return render(request, "pages/home.html", context)


def guide(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/help.html")


def search_page(request: HttpRequest) -> HttpResponse:
    wanted = " ".join(request.GET.get("q", "").replace("\x00", " ").split())[:LONGEST_QUESTION]
    context = {"wanted": wanted, "found": search(wanted, request.user)}
    return render(request, "pages/search.html", context)
