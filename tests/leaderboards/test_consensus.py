"""The consensus of a revealed round: made once by a worker, shown, and in nobody's way."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from challenges.models import Round, Track
from leaderboards.crowd import crowds_of
from leaderboards.entries import entries_of, rule_of
from leaderboards.models import Board, Consensus, CreditBook, Standing
from leaderboards.revisions import sheet_of
from leaderboards.services.consensus import consensus_due, make_due_consensus
from leaderboards.services.facts import settle_now
from leaderboards.services.ledger import check_books, post_due_books
from leaderboards.services.refresh import refresh_stale_boards
from leaderboards.visible import whole_board
from scoring.credit.export import to_canonical_json
from submissions.errors import NotAllowed
from submissions.models import QuotaEntry, Submission, SubmissionState
from submissions.services import quota
from submissions.services.drain import drain
from submissions.services.gate import check_gate
from submissions.services.quota import check_ledger
from submissions.services.withdraw import withdraw
from tests import factories

pytestmark = pytest.mark.django_db
KIND = Submission.EntryKind
SLUGS = tuple(f"t{number}" for number in range(1, 10))
TRUTH = {slug: np.full(2, float(place)) for place, slug in enumerate(SLUGS)}


def closed_round(**fields: Any) -> Round:
    """Make a round past its deadline, judged by the RMSE of a field of two points."""
    now = timezone.now()
    labs = factories.make_artifact(kind="target-set", people=[factories.make_user()])
    facts = {
        "opens_at": now - timedelta(days=2),
        "published_at": now - timedelta(days=3),
        "closes_at": now - timedelta(hours=1),
        "target_set": labs,
        "bootstrap_resamples": 200,
        "missing_policy": "skip",
    }
    round_ = factories.make_round(
        factories.make_challenge(data_statement="Measured twice."),
        targets=SLUGS,
        values=TRUTH,
        **(facts | fields),
    )
    round_.metrics.all().delete()
    factories.make_metric(round_, "rmse", metric="rmse", is_primary=True)
    return round_


def handed_in(round_: Round, offsets: list[float | None], **fields: Any) -> Submission:
    """Hand in the answers, each target's off by so much; None answers nothing."""
    given = {
        slug: TRUTH[slug] + offset
        for slug, offset in zip(SLUGS, offsets, strict=True)
        if offset is not None
    }
    fields.setdefault("received_at", round_.closes_at - timedelta(hours=1))
    submission = factories.make_submission(
        round_, content=factories.npz_bytes(given), answered=list(given), **fields
    )
    if submission.entry_kind == KIND.PARTICIPANT:
        quota.reserve(submission)
    return submission


def play(round_: Round, entries: int = 4) -> list[Submission]:
    """Hand in entries that are off to both sides, a baseline and others that do not count."""
    made = []
    for place in range(entries):
        off = (-1) ** place * (1 + 0.1 * place)
        made.append(handed_in(round_, [off * (1 + 0.02 * at) for at in range(len(SLUGS))]))
    far: list[float | None] = [1000.0] * len(SLUGS)
    for kind in (KIND.BASELINE, KIND.REFERENCE, KIND.LATE, KIND.ORGANIZER):
        handed_in(round_, [20.0] * 9 if kind == KIND.BASELINE else far, entry_kind=kind)
    gone = handed_in(round_, far)
    drain()
    withdraw(gone, by=factories.member_of(gone.team), reason="Wrong file.")
    return made


def settle(round_: Round) -> None:
    """Do what workers do until nothing is left to do."""
    refresh_stale_boards()
    make_due_consensus()
    drain()
    refresh_stale_boards()
    post_due_books()
    make_due_consensus()


def reveal(round_: Round) -> None:
    round_.revealed_at = timezone.now() - timedelta(seconds=1)
    round_.save(update_fields=["revealed_at"])
    settle(round_)


def others(round_: Round) -> list[dict[str, Any]]:
    """Return all that a board says of the entries of people, but not where consensus stands."""
    board = Board.objects.get(round=round_)
    rows = Standing.objects.filter(revision=board.current).exclude(
        submission__entry_kind=KIND.CONSENSUS
    )
    hidden = ("id", "revision_id", "position")
    return [
        {key: value for key, value in row.items() if key not in hidden}
        for row in rows.order_by("position").values()
    ]


