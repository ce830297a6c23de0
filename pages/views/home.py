"""The landing page and the guide."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from challenges.selectors import visible_rounds
from pages.credit import credits_of, data_rows
from pages.rounds import leaders, sorted_rounds
from pages.search import search

SHOWN_DATASETS = 6
LONGEST_QUESTION = 200


def home(request: HttpRequest) -> HttpResponse:
    rounds = visible_rounds(request.user)
    shown = sorted_rounds(rounds)
    context = {
        "rounds": shown,
        "leaders": leaders(rounds),
        "data_rows": [row for row in data_rows(credits_of(rounds)) if row.rank][:SHOWN_DATASETS],
    }
    return render(request, "pages/home.html", context)


def guide(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/help.html")


def search_page(request: HttpRequest) -> HttpResponse:
    wanted = " ".join(request.GET.get("q", "").replace("\x00", " ").split())[:LONGEST_QUESTION]
    context = {"wanted": wanted, "found": search(wanted, request.user)}
    return render(request, "pages/search.html", context)
