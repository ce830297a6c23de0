"""What has happened and will happen in a challenge, for calendars and feeds of anyone.

States and dates only: a value that a board hides cannot slip out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from challenges.models import Challenge, Round
from challenges.selectors import announcements, visible_rounds

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing at one moment, named so that readers know it again."""

    key: str
    at: datetime
    title: str
    text: str
    path: str


def public_rounds(challenge: Challenge) -> list[Round]:
    """Return what anybody may see of the challenge."""
    return list(visible_rounds(AnonymousUser()).filter(challenge=challenge))


def happenings(challenge: Challenge, *, until: datetime) -> list[Happening]:
    """Return what has happened, newest first."""
    found = [each for round_ in public_rounds(challenge) for each in _of_round(round_)]
    past = [each for each in found if each.at <= until]
    return sorted(past, key=lambda each: (each.at, each.key), reverse=True)[:SHOWN]


def atom(challenge: Challenge, *, now: datetime) -> str:
    """Write the feed of a challenge."""
    url = settings.SITE_URL + challenge.get_absolute_url()
    feed = Atom1Feed(
        title=challenge.title,
        link=url,
        description=challenge.summary,
        feed_url=f"{url}feed.atom",
        feed_guid=url,
        language="en",
    )
    for each in happenings(challenge, until=now):
        link = settings.SITE_URL + each.path
        feed.add_item(
            title=each.title,
            link=link,
            description=each.text,
            unique_id=f"{link}#{each.key}",
            pubdate=each.at,
            updateddate=each.at,
        )
    return feed.writeString("utf-8")


def calendar(challenge: Challenge, *, now: datetime) -> bytes:
    """Write the rounds' dates as a calendar; a moved date moves the entry that is there."""
    return calendar_of(public_rounds(challenge), name=challenge.title, now=now)


def calendar_of(rounds: Iterable[Round], *, name: str, now: datetime) -> bytes:
    """Write the dates of rounds as a calendar of this name."""
    found = Calendar()
    found.add("prodid", "-//heldout//rounds//EN")
    found.add("version", "2.0")
    found.add("x-wr-calname", name)
    for round_ in rounds:
        for key, at, title in _dates(round_):
            found.add_component(_event(round_, key=key, at=at, title=title, now=now))
    return bytes(found.to_ical())


def _event(round_: Round, *, key: str, at: datetime, title: str, now: datetime) -> Event:
    event = Event()
    url = settings.SITE_URL + round_.get_absolute_url()
    event.add("uid", f"{key}-{round_.challenge.slug}-{round_.slug}@heldout")
    event.add("summary", title)
    event.add("dtstamp", now)
    event.add("dtstart", at)
    event.add("dtend", at + timedelta(minutes=15))
    event.add("transp", "TRANSPARENT")
    event.add("url", url)
    event.add("description", url)
    return event


def _dates(round_: Round) -> Iterator[tuple[str, datetime, str]]:
    name = {"round": str(round_)}
    yield "opens", round_.opens_at, _("%(round)s opens") % name
    yield "closes", round_.closes_at, _("%(round)s closes") % name


def _of_round(round_: Round) -> Iterator[Happening]:
    name, path = {"round": str(round_)}, round_.get_absolute_url()
    moments = [
        ("opened", round_.opens_at, _("%(round)s is open"), _("Predictions are taken.")),
        ("closed", round_.closes_at, _("%(round)s has closed"), _("No more predictions count.")),
        ("revealed", round_.revealed_at, _("%(round)s is revealed"), _("The answers are public.")),
        ("final", round_.finalized_at, _("%(round)s is final"), _("Its credit is posted.")),
    ]
    for key, at, title, text in moments:
        if at is not None:
            yield Happening(key, at, title % name, text, path)
    for amendment in round_.amendments.all():
        title = _("The rules of %(round)s were amended") % name
        key = f"amended-{amendment.pk}"
        yield Happening(key, amendment.made_at, title, amendment.reason, path)
    for notice in announcements(round_):
        yield Happening(
            f"announced-{notice.number}",
            notice.posted_at,
            f"{round_}: {notice.title}",
            notice.text,
            path,
        )
    for row in round_.corrections.filter(in_force_at__isnull=False):
        if row.in_force_at is not None:
            title = _("A correction of %(round)s is in force") % name
            yield Happening(f"corrected-{row.pk}", row.in_force_at, title, row.reason, path)
