"""List pages ask the database as often for three rows as for one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog.models import Artifact, LineageEdge
from challenges.models import Round
from leaderboards.services.refresh import refresh_board
from tests.factories import (
    make_artifact,
    make_challenge,
    make_method,
    make_round,
    make_scored,
    make_team,
    make_user,
)


@dataclass
class Site:
    """A round with a growing number of everything."""

    round: Round
    target_set: Artifact
    data: Artifact

    def __post_init__(self) -> None:
        self.person = make_user("grower")
        self.team = make_team(self.person, name="Growers")
        self.enter("baseline")

    def enter(self, kind: str = "participant") -> None:
        team = self.team if kind == "participant" else make_team()
        method = make_method(team, licence="MIT")
        dataset = make_artifact(licence="MIT", people=[make_user(), self.person])
        for parent in (self.data, dataset):
            LineageEdge.objects.create(
                child=method, parent=parent, relation="trained-on", declared_by=self.person
            )
        value = 2.0 if kind == "baseline" else 1.0
        values = {target.slug: value for target in self.round.targets.all()}
        make_scored(self.round, values, team=team, method=method, entry_kind=kind)

    def grow(self) -> None:
        """Add one of each thing that pages list."""
        self.enter()
        other = make_team()
        make_scored(self.round, {t.slug: 1.5 for t in self.round.targets.all()}, team=other)
        self.round.offered_data.add(make_artifact(licence="MIT"))
        more = make_round(self.round.challenge, bootstrap_resamples=100)
        make_scored(more, {"t1": 1.0, "t2": 1.0, "t3": 1.0}, team=self.team)
        for each in (self.round, more):
            refresh_board(each)


@pytest.fixture
def site(db: None) -> Site:
    challenge = make_challenge(make_user("keeper"), data_statement="Measured twice.")
    target_set = make_artifact(kind="target-set", licence="MIT")
    data = make_artifact(licence="MIT", slug="shared")
    round_ = make_round(challenge, target_set=target_set, bootstrap_resamples=100)
    site = Site(round_, target_set, data)
    site.grow()
    return site


def count(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


# page, and the most queries it may take
BUDGETS = {
    "/": 18,
    "/challenges/{challenge}/": 9,
    "/challenges/{challenge}/{round}/": 28,
    "/challenges/{challenge}/{round}/scores/": 13,
    "/challenges/{challenge}/{round}/datasets/": 9,
    "/challenges/{challenge}/{round}/credit/": 20,
    "/challenges/{challenge}/{round}/targets/t1/": 23,
    "/challenges/{challenge}/{round}/board.csv": 9,
    "/challenges/{challenge}/{round}/board.json": 9,
    "/challenges/{challenge}/{round}/board.tex": 9,
    "/challenges/{challenge}/{round}/board.atom": 15,
    "/challenges/{challenge}/{round}/board/": 18,
    "/challenges/{challenge}/{round}/board/?by=team": 20,
    "/challenges/{challenge}/{round}/board/scores.csv": 12,
    "/challenges/{challenge}/{round}/board/stability/": 12,
    "/challenges/{challenge}/{round}/board/duels/": 12,
    "/challenges/{challenge}/{round}/board/targets/": 12,
    "/challenges/{challenge}/{round}/board/changes/": 22,
    "/challenges/{challenge}/{round}/board/progress/": 14,
    "/submissions/": 3,
    "/datasets/": 10,
    "/datasets/shared/1/": 26,
    "/models/{model}/1/": 26,
    "/people/grower/": 14,
    "/teams/growers/": 12,
}


@pytest.mark.parametrize("page", BUDGETS)
def test_page_asks_as_often_for_three_rows_as_for_one(
    client: Client, site: Site, page: str
) -> None:
    model = Artifact.objects.filter(kind="model", team=site.team).earliest("pk")
    url = page.format(challenge=site.round.challenge.slug, round=site.round.slug, model=model.slug)
    client.force_login(site.person)
    client.get(url)
    one = count(client, url)
    site.grow()
    site.grow()
    assert (count(client, url), one <= BUDGETS[page]) == (one, True), one
