"""The board of the whole SAMPL6 log P round says what its data say."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from challenges.models import Round
from leaderboards.selectors import standings
from leaderboards.services.refresh import refresh_board
from submissions.models import Score, Submission, SubmissionState
from tests.factories import (
    make_challenge,
    make_method,
    make_metric,
    make_round,
    make_run,
    make_submission,
    make_team,
)
from tests.scoring.published_ranks import whole_sampl6

pytestmark = pytest.mark.django_db


@pytest.fixture
def sampl6_round() -> Round:
    published = whole_sampl6()
    now = timezone.now()
    round_ = make_round(
        targets=[each.lower() for each in published.targets],
        opens_at=now - timedelta(days=30),
        closes_at=now - timedelta(days=2),
        published_at=now - timedelta(days=31),
        revealed_at=now - timedelta(days=1),
        bootstrap_resamples=10_000,
        title="Octanol and water",
        challenge=make_challenge(title="SAMPL6 log P"),
    )
    round_.metrics.update(aggregate="root_mean", metric="squared_error", label="RMSE")
    make_metric(round_, "mae", label="MAE")
    ranked, mae = round_.metrics.get(key="error"), round_.metrics.get(key="mae")
    targets = list(round_.targets.order_by("position"))
    for entry, errors in zip(published.entries, published.errors, strict=True):
        team = make_team(name=f"Team of {entry}", slug=f"team-{entry}")
        facts = {"state": SubmissionState.SCORED, "method": make_method(team, title=entry)}
        run = make_run(make_submission(round_, team, content=entry.encode(), **facts))
        Score.objects.bulk_create(
            Score(run=run, target=target, metric=metric, status="ok", value=value)
            for target, error in zip(targets, errors, strict=True)
            for metric, value in ((ranked, error**2), (mae, abs(error)))
        )
    return round_


@pytest.mark.one_database
def test_the_page_shows_a_top_group_and_the_interval_of_the_first(
    sampl6_round: Round, client: Client
) -> None:
    revision = refresh_board(sampl6_round)
    assert revision is not None
    lines = list(standings(revision))
    assert len(lines) == Submission.objects.count() == 91
    first = lines[0]
    assert first.submission.method.title == "hmz0n"
    assert (first.rank, first.rank_low, first.rank_high) == (1, 1, 15)
    assert first.first_probability is not None
    assert 0.3 < first.first_probability < 0.4
    top = [each for each in lines if each.tie_group == 1]
    assert len(top) == 6
    page = client.get(sampl6_round.get_absolute_url() + "board/")
    text = re.sub(r"\s+", " ", strip_tags(page.content.decode()))
    assert page.status_code == 200
    assert "Top group of 6: with these 11 targets nobody can say which of them is best." in text
    assert "95 % rank interval is [1, 15]; it is first in 34 % of the draws." in text
