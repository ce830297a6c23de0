"""A thousand planted secrets: nothing that a participant can reach shows one of them."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from challenges.models import Reference, Round
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission
from submissions.services.drain import drain
from tests.factories import (
    make_challenge,
    make_round,
    make_submission,
    make_team,
    make_user,
    member_of,
    npz_bytes,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]
TARGETS, VALUES = 4, 190
LINK = re.compile(r'(?:href|action)="(/[^"#]*)"|"(?:https?://testserver)?(/[^"\s]*)"')
# What is the same for everyone at all times is not read again for each.
SKIPPED = ("/static/", "/admin", "/metrics/", "/help/", "/api/v1/metrics", "/login/", "/signup/")
STATES = ("draft", "upcoming", "open", "closed", "revealed", "final")


@pytest.fixture
def planted() -> tuple[Round, set[str], set[str]]:
    """Make a round with secret answers, keys of files and addresses of people.

    The second set is secret only until the reveal: salts, which are told with the answers.
    """
    draw = random.Random(5)
    people = [make_user(f"player{n}", email=f"canary{n}@private.example") for n in range(40)]
    organizer = make_user("organizer", email="canary-of-organizer@private.example", is_staff=True)
    answers = {
        f"t{n}": np.array([draw.uniform(1e3, 9e3) for _ in range(VALUES)]) for n in range(TARGETS)
    }
    round_ = make_round(make_challenge(organizer, slug="sealed"), targets=answers, values=answers)
    teams = [make_team(people[0], name="Own"), make_team(people[1], name="Other")]
    near = {slug: answer + 0.5 for slug, answer in answers.items()}
    for team in teams:
        make_submission(round_, team, content=npz_bytes(near), file_name="mine.npz")
    make_submission(round_, teams[0], content=b"not an archive", file_name="bad.npz")
    drain()
    refresh_board(round_)
    references = Reference.objects.all()
    stored = [
        name
        for row in (*references, *Submission.objects.all())
        for name in (str(row.file), str(row.file).rpartition("/")[2])
    ]
    # Eight digits: a page that shows an answer rounded to what a person reads shows these.
    digits = [f"{value:.8g}" for answer in answers.values() for value in answer]
    emails = [person.email for person in User.objects.all()]
    notes = [f"canary-note-{n}" for n in range(200)]
    Submission.objects.update(organizer_note=" ".join(notes))
    return round_, {*digits, *emails, *stored, *notes}, {row.salt for row in references}


def put_into(round_: Round, state: str) -> None:
    """Move the round's dates, as time and its organizers would."""
    now, day = timezone.now(), timedelta(days=1)
    opens = now + day if state == "upcoming" else now - 3 * day
    dates: dict[str, Any] = {
        "opens_at": opens,
        "closes_at": now - day if state in {"closed", "revealed", "final"} else now + 2 * day,
        "revealed_at": now - day / 2 if state in {"revealed", "final"} else None,
        "finalized_at": now if state == "final" else None,
        "published_at": None if state == "draft" else opens - day,
    }
    Round.objects.filter(pk=round_.pk).update(**dates)
    refresh_board(Round.objects.get(pk=round_.pk))


def crawl(client: Client, starts: list[str]) -> Iterator[tuple[str, str]]:
    """Follow every link and every address in JSON; yield each address and all that it answers."""
    waiting, seen = list(starts), set(starts)
    while waiting:
        address = waiting.pop()
        response = client.get(address)
        body = b"".join(response) if response.streaming else response.content
        text = body.decode(errors="replace")
        yield address, f"{text}\n{dict(response.headers)}"
        if "html" in response["Content-Type"] or "json" in response["Content-Type"]:
            found = {one or other for one, other in LINK.findall(text)}
            fresh = {link for link in found if not link.startswith(SKIPPED)} - seen
            seen |= fresh
            waiting += sorted(fresh)


def refusals(client: Client, round_: Round, address: str) -> Iterator[tuple[str, str]]:
    """Send wrong files, which is when a careless message would compare with the answer."""
    slugs = [f"t{n}" for n in range(TARGETS)]
    wrong: Mapping[str, bytes] = {
        "short": npz_bytes({slug: np.zeros(3) for slug in slugs}),
        "not finite": npz_bytes({slug: np.full(VALUES, np.nan) for slug in slugs}),
        "missing": npz_bytes({slugs[0]: np.zeros(VALUES)}),
        "unknown": npz_bytes({"t99": np.zeros(VALUES)}),
        "no archive": b"\x00" * 100,
    }
    for name, content in wrong.items():
        for tail in ("validate/", "submissions/"):
            upload = {"file": SimpleUploadedFile("x.npz", content), "method": "Guess"}
            response = client.post(address + tail, upload)
            yield f"{name} to {tail}", f"{response.content.decode()}{dict(response.headers)}"


def test_no_secret_is_found_by_anyone_in_any_state_of_the_round(
    planted: tuple[Round, set[str], set[str]], caplog: pytest.LogCaptureFixture
) -> None:
    round_, always, until_reveal = planted
    assert len(always | until_reveal) >= 1000
    caplog.set_level(logging.DEBUG)
    place = f"rounds/sealed/{round_.slug}/"
    tails = (
        "",
        "targets/",
        "design/",
        "amendments/",
        "announcements/",
        "leaderboard/",
        "datasets/",
        "submissions/",
    )
    codes = [f"/api/v1/submissions/{row.code}/" for row in Submission.objects.all()]
    starts = ["/", "/api/v1/rounds/", "/submissions/", *codes, round_.get_absolute_url()]
    starts += [f"/api/v1/{place}{tail}" for tail in tails]
    starts += [f"{round_.get_absolute_url()}{tail}" for tail in ("board.csv", "scores/")]
    starts += [row.get_absolute_url() for row in Submission.objects.all()]
    teams = {row.team.name: row.team for row in Submission.objects.all()}
    visitors = {"anonymous": None, **{name: member_of(team) for name, team in teams.items()}}
    leaks, visited = [], 0
    for state in STATES:
        put_into(round_, state)
        secrets = always if state in {"revealed", "final"} else always | until_reveal
        for name, person in visitors.items():
            cache.clear()
            client = Client()
            if person is not None:
                client.force_login(person)
            answers = [*crawl(client, starts), *refusals(client, round_, f"/api/v1/{place}")]
            visited += len(answers)
            own = {person.email} if person is not None else set()
            leaks += [
                (state, name, address, secret)
                for address, text in answers
                for secret in secrets - own
                if secret in text
            ]
    told = "\n".join(
        record.getMessage() for record in [*caplog.get_records("setup"), *caplog.records]
    )
    leaks += [("log", "", "", secret) for secret in always | until_reveal if secret in told]
    assert leaks == []
    assert visited > 400
