"""Boards by track and by model, their public and private parts, and error against cost."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from catalog.models import Statement
from challenges.models import Round, Track
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission
from tests.factories import make_method, make_round, make_scored, make_team, member_of
from tests.pages.test_board_views import page


def entered(round_: Round, name: str, values: dict[str, float], **fields: object) -> Submission:
    return make_scored(
        round_, values, team=fields.pop("team", None) or make_team(name=name), **fields
    )


def order_of(client: Client, address: str) -> list[tuple[str, str]]:
    """Return rank and team of each line of a board's CSV file."""
    response = client.get(address)
    assert response.status_code == 200, address
    rows = csv.DictReader(io.StringIO(response.content.decode()))
    return [(row["rank"], row["team"]) for row in rows]


@pytest.fixture
def url(db: None) -> str:
    """Reveal a round of two public and two private targets, with three teams."""
    now = timezone.now()
    round_ = make_round(
        targets=["a", "b", "c", "d"],
        opens_at=now - timedelta(days=3),
        closes_at=now - timedelta(hours=1),
        revealed_at=now,
        bootstrap_resamples=200,
    )
    round_.targets.filter(slug__in=["c", "d"]).update(is_private=True)
    entered(round_, "Climber", {"a": 0.1, "b": 0.1, "c": 9.0, "d": 9.0})
    entered(round_, "Steady", {"a": 0.2, "b": 0.2, "c": 2.0, "d": 2.0})
    entered(round_, "Riser", {"a": 0.3, "b": 0.3, "c": 1.0, "d": 1.0})
    refresh_board(round_)
    return round_.get_absolute_url()


def test_the_shake_up_says_who_fell_on_the_private_part_and_only_after_the_reveal(
    client: Client, url: str
) -> None:
    text = " ".join(page(client, f"{url}board/shake-up/").split())
    assert "2 of 3 entries have another rank on the private part. Another entry is first." in text
    assert "tau between the two orders is -1.00" in text.replace("\u2212", "-")
    assert "the mean change of rank is 44 % of the number of entries" in text
    assert text.index("Riser") < text.index("Steady") < text.index("Climber")
    assert "board/shake-up/" in page(client, f"{url}board/")
    Round.objects.update(revealed_at=None)
    hidden = page(client, f"{url}board/shake-up/")
    assert "The private part is shown when the round is revealed." in hidden
    assert "Riser" not in hidden


def test_error_stands_against_the_cost_that_statements_declare(client: Client, url: str) -> None:
    assert "No entry on this board declares" in page(client, f"{url}board/costs/")
    declared = {"Climber": 5.0, "Steady": 80.0, "Riser": "not disclosed"}
    for submission in Submission.objects.select_related("team", "method"):
        Statement.objects.create(
            artifact=submission.method,
            number=1,
            answers={"device_hours": declared[submission.team.name], "parameters": 7},
            saved_by=member_of(submission.team),
            published_at=timezone.now(),
        )
    text = " ".join(page(client, f"{url}board/costs/").split())
    assert "1 line of the board declares none" in text
    rows = client.get(f"{url}board/pictures/costs.csv").content.decode().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["Climber", "Steady"]
    assert [row.split(",")[-1] for row in rows[1:]] == ["True", "True"]
    assert page(client, f"{url}board/pictures/costs.svg").startswith("<?xml")
    assert page(client, f"{url}board/costs/?cost=parameters").count('class="dot') == 3
    assert client.get(f"{url}board/costs/?cost=fame").status_code == 404
    Round.objects.update(abstracts_shown="reveal", revealed_at=None)
    assert "Climber" not in page(client, f"{url}board/costs/")


def test_a_board_is_filtered_by_track_and_ranked_by_the_best_model(
    client: Client, db: None
) -> None:
    round_ = make_round(targets=["a", "b"], models_per_target=2, bootstrap_resamples=200)
    robots = Track.objects.create(round=round_, slug="robots", title="Robots")
    humans = Track.objects.create(round=round_, slug="humans", title="Humans")
    team = make_team(name="Two models")
    method = make_method(team)
    for index, value in ((1, 5.0), (2, 1.0)):
        entered(round_, "", {"a": value, "b": value}, team=team, method=method, track=robots,
                model_index=index)  # fmt: skip
    entered(round_, "One model", {"a": 2.0, "b": 2.0}, track=robots)
    entered(round_, "Person", {"a": 3.0, "b": 3.0}, track=humans)
    refresh_board(round_)
    file = f"{round_.get_absolute_url()}board.csv"
    official = [("1", "Person"), ("1", "One model"), ("2", "Two models")]
    assert sorted(order_of(client, file)) == sorted(official)
    assert order_of(client, f"{file}?track=robots") == official[1:]
    assert order_of(client, f"{file}?track=robots&model=best") == [
        ("1", "Two models"),
        ("2", "One model"),
    ]
    assert client.get(f"{file}?track=nobody").status_code == 404
    text = page(client, f"{round_.get_absolute_url()}board/?model=best")
    assert "Robots" in text
    assert "This is a view" in text