def test_a_revealed_round_gets_a_median_and_a_mean_that_change_nothing_for_anybody(
    client: Client,
) -> None:
    round_ = closed_round()
    made = play(round_)
    settle(round_)
    before = others(round_)
    hidden = whole_board(round_, timezone.now())
    assert KIND.CONSENSUS not in {line.submission.entry_kind for line in hidden.lines}
    assert not Consensus.objects.exists()
    sealed = sheet_of(hidden)

    round_.revealed_at = timezone.now() - timedelta(seconds=1)
    round_.save(update_fields=["revealed_at"])
    refresh_stale_boards()
    rule = rule_of(round_)
    facts, books = settle_now(round_, entries_of(round_, rule), rule)
    credit = to_canonical_json(facts, books)
    assert books.minted > 250_000_000
    settle(round_)
    settle(round_)

    rows = {row.way: row for row in Consensus.objects.all()}
    assert set(rows) == {"median", "mean"}
    for row in rows.values():
        assert (row.combined_from, row.sources) == (4, sorted(each.code for each in made))
        assert row.submission is not None
        assert row.submission.state == SubmissionState.SCORED
        assert row.submission.answered == list(SLUGS)
    with rows["median"].submission.file.open("rb") as file, np.load(file) as content:
        stack = [np.array(content[slug]) for slug in SLUGS]
    files = []
    for each in made:
        with each.file.open("rb") as file, np.load(file) as content:
            files.append([content[slug] for slug in SLUGS])
    assert np.allclose(stack, np.median(files, axis=0), rtol=0, atol=1e-14)

    # Nobody's rank, interval, group, skill or credit, and no micro-point of the books.
    same = [{**row, "credit_micropoints": None} for row in before]
    assert [{**row, "credit_micropoints": None} for row in others(round_)] == same
    facts, books = settle_now(round_, entries_of(round_, rule), rule)
    assert to_canonical_json(facts, books) == credit
    assert CreditBook.objects.get().facts_sha256
    assert check_books() == []
    assert check_ledger() == []
    assert not QuotaEntry.objects.filter(submission__entry_kind=KIND.CONSENSUS).exists()
    shown = whole_board(round_, timezone.now())
    sheet = sheet_of(shown)
    assert sheet is not None
    assert sealed is not None
    assert [line.key for line in sheet.competing] == [line.key for line in sealed.competing]

    # What everybody reads.
    median = next(
        line for line in shown.lines if line.submission_id == rows["median"].submission_id
    )
    assert (median.rank, median.status, median.tie_group) == (None, "unranked", None)
    assert median.value is not None
    assert median.against_first is not None
    assert median.against_first["advantage_low"] > 0
    base = f"/challenges/{round_.challenge.slug}/{round_.slug}/"
    page = client.get(f"{base}board/").content.decode()
    assert "Does the crowd beat the winner?" in page
    assert "Yes. Consensus: median of 4 entries has" in page
    assert "made of 4 entries" in page
    board = json.loads(client.get(f"{base}board.json").content)
    lines = {line["method"]["title"]: line for line in board["standings"]}
    assert lines["Consensus: median"]["entry_kind"] == "consensus"
    assert lines["Consensus: mean"]["combined_from"] == 4
    assert lines["Consensus: mean"]["against_first"]["submission"] == median.against_first[
        "submission"
    ]  # fmt: skip
    assert "consensus" in client.get(f"{base}board.csv").content.decode()
    assert "Consensus of 4 entries" in client.get(f"{base}board.tex").content.decode()
    assert client.get(f"{base}board/entries/{lines['Consensus: mean']['submission']}/").status_code == 200  # noqa: E501  # fmt: skip


