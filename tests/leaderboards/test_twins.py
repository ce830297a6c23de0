"""Near duplicates of a round: compared in the cage once it is closed, told with its books."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from challenges.management.commands.setup_roles import setup_roles
from challenges.models import Round
from leaderboards.models import Board, CreditBook, DuplicateSearch, NearDuplicate
from leaderboards.services.ledger import check_books, post_due_books
from leaderboards.services.refresh import refresh_stale_boards
from leaderboards.services.twins import duplicates_due, find_due_duplicates
from leaderboards.twins import plan_of
from scoring.credit.export import from_json, recompute
from submissions.models import Submission
from submissions.services.drain import drain
from submissions.services.withdraw import withdraw
from tests import factories
from tests.leaderboards.test_consensus import SLUGS, TRUTH, closed_round

pytestmark = pytest.mark.django_db
KIND = Submission.EntryKind


def predicted(round_: Round, values: dict[str, Any], **fields: Any) -> Submission:
    fields.setdefault("received_at", round_.closes_at - timedelta(hours=1))
    content = factories.npz_bytes(values)
    return factories.make_submission(round_, content=content, answered=list(values), **fields)


def solver(seed: int, size: float) -> dict[str, Any]:
    draws = np.random.default_rng(seed)
    return {slug: TRUTH[slug] + size * draws.normal(size=2) for slug in SLUGS}


def noisy(values: dict[str, Any], size: float) -> dict[str, Any]:
    draws = np.random.default_rng(99)
    return {slug: each + size * draws.normal(size=2) for slug, each in values.items()}


def play(**fields: Any) -> tuple[Round, dict[str, Submission]]:
    """A copied solver, its clone with noise, three honest teams as good, and a baseline."""
    round_ = closed_round(**fields)
    copied = solver(1, 0.5)
    files = {"mine": copied, "clone": noisy(copied, 0.0005)}
    files |= {f"honest-{seed}": solver(seed, 0.5) for seed in (2, 3, 4)}
    made = {name: predicted(round_, values) for name, values in files.items()}
    predicted(round_, solver(9, 20.0), entry_kind=KIND.BASELINE)
    drain()
    refresh_stale_boards()
    return round_, made


def reveal(round_: Round) -> None:
    round_.revealed_at = timezone.now() - timedelta(seconds=1)
    round_.save(update_fields=["revealed_at"])
    refresh_stale_boards()


def test_a_noisy_clone_is_found_before_the_reveal_and_told_with_the_books(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    round_, made = play()
    (search,) = find_due_duplicates()
    pair = search.pairs.get()
    assert {pair.one, pair.other} == {made["mine"], made["clone"]}
    assert 0 < pair.distance < 0.01 * pair.gap
    assert (search.measured, search.unmeasured, search.reason) == (1, 0, "")
    assert find_due_duplicates() == []

    # Sealed: it is in no facts and on no page; organizers alone find it, in the admin.
    refresh_stale_boards()
    board = Board.objects.select_related("current").get(round=round_)
    assert board.current is not None
    sealed = from_json(board.current.credit_export).round
    assert sealed.near_duplicates == ()
    assert sealed.comparison is None
    assert "comparison" not in board.current.credit_export
    address = f"/challenges/{round_.challenge.slug}/{round_.slug}/credit/"
    assert "Counted as one player" not in client.get(address).content.decode()
    lists = "/admin/leaderboards/duplicatesearch/"
    stranger = factories.organizer_of(factories.make_round().challenge)
    for person, seen in ((factories.organizer_of(round_.challenge), True), (stranger, False)):
        person.is_staff = True
        person.save()
        person.groups.add(setup_roles())
        watcher = Client()
        watcher.force_login(person)
        answer = watcher.get(f"{lists}{search.pk}/change/")
        assert (made["clone"].code in answer.content.decode()) is seen
    assert made["clone"].code not in client.get(lists, follow=True).content.decode()

    reveal(round_)
    (book,) = post_due_books()
    facts = from_json(book.export).round
    codes = tuple(sorted((made["mine"].code, made["clone"].code)))
    assert [tuple(sorted(each)) for each in facts.near_duplicates] == [codes]
    assert facts.comparison is not None
    assert facts.comparison.percent == 1
    assert facts.comparison.pairs[0].distance == pair.distance
    books = recompute(book.export)
    players = {line.result: line.player for line in books.skills}
    assert players[codes[0]] == players[codes[1]]
    assert len(set(players.values())) == 4
    refresh_stale_boards()
    find_due_duplicates()
    call_command("recompute_credit", "--check")
    assert "no difference" in capsys.readouterr().out

    page = client.get(address).content.decode()
    assert "Counted as one player" in page
    assert "closer to each other than 1 %" in page
    assert made["clone"].method.title in page
    export = json.loads(client.get(address.rstrip("/") + ".json").content)
    assert export["round"]["comparison"]["pairs"][0]["gap"] == pair.gap
    rules = client.get(f"/challenges/{round_.challenge.slug}/{round_.slug}/").content.decode()
    assert "count as one player of credit" in rules
    with pytest.raises(IntegrityError), transaction.atomic():
        NearDuplicate.objects.create(
            search=search, one=made["mine"], other=made["honest-2"], distance=2.0, gap=1.0
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        DuplicateSearch.objects.create(round=round_, percent=1)


def test_books_wait_for_the_comparison_and_are_posted_anew_when_it_changes() -> None:
    round_, made = play()
    reveal(round_)
    assert post_due_books() == []
    Board.objects.update(duplicates_until=timezone.now() + timedelta(minutes=1))
    assert find_due_duplicates() == []  # another worker is at it
    assert post_due_books() == []
    Board.objects.update(duplicates_until=None)
    (first,) = find_due_duplicates()
    (book,) = post_due_books()
    assert not book.unmet

    withdraw(made["clone"], by=factories.organizer_of(round_.challenge), reason="A clone.")
    refresh_stale_boards()
    (second,) = find_due_duplicates()
    first.refresh_from_db()
    assert (first.is_current, second.pairs.count()) == (False, 0)
    newest = CreditBook.objects.filter(round=round_).latest("number")
    assert newest.reason == "The entries were compared anew."
    assert from_json(newest.export).round.near_duplicates == ()
    assert check_books() == []
    refresh_stale_boards()
    assert find_due_duplicates() == []
    assert not duplicates_due().exists()


def test_what_cannot_be_compared_is_said_and_holds_no_books_up(client: Client) -> None:
    round_, made = play()
    os.remove(made["clone"].file.path)
    reveal(round_)
    (search,) = find_due_duplicates()
    assert (search.reason, search.measured, search.unmeasured) == ("failed", 0, 1)
    (book,) = post_due_books()
    assert from_json(book.export).round.near_duplicates == ()
    address = f"/challenges/{round_.challenge.slug}/{round_.slug}/credit/"
    assert (
        "Others were not compared: comparing the files failed"
        in client.get(address).content.decode()
    )

    # What was accepted once and is another file now ends the child: that is for good as well.
    DuplicateSearch.objects.update(inputs_sha256="of other scores")
    Board.objects.update(duplicates_mark=None)
    with open(made["clone"].file.path, "wb") as file:
        file.write(b"not what was accepted once")
    (search,) = find_due_duplicates()
    assert (search.reason, search.unmeasured) == ("failed", 1)

    other, _ = play(near_duplicate_percent=0)  # only identical files count as one
    reveal(other)
    assert find_due_duplicates() == []
    (book,) = post_due_books()
    assert from_json(book.export).round.comparison is None


def test_a_metric_that_tells_no_distance_says_so_at_once(client: Client) -> None:
    round_, _ = play()
    round_.metrics.update(aggregate="median")
    assert plan_of(round_).pairs == ()
    reveal(round_)
    assert find_due_duplicates() == []
    (book,) = post_due_books()
    comparison = from_json(book.export).round.comparison
    assert comparison is not None
    assert (
        comparison.obstacle
        == "the aggregate of the ranking metric looks at a part of the targets only"
    )
    address = f"/challenges/{round_.challenge.slug}/{round_.slug}/credit/"
    assert "looks at a part of the targets only" in client.get(address).content.decode()


def test_without_files_to_be_had_books_wait_for_a_day_and_not_for_ever() -> None:
    now = timezone.now()
    days = {"published_at": 6, "opens_at": 5, "closes_at": 3}
    round_, made = play(**{name: now - timedelta(days=ago) for name, ago in days.items()})
    os.remove(made["clone"].file.path)
    os.mkdir(made["clone"].file.path)  # the storage fails, and may work again
    reveal(round_)
    assert find_due_duplicates() == []
    Board.objects.update(duplicates_until=None)
    assert post_due_books() == []
    Round.objects.update(revealed_at=now - timedelta(days=2))
    (search,) = find_due_duplicates()
    assert (search.reason, search.measured, search.unmeasured) == ("failed", 0, 1)
    (book,) = post_due_books()
    assert "comparing the files failed" in book.export
