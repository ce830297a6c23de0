"""The landing page and the guide."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from challenges.selectors import visible_rounds
from leaderboards.selectors import round_credits
from pages.credit import data_rows
from pages.finding import Wanted, choices_of
from pages.rounds import leaders, sorted_rounds
from pages.search import search

SHOWN_DATASETS = 6
LONGEST_QUESTION = 200


def home(request: HttpRequest) -> HttpResponse:
    every = sorted_rounds(
        visible_rounds(request.user).prefetch_related("offered_data"), request.user
    )
    rounds, now = every.all(), timezone.now()
    credits_ = round_credits(rounds, request.user, now)
    wanted = Wanted(request.GET.get("topic", ""), request.GET.get("data", ""))
    context = {
        "rounds": every.only(wanted.takes) if wanted else every,
        "filter": choices_of(rounds, wanted),
        "wanted": wanted,
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
