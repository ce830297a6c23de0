"""What a person is told of, by which way, and the addresses in mail and for feed readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.languages import speaking_to
from accounts.models import User
from challenges.selectors import visible_challenges
from community.errors import NoSuchFeed
from community.models import CHOOSABLE, Channel, Pace
from community.recipients import wishes_of
from community.selectors import (
    deliveries_on_site,
    feed_made_at,
    followed_challenges,
    latest_mail,
    news_of,
)
from community.services.daily import HOUR_UTC
from community.services.wishes import (
    choose,
    end_feed,
    follow,
    new_feed_secret,
    person_of_feed,
    unfollow,
)
from community.unsubscribing import read_token, unsubscribe
from community.verified import verified_addresses
from pages.news import own_calendar, own_feed

PAGE = 50
MAILS_SHOWN = 10


@never_cache
@require_safe
@login_required
def news(request: HttpRequest) -> HttpResponse:
    """List what happened, newest first."""
    pages = Paginator(deliveries_on_site(cast(User, request.user)), PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {"page": page, "news": [news_of(each) for each in page]}
    return render(request, "pages/news.html", context)


@never_cache
@login_required
def notifications(request: HttpRequest) -> HttpResponse:
    """Show and change what a person is told of."""
    act = request.POST.get("act", "")
    if act == "feed":  # its addresses are shown this once, so there is no redirect
        return _wishes_page(request, secret=new_feed_secret(cast(User, request.user)))
    if act in {"save", "feed-end", "follow", "unfollow"}:
        messages.success(request, _done(request, act))
        return redirect("pages:notifications")
    return _wishes_page(request)


def _done(request: HttpRequest, act: str) -> str:
    person = cast(User, request.user)
    if act == "save":
        choose(person, dict(_choices(request)))
        return _("Saved.")
    if act == "feed-end":
        end_feed(person)
        return _("Your feed addresses work no more.")
    challenge = get_object_or_404(
        visible_challenges(person), slug=request.POST.get("challenge", "")
    )
    if act == "follow":
        follow(person, challenge)
        return _("You follow %(title)s.") % {"title": challenge.title}
    unfollow(person, challenge)
    return _("You do not follow %(title)s any more.") % {"title": challenge.title}


def _choices(request: HttpRequest) -> Iterator[tuple[tuple[str, str], Pace]]:
    on = set(request.POST.getlist("on"))
    for kind in CHOOSABLE:
        yield (kind, Channel.SITE), Pace.NOW if kind.value in on else Pace.NEVER
        mail = request.POST.get(f"mail {kind.value}", "")
        if mail in Pace.values:
            yield (kind, Channel.EMAIL), Pace(mail)


def _wishes_page(request: HttpRequest, *, secret: str = "") -> HttpResponse:
    person = cast(User, request.user)
    followed = followed_challenges(person)
    offered = visible_challenges(person).filter(published_at__isnull=False)
    context = {
        "wishes": list(wishes_of([person.pk]).values()),
        "paces": Pace.choices,
        "hour": HOUR_UTC,
        "address": verified_addresses([person.pk]).get(person.pk),
        "followed": followed,
        "offered": offered.exclude(pk__in=followed.order_by().values("pk")).order_by("title"),
        "chosen": request.GET.get("follow", ""),
        "feed_made_at": feed_made_at(person),
        "feeds": [request.build_absolute_uri(reverse(f"pages:{name}", args=[secret]))
                  for name in ("own-feed", "own-calendar")] if secret else [],
        "mails": latest_mail(person, number=MAILS_SHOWN),
    }  # fmt: skip
    return render(request, "pages/notifications.html", context)


@never_cache
@csrf_exempt  # mail programs post here by themselves; the signed address is the permission
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """End mail of a kind: a button for people, one POST for mail programs."""
    found = read_token(token)
    if found is None:
        raise Http404("not a link of ours")
    person, kind = found
    everything = "all" in request.POST
    if request.method == "POST":
        unsubscribe(person, None if everything else kind)
    done = request.method == "POST"
    context = {"kind": kind, "done": done, "everything": everything}
    return render(request, "pages/unsubscribe.html", context)


@never_cache
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    person = _person(secret)
    with speaking_to(person):
        text = own_feed(person)
    return HttpResponse(text, content_type="application/atom+xml; charset=utf-8")


@never_cache
@require_safe
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    person = _person(secret)
    with speaking_to(person):
        content = own_calendar(person, now=timezone.now())
    return HttpResponse(content, content_type="text/calendar; charset=utf-8")


def _person(secret: str) -> User:
    try:
        return person_of_feed(secret)
    except NoSuchFeed as error:
        raise Http404(error.message) from None
