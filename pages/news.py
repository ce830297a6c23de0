"""A person's own feed and calendar, at secret addresses. No score is in either."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from community.selectors import deliveries_on_site, news_of, rounds_of
from pages.happenings import calendar_of

SHOWN = 100


def own_feed(person: User) -> str:
    """Write what a person is told of as a feed."""
    url = settings.SITE_URL + reverse("pages:news")
    feed = Atom1Feed(
        title=_("%(site)s: your news") % {"site": settings.SITE_NAME},
        link=url,
        description="",
        feed_guid=url,
        language=get_language() or settings.LANGUAGE_CODE,
    )
    for delivery in deliveries_on_site(person)[:SHOWN]:
        news = news_of(delivery)
        feed.add_item(
            title=news.message.title,
            link=news.message.url,
            description=news.message.text,
            unique_id=f"urn:uuid:{news.code}",
            pubdate=news.at,
            updateddate=news.at,
        )
    return feed.writeString("utf-8")


def own_calendar(person: User, *, now: datetime) -> bytes:
    """Write the dates of the rounds that a person entered or follows."""
    name = _("%(site)s: your rounds") % {"site": settings.SITE_NAME}
    return calendar_of(rounds_of(person), name=name, now=now)
