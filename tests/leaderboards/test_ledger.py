"""The ledger: the worked example of the credit rule through real rows, corrections, and checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.models import Team, User
from catalog.models import Artifact, LineageEdge
from challenges.models import Round
from leaderboards.models import CreditBook, CreditEntry
from leaderboards.selectors import RoundCredit, dataset_rows, round_credits
from leaderboards.services.ledger import check_books, post_book, post_due_books
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission
from tests.factories import (
    make_artifact,
    make_challenge,
    make_method,
    make_metric,
    make_round,
    make_scored,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db

POINT = 1_000_000
EARLY = datetime(2025, 1, 1, tzinfo=UTC)


class Worked:
    """Section 4.3 of the rule: skills 0.60, 0.50, 0.20 and 0, with its lineage."""

    def __init__(self) -> None:
        self.curator = make_user("curator")
        self.provider = make_user("provider")
        self.round = self._round()
        self.d3 = self._dataset("d3", "original", self.provider)
        self.d2 = self._dataset("d2", "original", self.curator)
        self.d1 = self._dataset("d1", "derived", self.provider, self.d3)
        maker = make_user("maker")
        self.m0 = make_artifact(
            kind="model", slug="m0", people=[maker], licence="MIT", registered_at=EARLY
        )
        self._edge(self.m0, self.d2)
        baseline = make_team()
        self._entry(baseline, 0.60, (), entry_kind="baseline")
        team_b = make_team(make_user("bea"), self.curator)
        self.a = self._entry(make_team(make_user("ann")), 0.84, (self.d1, self.m0))
        self.b = self._entry(team_b, 0.80, (self.d1, self.d2))
        self.c = self._entry(make_team(make_user("cy")), 0.68, ())
        self.d = self._entry(make_team(make_user("dee")), 0.58, ())

    def _round(self) -> Round:
        now = timezone.now()
        labs = make_artifact(kind="target-set", slug="labs", people=[make_user("lab")])
        round_ = make_round(
            make_challenge(data_statement="Measured twice."),
            targets=tuple(f"t{i}" for i in range(10)),
            opens_at=now - timedelta(days=2),
            published_at=now - timedelta(days=2),
            closes_at=now - timedelta(hours=1),
            revealed_at=now,
            target_set=labs,
            perfect_value=1.0,
        )
        round_.metrics.all().delete()
        make_metric(round_, "accuracy", metric="digits_correct", is_primary=True)
        return round_

    def _dataset(self, slug: str, origin: str, person: User, *parents: Artifact) -> Artifact:
        made = make_artifact(
            slug=slug, origin=origin, people=[person], licence="CC-BY-4.0", registered_at=EARLY
        )
        for parent in parents:
            self._edge(made, parent, relation="derived-from")
        return made

    def _edge(self, child: Artifact, parent: Artifact, *, relation: str = "trained-on") -> None:
        LineageEdge.objects.create(
            child=child, parent=parent, relation=relation, declared_by=self.curator
        )

    def _entry(
        self, team: Team, value: float, inputs: tuple[Artifact, ...], **fields: object
    ) -> Submission:
        method = make_method(team)
        for parent in inputs:
            self._edge(method, parent)
        values = {target.slug: value for target in self.round.targets.all()}
        fields.setdefault("sha256", f"file of {team.slug}")
        return make_scored(self.round, values, team=team, method=method, **fields)


@pytest.fixture
def worked() -> Worked:
    return Worked()


def by_account(book: CreditBook) -> dict[str, int]:
    totals: dict[str, int] = {}
    for entry in book.entries.select_related("account"):
        name = entry.account.slug if entry.account else "commons"
        totals[name] = totals.get(name, 0) + entry.micropoints
    return totals


def test_the_worked_example_comes_out_of_the_database_to_the_micropoint(worked: Worked) -> None:
    book = post_book(worked.round, reason="revealed")
    assert book is not None
    assert book.unmet == []
    assert by_account(book) == {
        worked.a.method.slug: 118_750_000,
        worked.b.method.slug: 81_250_000,
        worked.c.method.slug: 25_000_000,
        "m0": 29_687_500,
        "d1": 50_000_000,
        "d2": 70_312_500,
        "d3": 50_000_000,
        "commons": 25_000_000,
        "labs": 250_000_000,
    }
    assert book.minted_micropoints == 700 * POINT
    assert book.open_micropoints == 300 * POINT
    assert check_books() == []


def credit_of(round_: Round) -> RoundCredit:
    """Return the credit that everyone sees."""
    (found,) = round_credits([round_], AnonymousUser(), timezone.now())
    return found


def test_the_dataset_board_ranks_by_independent_credit(worked: Worked) -> None:
    refresh_board(worked.round)
    rows = dataset_rows([credit_of(worked.round)])
    lines = [(row.artifact.slug, row.line.independent, row.line.self_use) for row in rows]
    assert sorted(lines[:2]) == [("d1", 50_000_000, 0), ("d3", 50_000_000, 0)]
    assert lines[2] == ("d2", 29_687_500, 40_625_000)


def test_provisional_credit_equals_what_is_posted_later(worked: Worked) -> None:
    refresh_board(worked.round)
    provisional = credit_of(worked.round)
    assert not provisional.is_posted
    post_book(worked.round, reason="revealed")
    posted = credit_of(worked.round)
    assert posted.is_posted
    assert posted.books == provisional.books


def test_posting_the_same_facts_again_posts_nothing(worked: Worked) -> None:
    assert post_book(worked.round, reason="revealed") is not None
    assert post_book(worked.round, reason="again") is None
    assert post_due_books() == []


def test_a_correction_reverses_every_old_line_and_posts_the_new_ones(worked: Worked) -> None:
    first = post_book(worked.round, reason="revealed")
    assert first is not None
    LineageEdge.objects.filter(child=worked.a.method, parent=worked.m0).update(status="rejected")
    assert check_books() != []
    second = post_book(worked.round, reason="The edge was rejected by a steward.")
    assert second is not None
    old = CreditEntry.objects.filter(book=first)
    assert all(entry.reversed_by.micropoints == -entry.micropoints for entry in old)
    total = sum(CreditEntry.objects.values_list("micropoints", flat=True))
    assert total == second.minted_micropoints
    assert check_books() == []


def test_a_round_that_meets_not_all_conditions_mints_nothing_and_says_why(worked: Worked) -> None:
    Submission.objects.filter(entry_kind="baseline").update(entry_kind="organizer")
    book = post_book(worked.round, reason="revealed")
    assert book is not None
    assert book.minted_micropoints == 0
    assert not book.entries.exists()
    assert book.unmet == ["Scoring unit accuracy: no public baseline was scored."]


def test_facts_that_contradict_each_other_mint_nothing_and_say_which(worked: Worked) -> None:
    Artifact.objects.filter(slug="d2").update(registered_at=timezone.now())
    book = post_book(worked.round, reason="revealed")
    assert book is not None
    assert book.minted_micropoints == 0
    assert any("d2@1: registered after the round closed" in reason for reason in book.unmet)
    assert check_books() == []
    assert post_due_books() == []


def test_only_revealed_rounds_are_due(worked: Worked) -> None:
    Round.objects.filter(pk=worked.round.pk).update(revealed_at=None)
    assert post_due_books() == []


def test_the_same_file_from_two_teams_counts_as_one_player(worked: Worked) -> None:
    Submission.objects.filter(pk__in=[worked.b.pk, worked.c.pk]).update(sha256="the same")
    make_scored(
        worked.round,
        {target.slug: 0.5 for target in worked.round.targets.all()},
        team=make_team(make_user("eve")),
        sha256="another",
    )
    book = post_book(worked.round, reason="revealed")
    assert book is not None
    totals = by_account(book)
    assert totals[worked.b.method.slug] == totals[worked.c.method.slug]


def test_recompute_credit_check_finds_no_difference(
    worked: Worked, capsys: pytest.CaptureFixture[str]
) -> None:
    post_book(worked.round, reason="revealed")
    call_command("recompute_credit", "--check")
    assert "1 book recomputed, no difference." in capsys.readouterr().out


def test_recompute_credit_check_fails_when_scores_moved(worked: Worked) -> None:
    post_book(worked.round, reason="revealed")
    LineageEdge.objects.filter(child=worked.a.method, parent=worked.m0).delete()
    with pytest.raises(CommandError, match="differences"):
        call_command("recompute_credit", "--check")


@pytest.mark.parametrize(
    "change",
    [
        lambda: CreditEntry.objects.update(micropoints=1),
        lambda: CreditEntry.objects.all()._raw_delete("default"),
        lambda: CreditBook.objects.update(minted_micropoints=1),
    ],
    ids=["update", "delete", "book"],
)
def test_the_database_refuses_to_change_the_ledger(
    worked: Worked, change: Callable[[], object]
) -> None:
    post_book(worked.round, reason="revealed")
    with pytest.raises(DatabaseError, match="credit_ledger_is_append_only"), transaction.atomic():
        change()


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"kind": "data", "account": None}, "credit_account_unless_commons"),
        ({"kind": "commons", "micropoints": -1}, "credit_negative_only_to_reverse"),
    ],
)
def test_the_database_refuses_impossible_entries(
    worked: Worked, fields: dict[str, object], constraint: str
) -> None:
    book = post_book(worked.round, reason="revealed")
    assert book is not None
    entry = {"book": book, "round": worked.round, "path": [], "micropoints": 1, **fields}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        CreditEntry.objects.create(**entry)
