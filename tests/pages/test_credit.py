"""What the pages show of credit, on the worked example of the rule."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from catalog.models import Artifact
from challenges.models import Round
from leaderboards.selectors import RoundCredit, round_credits
from leaderboards.services.ledger import post_book
from leaderboards.services.refresh import refresh_board
from leaderboards.visible import visible_standings
from pages.credit import descendants_of, person_credit, results_using, ways_of
from tests.leaderboards.test_ledger import Worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def worked() -> Worked:
    made = Worked()
    refresh_board(made.round)
    post_book(made.round, reason="revealed")
    return made


def credits_of_all() -> list[RoundCredit]:
    return round_credits(Round.objects.all(), AnonymousUser(), timezone.now())


def test_where_the_points_went_lists_every_posting_of_a_result(worked: Worked) -> None:
    (way,) = ways_of([worked.a], credits_of_all())
    assert way.total == 237_500_000
    assert way.rows[0].artifact == worked.a.method
    reached = {row.artifact.slug for row in way.rows[1:] if row.artifact}
    assert reached == {"d1", "d2", "d3", "m0"}


def test_results_that_used_a_dataset_are_listed_with_what_they_brought(worked: Worked) -> None:
    made_of_it = Q(submission__method__in=descendants_of(worked.d2))
    standings = visible_standings(
        Round.objects.all(), AnonymousUser(), timezone.now(), among=made_of_it
    )
    uses = results_using(worked.d2, standings, credits_of_all())
    assert [(use.standing.submission.code, use.micropoints) for use in uses] == [
        (worked.a.code, 29_687_500),
        (worked.b.code, 40_625_000),
    ]


def test_people_are_credited_by_their_shares(worked: Worked) -> None:
    credit = person_credit(worked.curator, credits_of_all(), Artifact.objects.all())
    own = {row.contribution.artifact.slug: row.total for row in credit.rows}
    assert own == {worked.b.method.slug: 40_625_000, "d2": 70_312_500}
    assert (credit.total, credit.escrow) == (110_937_500, 0)
