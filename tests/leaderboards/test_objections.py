"""Objections to declared inputs after the reveal, rulings, and the books that follow."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from catalog.models import Artifact, LineageEdge
from challenges.models import ChallengeRole
from leaderboards.errors import ObjectionRefused
from leaderboards.models import CreditBook, CreditEntry, LineageObjection
from leaderboards.services.ledger import check_books, post_book
from leaderboards.services.objections import object_to_edge, rule_on
from leaderboards.services.refresh import refresh_board
from tests.factories import make_artifact, make_user
from tests.leaderboards.test_ledger import Worked

pytestmark = pytest.mark.django_db

POINT = 1_000_000


@pytest.fixture
def worked() -> Worked:
    made = Worked()
    refresh_board(made.round)
    post_book(made.round, reason="revealed")
    return made


def edge_of(child: Artifact, parent: Artifact) -> LineageEdge:
    return LineageEdge.objects.get(child=child, parent=parent)


def steward(worked: Worked, role: str = "owner") -> object:
    person = make_user(f"{role}-steward", is_staff=True)
    ChallengeRole.objects.create(challenge=worked.round.challenge, user=person, role=role)
    return person


def objected(worked: Worked) -> LineageObjection:
    """Somebody objects to: B was built on D2, whose maker is in the team."""
    return object_to_edge(
        edge_of(worked.b.method, worked.d2),
        round_=worked.round,
        reason="D2 is nowhere in the code.",
        by=make_user("reader"),
    )


def standing(worked: Worked) -> dict[str, int]:
    """Micro-points by account over the whole ledger of the round."""
    totals: dict[str, int] = {}
    for entry in CreditEntry.objects.filter(round=worked.round).select_related("account"):
        name = entry.account.slug if entry.account else "commons"
        totals[name] = totals.get(name, 0) + entry.micropoints
    return totals


def test_an_objection_makes_an_input_disputed_and_moves_no_point(worked: Worked) -> None:
    objection = objected(worked)
    assert objection.edge.status == "declared"  # as it was read
    assert edge_of(worked.b.method, worked.d2).status == "disputed"
    assert post_book(worked.round, reason="again") is None
    assert check_books() == []


def test_a_struck_input_reverses_every_line_and_posts_the_new_ones(worked: Worked) -> None:
    before = standing(worked)
    objection = objected(worked)
    (book,) = rule_on(objection, stands=False, ruling="The code shows it.", by=steward(worked))
    after = standing(worked)
    assert objection.state == "rejected"
    assert edge_of(worked.b.method, worked.d2).status == "rejected"
    assert book.number == 2
    assert "was struck after an objection" in book.reason
    reversing = book.entries.filter(reverses__isnull=False)
    assert reversing.count() == CreditBook.objects.get(number=1).entries.count()
    assert sum(after.values()) == sum(before.values()) == 700 * POINT
    # All of B's upstream half is now D1's and what D1 was made from.
    assert before["d2"] - after["d2"] == 40_625_000
    assert after["d1"] - before["d1"] == after["d3"] - before["d3"] == 20_312_500
    assert after[worked.b.method.slug] == before[worked.b.method.slug]
    assert check_books() == []


def test_a_ruling_that_the_input_stands_posts_nothing(worked: Worked) -> None:
    objection = objected(worked)
    assert rule_on(objection, stands=True, ruling="Line 40 reads it.", by=steward(worked)) == []
    assert edge_of(worked.b.method, worked.d2).status == "upheld"
    assert worked.round.credit_books.count() == 1
    event = AuditEvent.objects.latest("seq")
    assert (event.subject, event.reason) == (
        f"leaderboards.LineageObjection:{objection.pk}",
        "Line 40 reads it.",
    )


def test_an_operator_rules_too(worked: Worked) -> None:
    operator = make_user("operator", is_superuser=True, is_staff=True)
    assert rule_on(objected(worked), stands=True, ruling="It stands.", by=operator) == []


@pytest.mark.parametrize("who", ["organizer", "reader", "declarer", "maker", "member"])
def test_who_is_no_steward_or_is_involved_does_not_rule(worked: Worked, who: str) -> None:
    objection = objected(worked)
    member = worked.b.team.memberships.exclude(user=worked.curator).get().user
    person = {
        "organizer": lambda: steward(worked, "organizer"),
        "reader": lambda: objection.raised_by,
        "declarer": lambda: objection.edge.declared_by,
        "maker": lambda: worked.curator,
        "member": lambda: member,
    }[who]()
    if who != "organizer":
        ChallengeRole.objects.create(challenge=worked.round.challenge, user=person, role="owner")
    with pytest.raises(ObjectionRefused, match="neither objected nor declared"):
        rule_on(objection, stands=False, ruling="Because.", by=person)
    assert LineageObjection.objects.get().state == "open"


def test_a_ruling_is_made_once_and_says_why(worked: Worked) -> None:
    objection, owner = objected(worked), steward(worked)
    with pytest.raises(ObjectionRefused, match="A ruling needs a reason"):
        rule_on(objection, stands=False, ruling="  ", by=owner)
    rule_on(objection, stands=True, ruling="It stands.", by=owner)
    with pytest.raises(ObjectionRefused, match="ruled already"):
        rule_on(objection, stands=False, ruling="It does not.", by=owner)
    assert edge_of(worked.b.method, worked.d2).status == "upheld"


def test_an_objection_needs_a_reason_and_an_input_of_this_round(worked: Worked) -> None:
    reader = make_user("reader")
    edge = edge_of(worked.b.method, worked.d2)
    with pytest.raises(ObjectionRefused, match="needs a reason"):
        object_to_edge(edge, round_=worked.round, reason=" ", by=reader)
    elsewhere = LineageEdge.objects.create(
        child=make_artifact(slug="new", origin="derived"),
        parent=worked.d3,
        relation="derived-from",
        declared_by=reader,
    )
    with pytest.raises(ObjectionRefused, match="not in the lineage"):
        object_to_edge(elsewhere, round_=worked.round, reason="Untrue.", by=reader)


def test_an_input_is_objected_to_once_in_a_round(worked: Worked) -> None:
    first = objected(worked)
    with pytest.raises(ObjectionRefused, match="objected to this input before"):
        object_to_edge(first.edge, round_=worked.round, reason="I too.", by=make_user("other"))


def test_the_comment_period_begins_with_the_reveal_and_ends_after_21_days(worked: Worked) -> None:
    edge, reader = edge_of(worked.b.method, worked.d2), make_user("reader")
    worked.round.revealed_at = timezone.now() - timedelta(days=21, minutes=1)
    with pytest.raises(ObjectionRefused, match="comment period of this round ended"):
        object_to_edge(edge, round_=worked.round, reason="Untrue.", by=reader)
    worked.round.revealed_at = None
    with pytest.raises(ObjectionRefused, match="from the reveal on, for 21 days"):
        object_to_edge(edge, round_=worked.round, reason="Untrue.", by=reader)
    worked.round.revealed_at = timezone.now() - timedelta(days=20)
    assert object_to_edge(edge, round_=worked.round, reason="Untrue.", by=reader).pk


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"reason": ""}, "lineage_objection_has_a_reason"),
        ({"state": "upheld"}, "lineage_objection_ruled_with_reasons"),
        ({"ruling": "So."}, "lineage_objection_ruled_with_reasons"),
    ],
)
def test_the_database_refuses_objections_without_words(
    worked: Worked, fields: dict[str, str], constraint: str
) -> None:
    objection = objected(worked)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        LineageObjection.objects.filter(pk=objection.pk).update(**fields)


def test_the_database_refuses_a_second_objection_to_an_input(worked: Worked) -> None:
    first = objected(worked)
    with pytest.raises(IntegrityError), transaction.atomic():
        LineageObjection.objects.create(
            round=first.round, edge=first.edge, reason="I too.", raised_by=worked.curator
        )