def test_it_is_made_once_by_whoever_has_the_lease_and_anew_when_other_entries_count() -> None:
    round_ = closed_round()
    made = play(round_)
    reveal(round_)
    first = list(Consensus.objects.order_by("way"))
    assert make_due_consensus() == []
    assert not consensus_due().exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Consensus.objects.create(round=round_, way="mean", reason="failed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Consensus.objects.create(round=round_, way="vote")

    organizer = factories.organizer_of(round_.challenge)
    withdraw(made[0], by=organizer, reason="Copied from another team.")
    refresh_stale_boards()
    board = Board.objects.get(round=round_)
    Board.objects.update(consensus_until=timezone.now() + timedelta(minutes=1))
    assert make_due_consensus() == []  # another worker is at it
    Board.objects.update(consensus_until=None)
    settle(round_)
    anew = list(Consensus.objects.filter(is_current=True).order_by("way"))
    assert [row.combined_from for row in anew] == [3, 3]
    assert made[0].code not in anew[0].sources
    for old in first:
        old.refresh_from_db()
        assert not old.is_current
        assert old.submission is not None
        assert old.submission.state == SubmissionState.WITHDRAWN
    shown = whole_board(round_, timezone.now())
    consensus = [line for line in shown.lines if line.submission.entry_kind == KIND.CONSENSUS]
    assert [line.submission.combined_from for line in consensus] == [3, 3]
    # What organizers take away stays away.
    withdraw(anew[0].submission, by=organizer, reason="Not wanted.")
    settle(round_)
    assert Consensus.objects.filter(is_current=True).count() == 2
    board.refresh_from_db()
    assert board.consensus_until is None


def test_missing_answers_are_left_out_and_a_target_of_one_entry_stays_missing() -> None:
    round_ = closed_round()
    handed_in(round_, [1.0, None, None, *[1.0] * 6])
    handed_in(round_, [3.0, 3.0, None, *[3.0] * 6])
    handed_in(round_, [8.0, 4.0, 1.0, *[2.0] * 6])
    drain()
    reveal(round_)
    row = Consensus.objects.get(way="mean")
    assert row.left_out == {"t3": "answered by 1 of the entries"}
    with row.submission.file.open("rb") as file, np.load(file) as content:
        assert {slug: (content[slug] - TRUTH[slug]).tolist() for slug in ("t1", "t2")} == {
            "t1": [4.0, 4.0],
            "t2": [3.5, 3.5],
        }
        assert "t3" not in content


def test_parts_of_several_files_count_for_the_answers_that_count() -> None:
    round_ = closed_round(upload_replaces="answers")
    team = factories.make_team()
    method = factories.make_method(team)
    early = round_.closes_at - timedelta(hours=5)
    old = handed_in(round_, [1.0] * 9, team=team, method=method, received_at=early)
    new = handed_in(round_, [2.0, *[None] * 8], team=team, method=method)
    handed_in(round_, [4.0] * 9)
    drain()
    (crowd,) = crowds_of(round_)
    assert [each["t1"] for each in crowd.answers if each["t2"] == old.code] == [new.code]
    assert set(crowd.codes) >= {old.code, new.code}


def test_each_track_has_its_own_and_too_few_entries_have_none(client: Client) -> None:
    round_ = closed_round()
    server, human = (
        Track.objects.create(round=round_, slug=slug, title=slug.title(), position=place)
        for place, slug in enumerate(("server", "human"))
    )
    for offset in (1.0, 3.0):
        handed_in(round_, [offset] * 9, track=server)
    handed_in(round_, [1.0] * 9, track=human)
    drain()
    reveal(round_)
    found = Consensus.objects.order_by("track__position", "way")
    assert [(row.track, row.way, row.reason) for row in found] == [
        (server, "mean", ""),
        (server, "median", ""),
        (human, "", "too_few"),
    ]
    assert {row.submission.track for row in found if row.submission} == {server}


def test_a_round_whose_predictions_have_no_middle_says_why(client: Client) -> None:
    round_ = closed_round()
    factories.make_metric(round_, "order", metric="chamfer")
    play(round_, entries=2)
    reveal(round_)
    row = Consensus.objects.get()
    assert (row.reason, row.detail, row.submission) == ("set", "order", None)
    page = client.get(f"/challenges/{round_.challenge.slug}/{round_.slug}/board/").content.decode()
    assert "There is no consensus of the entries: the elements of a prediction" in page


def test_what_is_too_large_or_lost_gives_a_reason_and_no_line(settings: Any) -> None:
    round_ = closed_round()
    made = play(round_, entries=2)
    settings.CONSENSUS_READ_BYTES = 100
    reveal(round_)
    assert Consensus.objects.get().reason == "too_large"
    Consensus.objects.all().delete()
    settings.CONSENSUS_READ_BYTES = 10**9
    settings.CONSENSUS_FILE_BYTES = 100
    Board.objects.update(consensus_mark=None)
    make_due_consensus()
    assert {row.reason for row in Consensus.objects.all()} == {"no_file"}
    Consensus.objects.all().delete()
    shutil.move(made[0].file.path, f"{made[0].file.path}.gone")
    Board.objects.update(consensus_mark=None)
    make_due_consensus()
    assert {row.reason for row in Consensus.objects.all()} == {"failed"}
    assert not Submission.objects.filter(entry_kind=KIND.CONSENSUS).exists()


def test_no_person_can_enter_a_consensus() -> None:
    round_ = closed_round(closes_at=timezone.now() + timedelta(days=1))
    organizer = factories.organizer_of(round_.challenge)
    team = factories.make_team(organizer)
    with pytest.raises(NotAllowed, match="no entry kind 'consensus'"):
        check_gate(round=round_, team=team, by=organizer, at=timezone.now(), entry_kind="consensus")


def test_a_persons_team_of_that_name_is_not_taken_for_the_platforms() -> None:
    person = factories.make_user("consensus")
    theirs = factories.make_team(person, name="Consensus", slug="consensus")
    round_ = closed_round()
    play(round_, entries=2)
    reveal(round_)
    row = Consensus.objects.get(way="mean")
    assert row.submission is not None
    assert row.submission.team != theirs
    assert row.submission.submitted_by != person
    assert not row.submission.submitted_by.is_active
