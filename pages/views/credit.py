"""Credit: the board of datasets, a round's books, objections to lineage, certificates."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from catalog.models import Artifact, LineageEdge
from challenges.models import Round
from challenges.selectors import visible_artifacts
from leaderboards.dataset_views import DatasetView, viewed_rounds
from leaderboards.errors import ObjectionRefused
from leaderboards.models import LineageObjection
from leaderboards.selectors import RoundCredit, round_credits
from leaderboards.services.objections import object_to_edge, rule_on
from pages.boards.seen import visible_round
from pages.credit import data_rows, person_credit
from pages.credit_books import books_page, export_of, write_ledger
from pages.credit_certificates import Certificate, as_json_ld, json_for_a_page


def datasets(request: HttpRequest) -> HttpResponse:
    """Rank all datasets, or those of a view: a topic, a challenge, a window, newcomers."""
    now = timezone.now()
    view = DatasetView.of(request.GET.dict())
    viewed = viewed_rounds(view, request.user, now)
    rows = data_rows(
        round_credits(viewed.rounds, request.user, now),
        registered_since=view.registered_since(now),
    )
    credited = [row.artifact.pk for row in rows]
    rest = Artifact.objects.filter(kind=Artifact.Kind.DATASET).exclude(pk__in=credited)
    context = {
        "rows": rows,
        "rest": Artifact.objects.none() if view.is_part else rest,
        "view": view,
        "viewed": viewed,
        "topic": next((each for each in viewed.topics if each.slug == view.topic), None),
    }
    return render(request, "pages/datasets.html", context)


def round_datasets(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    found = visible_round(request, challenge, round)
    credits_ = round_credits([found], request.user, timezone.now())
    context = {
        "round": found,
        "rows": data_rows(credits_),
        "credit": credits_[0] if credits_ else None,
    }
    return render(request, "pages/datasets.html", context)


def round_credit(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    """Show the books of a round, and the lineage they rest on."""
    found = visible_round(request, challenge, round)
    credit = _credit(request, found)
    page = books_page(found, credit, request.user, timezone.now()) if credit else None
    return render(request, "pages/round_credit.html", {"round": found, "page": page})


def credit_json(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    """Give the export that anyone can compute the books again from."""
    found = visible_round(request, challenge, round)
    credit = _credit(request, found)
    if credit is None:
        raise Http404
    text = export_of(credit)
    if number := request.GET.get("book", ""):
        if not (credit.is_posted and number.isascii() and number.isdigit() and len(number) < 9):
            raise Http404
        text = get_object_or_404(found.credit_books, number=number).export
    return HttpResponse(text, content_type="application/json")


def credit_csv(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    """Give the ledger of a round, corrections included."""
    found = visible_round(request, challenge, round)
    credit = _credit(request, found)
    if credit is None or not credit.is_posted:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"{found.challenge.slug}-{found.slug}-credit.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    write_ledger(found, response)
    return response


@login_required
@require_POST
def object_to_input(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    found = visible_round(request, challenge, round)
    if _credit(request, found) is None:  # an answer about its lineage would tell who takes part
        raise Http404
    edge = _edge(request)
    by = cast(User, request.user)
    try:
        object_to_edge(edge, round_=found, reason=request.POST.get("reason", ""), by=by)
    except ObjectionRefused as error:
        messages.error(request, str(error))
    else:
        told = _("Your objection is published. A steward who is not involved rules on it here.")
        messages.success(request, told)
    return redirect("pages:round-credit", challenge, round)


@login_required
@require_POST
def rule_on_objection(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    found = visible_round(request, challenge, round)
    objection = get_object_or_404(LineageObjection, round=found, edge=_edge(request))
    try:
        books = rule_on(
            objection,
            stands=request.POST.get("ruling") != "strike",
            ruling=request.POST.get("reason", ""),
            by=cast(User, request.user),
        )
    except ObjectionRefused as error:
        messages.error(request, str(error))
    else:
        told = _("Ruled. Books posted again: %(number)d.") % {"number": len(books)}
        messages.success(request, told)
    return redirect("pages:round-credit", challenge, round)


def certificate(request: HttpRequest, username: str, challenge: str, round: str) -> HttpResponse:
    """Certify what a person contributed to a round whose books are posted."""
    person = get_object_or_404(User, username=username, is_active=True)
    found = visible_round(request, challenge, round)
    credit = _credit(request, found)
    if credit is None or credit.book is None:
        raise Http404
    certified = Certificate(
        person=person,
        round=found,
        book=credit.book,
        credit=person_credit(person, [credit], visible_artifacts(request.user)),
        address=request.build_absolute_uri(request.path),
        export=request.build_absolute_uri(
            reverse("pages:credit-json", args=[challenge, round]) + f"?book={credit.book.number}"
        ),
        site=settings.SITE_NAME,
    )
    if not certified.rows:
        raise Http404
    content = as_json_ld(certified)
    if request.GET.get("format") == "json":
        return HttpResponse(json_for_a_page(content), content_type="application/ld+json")
    context = {"certificate": certified, "json_ld": json_for_a_page(content)}
    return render(request, "pages/certificate.html", context)


def _credit(request: HttpRequest, round_: Round) -> RoundCredit | None:
    return next(iter(round_credits([round_], request.user, timezone.now())), None)


def _edge(request: HttpRequest) -> LineageEdge:
    child, _at, child_version = request.POST.get("child", "").partition("@")
    parent, _at, parent_version = request.POST.get("parent", "").partition("@")
    return get_object_or_404(
        LineageEdge.objects.select_related("child", "parent"),
        child__slug=child,
        child__version=child_version,
        parent__slug=parent,
        parent__version=parent_version,
    )
