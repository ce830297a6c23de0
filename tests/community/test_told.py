"""Who is told of what, by which way, and what is not in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from challenges.models import Correction, Round
from challenges.services.announcements import announce
from community.models import Channel, Delivery, DeliveryState, Event, Follow, Kind, Mark, Pace
from community.selectors import deliveries_on_site, news_of
from community.services.daily import gather_due
from community.services.deliver import deliver_due
from community.services.record import MARK, record_new
from community.services.tidy import tidy
from community.services.wishes import choose
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission, SubmissionState
from tests.community.people import begin, reachable
from tests.factories import (
    make_challenge,
    make_round,
    make_scored,
    make_submission,
    make_team,
    organizer_of,
)

pytestmark = pytest.mark.django_db


def subjects() -> list[str]:
    return sorted(f"{each.to[0]}: {each.subject}" for each in mail.outbox)


def test_a_team_hears_of_its_own_submissions_once_and_others_do_not(client: Client) -> None:
    ann, bob, eve = reachable("ann"), reachable("bob", verified=False), reachable("eve")
    round_ = make_round(make_challenge(slug="heat"), title="One")
    old = make_scored(round_, {"t1": 1.0}, team=make_team(ann))
    begin()
    team = make_team(ann, bob, name="Pair")
    rejected = make_submission(
        round_, team, state=SubmissionState.REJECTED, reason="A column is missing."
    )
    scored = make_scored(round_, {"t1": 1.0}, team=team)
    assert [record_new(), record_new()] == [2, 0]
    deliver_due()
    deliver_due()
    # Rejected is mailed unless somebody chose otherwise, scored is not; bob's address is his word.
    assert subjects() == [
        f"ann <ann@example.org>: [Heldout] Submission {rejected.code} to Heat: One was rejected"
    ]
    sent: Any = mail.outbox[0]
    assert "A column is missing." in sent.body
    assert f"/submissions/{rejected.code}/" in sent.body
    headers = sent.message()
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Message-ID"].startswith(f"<{Delivery.objects.get(channel='email').code}@")
    told = [news_of(each).message.path for each in deliveries_on_site(bob)]
    assert sorted(told) == sorted([rejected.get_absolute_url(), scored.get_absolute_url()])
    assert not deliveries_on_site(eve).exists()
    assert not Event.objects.filter(submission=old).exists()
    # Leaving the team takes its news along, and so does withdrawing.
    team.memberships.filter(user=bob).update(left_at=timezone.now())
    assert not deliveries_on_site(bob).exists()
    Submission.objects.filter(pk=scored.pk).update(state=SubmissionState.WITHDRAWN)
    assert [news_of(each).kind for each in deliveries_on_site(ann)] == [Kind.REJECTED]


def test_what_waits_is_dropped_when_it_is_out_of_sight_or_not_wanted_any_more() -> None:
    ann, bob = reachable("ann"), reachable("bob")
    round_ = make_round()
    begin()
    gone = make_submission(round_, make_team(ann), state=SubmissionState.FAILED)
    make_submission(round_, make_team(bob), state=SubmissionState.FAILED)
    record_new()
    Submission.objects.filter(pk=gone.pk).update(state=SubmissionState.WITHDRAWN)
    bob.notification_choices.create(kind=Kind.FAILED, channel=Channel.EMAIL, is_on=False)
    deliver_due()
    assert mail.outbox == []
    rows = Delivery.objects.filter(channel=Channel.EMAIL).order_by("recipient__username")
    assert [(row.state, row.last_error) for row in rows] == [
        (DeliveryState.DROPPED, "It is out of the recipient's sight now."),
        (DeliveryState.DROPPED, "The recipient has switched this mail off."),
    ]


def test_a_round_is_told_of_from_its_opening_to_its_correction_to_entrants_and_followers() -> None:
    ann, fan = reachable("ann"), reachable("fan")
    reachable("eve")
    challenge = make_challenge(slug="heat")
    begin()
    started = Mark.objects.get(pk=MARK).started_at
    round_ = make_round(
        challenge,
        title="One",
        opens_at=started - timedelta(days=9),
        closes_at=started + timedelta(days=9),
    )
    draft = make_round(challenge, title="Secret", published=False)
    make_submission(round_, make_team(ann))
    Follow.objects.create(user=fan, challenge=challenge)
    organizer = organizer_of(challenge)

    def told(**dates: Any) -> list[str]:
        """Set dates, look, send, and return who was told what."""
        Round.objects.filter(pk__in=[round_.pk, draft.pk]).update(**dates)
        mail.outbox.clear()
        record_new()
        record_new()
        deliver_due()
        return [line.partition("> : ")[0].replace(" [Heldout] ", " ") for line in subjects()]

    def both(text: str) -> list[str]:
        return [f"{who} <{who}@example.org>: {text}" for who in ("ann", "fan")]

    now = timezone.now()
    assert told(opens_at=now) == both("Heat: One is open")
    assert told(opens_at=now - timedelta(days=5)) == []
    near = timezone.now() + timedelta(hours=24) - timedelta(milliseconds=1)
    assert told(closes_at=near) == both("Heat: One closes soon")
    # A deadline that was moved is another one.
    assert told(closes_at=near + timedelta(days=3)) == []
    assert told(closes_at=timezone.now()) == both("Heat: One has closed")
    announce(round_, title="A party", text="Come.", by=organizer)
    assert told() == both("Heat: One: A party")
    correction = Correction.objects.create(round=round_, reason="A unit.", made_by=organizer)
    assert told() == []
    Correction.objects.filter(pk=correction.pk).update(in_force_at=timezone.now())
    assert told() == both("A correction of Heat: One is in force")
    assert told(revealed_at=timezone.now()) == both("Heat: One is revealed")
    assert not Event.objects.filter(round=draft).exists()


def test_no_message_tells_a_value_that_the_board_withholds(client: Client) -> None:
    ann, bob = reachable("ann"), reachable("bob")
    for person in (ann, bob):
        person.notification_choices.create(kind=Kind.SCORED, channel=Channel.EMAIL, is_on=True)
    hidden = make_round(title="Hidden", board_policy="reveal")
    shown = make_round(title="Shown")
    begin()
    for person, round_ in ((ann, hidden), (bob, shown)):
        make_scored(round_, dict.fromkeys(("t1", "t2", "t3"), 7.0625), team=make_team(person))
        refresh_board(round_)
    record_new()
    deliver_due()
    bodies = {each.to[0].partition(" ")[0]: str(each.body) for each in mail.outbox}
    assert "On the board now" not in bodies["ann"]
    assert "7.062, rank 1" in bodies["bob"]
    assert "7.06" not in bodies["ann"]
    client.force_login(ann)
    page = client.get("/account/news/").content.decode()
    assert "is scored" in page
    assert "7.06" not in page


def test_the_wishes_page_the_link_in_mail_and_the_secret_feeds(client: Client) -> None:
    ann = reachable("ann")
    challenge = make_challenge(slug="heat")
    round_ = make_round(challenge, title="One")
    begin()
    rejected = make_submission(round_, make_team(ann), state=SubmissionState.REJECTED)
    record_new()
    deliver_due()
    client.force_login(ann)
    page = client.get("/account/notifications/?follow=heat").content.decode()
    assert "Mail goes to ann@example.org." in page
    assert 'name="mail submission.rejected"' in page
    client.post("/account/notifications/", {"act": "follow", "challenge": "heat"})
    assert ann.follows.get().challenge == challenge

    # The link works without signing in and without a token of the form, as mail programs do it.
    link = mail.outbox[0].message()["List-Unsubscribe"].strip("<>").partition("//")[2]
    path = link[link.index("/") :]
    anybody = Client(enforce_csrf_checks=True)
    assert "No more mail of this kind" in anybody.get(path).content.decode()
    assert anybody.get(path[:-3] + "abc/").status_code == 404
    assert anybody.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    choice = ann.notification_choices.get()
    assert (choice.kind, choice.channel, choice.is_on) == (Kind.REJECTED, Channel.EMAIL, False)
    wanted = {"on": ["round.closed"], "mail round.closed": "now", "mail round.final": "daily"}
    client.post("/account/notifications/", {"act": "save", "mail round.opened": "x"} | wanted)
    chosen = ann.notification_choices.filter(is_on=True)
    assert sorted(str(each) for each in chosen) == [
        "round.closed by email: now", "round.closed by site: now", "round.final by email: daily",
    ]  # fmt: skip
    page = client.get("/account/notifications/").content.decode()
    assert page.count('value="daily" selected') == 1

    answer = client.post("/account/notifications/", {"act": "feed"}).content.decode()
    paths = [
        each.partition("</code>")[0].removeprefix("http://testserver")
        for each in answer.split('<code class="secret">')[1:]
    ]
    assert len(paths) == 2
    feed = ElementTree.fromstring(anybody.get(paths[0]).content)  # noqa: S314  # our own
    titles = [each.text for each in feed.iter("{http://www.w3.org/2005/Atom}title")]
    assert f"Submission {rejected.code} to Heat: One was rejected" in titles
    calendar = Calendar.from_ical(anybody.get(paths[1]).content)
    assert [str(each["summary"]) for each in calendar.walk("VEVENT")] == [
        "Heat: One opens",
        "Heat: One closes",
    ]
    assert paths[0].split("/")[2] not in client.get("/account/notifications/").content.decode()
    client.post("/account/notifications/", {"act": "feed"})  # others end these
    assert anybody.get(paths[0]).status_code == anybody.get(paths[1]).status_code == 404

    Event.objects.update(recorded_at=timezone.now() - timedelta(days=200))
    assert [tidy(), tidy(), Event.objects.count(), Delivery.objects.count()] == [1, 0, 0, 0]


def test_mail_and_the_own_feed_speak_the_readers_language(client: Client) -> None:
    ann, bob = reachable("ann"), reachable("bob")
    client.force_login(ann)
    client.post("/language/", {"language": "de"})
    round_ = make_round(make_challenge(slug="heat"), title="One")
    begin()
    reason = "The file cannot be read as the round asks for."
    make_submission(
        round_, make_team(ann, bob), state=SubmissionState.REJECTED, code="abcd2345", reason=reason
    )
    record_new()
    deliver_due()
    told = {each.to[0].partition(" ")[0]: each for each in mail.outbox}
    assert told["ann"].subject.endswith("Einreichung abcd2345 zu Heat: One wurde zurückgewiesen")
    assert "Die Datei lässt sich nicht so lesen" in str(told["ann"].body)
    assert "You get this because of" in str(told["bob"].body)
    assert reason in str(told["bob"].body)
    answer = client.post("/account/notifications/", {"act": "feed"}).content.decode()
    path = answer.split('<code class="secret">http://testserver')[1].partition("</code>")[0]
    feed = Client().get(path, headers={"Accept-Language": "en"}).content.decode()
    assert 'xml:lang="de"' in feed
    assert "wurde zurückgewiesen" in feed
    assert "was rejected" in client.get("/api/v1/notifications/").content.decode()


def test_what_is_wanted_once_a_day_comes_in_one_mail_and_once(client: Client) -> None:
    ann = reachable("ann")
    choose(ann, {(kind, Channel.EMAIL): Pace.DAILY for kind in (Kind.REJECTED, Kind.SCORED)})
    round_ = make_round(make_challenge(slug="heat"), title="One")
    begin()
    team = make_team(ann)
    codes = [make_submission(round_, team, state=SubmissionState.REJECTED).code for _ in range(3)]
    failed = make_submission(round_, team, state=SubmissionState.FAILED).code
    make_scored(round_, dict.fromkeys(("t1", "t2", "t3"), 7.0625), team=team)
    refresh_board(round_)
    record_new()
    deliver_due()
    assert [failed in each.subject for each in mail.outbox] == [True]  # that one comes at once
    tomorrow = timezone.now() + timedelta(days=1)
    assert gather_due(now=timezone.now() - timedelta(days=1)) == 0  # its day is not over
    assert [gather_due(now=tomorrow), gather_due(now=tomorrow)] == [1, 0]
    Submission.objects.filter(code=codes[0]).update(state=SubmissionState.WITHDRAWN)
    deliver_due()
    deliver_due()
    assert len(mail.outbox) == 2
    sent: Any = mail.outbox[1]
    assert sent.subject == "[Heldout] 3 pieces of news"
    assert [code in sent.body for code in codes] == [False, True, True]
    assert "On the board now: 7.062, rank 1." in sent.body
    assert sent.message()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    rows = Delivery.objects.filter(gathered_in__isnull=False).order_by("state")
    assert [row.state for row in rows] == ["delivered"] * 3 + ["dropped"]
    client.force_login(ann)
    page = client.get("/account/notifications/").content.decode()
    assert "The daily mail" in page
    # What is recorded after a day's mail comes with the next one, if it is wanted then.
    late = make_submission(round_, team, state=SubmissionState.REJECTED)
    record_new()
    assert gather_due(now=tomorrow) == 0
    link = sent.message()["List-Unsubscribe"].strip("<>").partition("//")[2]
    path = link[link.index("/") :]
    assert Client().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    off = ann.notification_choices.filter(is_on=False).values_list("kind", flat=True)
    assert sorted(off) == [Kind.REJECTED, Kind.SCORED]
    assert gather_due(now=tomorrow + timedelta(days=1)) == 1
    deliver_due()
    assert len(mail.outbox) == 2
    row = Delivery.objects.get(event__submission=late, channel=Channel.EMAIL)
    assert (row.state, row.last_error) == ("dropped", "The recipient has switched this mail off.")
    with pytest.raises(IntegrityError), transaction.atomic():
        ann.notification_choices.update(is_daily=True)
