"""Calendars and feeds of challenges, read by programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from challenges.models import Correction
from tests.factories import make_challenge, make_round, organizer_of

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


def titles_of(client: Client, challenge: Any) -> list[str]:
    answer = client.get(f"/challenges/{challenge.slug}/feed.atom")
    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)  # noqa: S314  # our own words
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    return [entry.findtext(f"{ATOM}title") or "" for entry in feed.iter(f"{ATOM}entry")]


def test_the_feed_tells_what_has_happened_newest_first_and_nothing_before_its_time(
    client: Client,
) -> None:
    now = timezone.now()
    challenge = make_challenge(slug="heat")
    past = make_round(
        challenge,
        title="First",
        opens_at=now - timedelta(days=9),
        closes_at=now - timedelta(days=5),
        revealed_at=now - timedelta(days=4),
    )
    Correction.objects.create(
        round=past, reason="A unit.", made_by=organizer_of(challenge), in_force_at=now
    )
    make_round(
        challenge, title="Next", opens_at=now + timedelta(days=1), closes_at=now + timedelta(days=2)
    )
    make_round(challenge, title="Secret", published=False)
    assert titles_of(client, challenge) == [
        "A correction of Heat: First is in force",
        "Heat: First is revealed",
        "Heat: First has closed",
        "Heat: First is open",
    ]


def test_a_correction_that_is_only_proposed_is_not_news(client: Client) -> None:
    challenge = make_challenge(slug="heat")
    round_ = make_round(challenge)
    Correction.objects.create(round=round_, reason="x", made_by=organizer_of(challenge))
    assert len(titles_of(client, challenge)) == 1


def test_the_calendar_has_the_dates_of_published_rounds_and_moves_with_them(
    client: Client,
) -> None:
    challenge = make_challenge(slug="heat")
    round_ = make_round(challenge, title="First")
    make_round(challenge, title="Secret", published=False)

    def events() -> dict[str, Any]:
        answer = client.get("/challenges/heat/rounds.ics")
        assert answer["Content-Type"].startswith("text/calendar")
        found = Calendar.from_ical(answer.content)
        return {str(event["uid"]): event for event in found.walk("VEVENT")}

    before = events()
    assert {str(event["summary"]) for event in before.values()} == {
        "Heat: First opens",
        "Heat: First closes",
    }
    later = round_.closes_at + timedelta(days=1)
    type(round_).objects.filter(pk=round_.pk).update(closes_at=later)
    after = events()
    assert set(after) == set(before)
    moved = [event["dtstart"].dt for event in after.values() if "closes" in event["summary"]]
    assert moved == [later.replace(microsecond=0)]


def test_a_draft_has_neither_not_even_for_its_organizer(client: Client) -> None:
    challenge = make_challenge(slug="draft", published_at=None)
    client.force_login(organizer_of(challenge))
    for name in ("feed.atom", "rounds.ics"):
        assert client.get(f"/challenges/draft/{name}").status_code == 404
