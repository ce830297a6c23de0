"""Boards are read from text that is stored of them, and show at once whatever changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Team
from catalog.models import Artifact, LineageEdge
from challenges.models import Correction, Round, Track
from leaderboards.compiled import Compiled
from leaderboards.documents import page_document
from leaderboards.models import BoardDocument, BoardRevision, ShownChange, Standing
from leaderboards.services.documents import store_documents
from leaderboards.services.refresh import refresh_stale_boards
from leaderboards.visible import visible_board
from submissions.models import Submission
from submissions.services.withdraw import withdraw
from tests.factories import (
    make_artifact,
    make_round,
    make_scored,
    make_team,
    make_user,
    member_of,
    organizer_of,
)

pytestmark = pytest.mark.django_db


class Poller:
    """Somebody who asks for a board with the ETag of the last answer."""

    def __init__(self, round_: Round, *, query: str = "") -> None:
        self.round = round_
        self.client, self.etag = Client(), ""
        self.url = f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/leaderboard/{query}"

    def asks(self) -> dict[str, Any] | None:
        """Return the board, None if it is the same as before; it is always that of the rows."""
        answer = self.client.get(self.url, headers={"If-None-Match": self.etag})
        self.etag = answer["ETag"]
        if answer.status_code == 304:
            return None
        found: dict[str, Any] = answer.json()
        whole = {key: value for key, value in found.items() if key != "next"}
        round_ = Round.objects.get(pk=self.round.pk)
        board = visible_board(round_, AnonymousUser(), timezone.now())
        assert whole == page_document(board, 0, None)
        return found


@pytest.fixture
def held(settings: Any) -> Round:
    settings.BOARD_CACHE_MS = 0
    round_ = make_round(bootstrap_resamples=100)
    for place in range(3):
        values = {"t1": 1.0 + place, "t2": 1.0, "t3": 1.0}
        made = make_scored(round_, values, team=make_team(name=f"Team {place}"))
    track = Track.objects.create(round=round_, slug="server", title="Server")
    Submission.objects.filter(pk=made.pk).update(track=track)
    edge = {"relation": "trained-on", "declared_by": made.submitted_by}
    LineageEdge.objects.create(child=made.method, parent=make_artifact(), **edge)
    refresh_stale_boards()
    return round_


def names(found: dict[str, Any] | None) -> list[str]:
    assert found is not None, "nothing new was told"
    return sorted(line["team"]["name"] for line in found["standings"])


def test_whatever_changes_on_a_board_is_shown_at_once(held: Round) -> None:
    poller = Poller(held, query="?limit=500")
    assert names(poller.asks()) == ["Team 0", "Team 1", "Team 2"]
    assert poller.asks() is None

    Team.objects.filter(name="Team 1").update(name="Renamed")  # past any service
    assert names(poller.asks()) == ["Renamed", "Team 0", "Team 2"]  # no worker ran in between
    assert store_documents([held]) == [held]
    assert poller.asks() is None

    gone = Submission.objects.get(team__name="Renamed", round=held)
    withdraw(gone, by=member_of(gone.team), reason="A leak.")
    refresh_stale_boards()
    assert names(poller.asks()) == ["Team 0", "Team 2"]

    by = organizer_of(held.challenge)
    Correction.objects.create(round=held, reason="Unit.", made_by=by, in_force_at=timezone.now())
    Submission.objects.get(team__name="Team 0").runs.get().scores.update(value=9.0)
    refresh_stale_boards()
    found = poller.asks()
    assert found is not None
    assert {line["team"]["name"]: line["value"] for line in found["standings"]}["Team 0"] == 9.0

    # The clock alone: names, then the whole board, are for nobody before it and for all after.
    soon = timezone.now() + timedelta(hours=1)
    rules = Round.objects.filter(pk=held.pk)
    rules.update(names_shown="date", names_shown_at=soon)
    assert all(name.startswith("Entrant ") for name in names(poller.asks()))
    rules.update(names_shown_at=timezone.now())
    assert names(poller.asks()) == ["Team 0", "Team 2"]
    rules.update(board_policy="close")
    hidden = poller.asks()
    assert hidden is not None
    assert (hidden["visible"], hidden["standings"]) == (False, [])
    rules.update(closes_at=timezone.now() - timedelta(hours=1), grace_minutes=0)
    assert names(poller.asks()) == ["Team 0", "Team 2"]
    assert BoardDocument.objects.exists()


def test_a_stored_board_is_the_same_to_the_byte_and_takes_one_query(held: Round) -> None:
    asked = [Poller(held, query=query) for query in ("", "?limit=1", "?limit=2&after=1")]
    stored = []
    for poller in asked:
        with CaptureQueriesContext(connection) as queries:
            stored.append(poller.client.get(poller.url).content)
        assert len(queries) == 1
    BoardDocument.objects.all().delete()
    assert stored == [poller.client.get(poller.url).content for poller in asked]
    assert store_documents([held]) == [held]
    assert store_documents([held]) == []


def test_nothing_is_stored_of_what_is_not_for_everyone(held: Round) -> None:
    rules = Round.objects.filter(pk=held.pk)
    organizer = Client()
    organizer.force_login(organizer_of(held.challenge))
    url = Poller(held).url
    for rule in ({"names_shown": "reveal"}, {"names_shown": "always", "board_policy": "reveal"}):
        rules.update(**rule)
        BoardDocument.objects.all().delete()
        assert store_documents(list(rules)) == []
        assert len(organizer.get(url).json()["standings"]) == 3
        assert not BoardDocument.objects.exists()


def test_every_name_a_board_shows_is_watched_by_the_database(held: Round) -> None:
    line = Standing.objects.filter(submission__track__isnull=False).get()
    made = line.submission
    edge = made.method.parent_edges.get()
    changes = [
        (Team, made.team_id, {"slug": "other"}),
        (Artifact, made.method_id, {"title": "Another"}),
        (Artifact, edge.parent_id, {"version": "9"}),
        (LineageEdge, edge.pk, {"parent": make_artifact()}),
        (Submission, made.pk, {"track": None}),
        (Track, made.track_id, {"title": "Servers"}),
        (BoardRevision, line.revision_id, {"number": 7}),
        (Standing, line.pk, {"answered": 0}),
    ]
    for model, pk, changed in changes:
        before = ShownChange.objects.filter(round=held).count()
        model.objects.filter(pk=pk).update(**changed)
        after = ShownChange.objects.filter(round=held).count()
        assert after == before + 1, (model, changed)
        if model is not Standing:  # a line is never written twice, but by hand
            model.objects.filter(pk=pk).update(**changed)
            assert ShownChange.objects.filter(round=held).count() == after, model
    edge.delete()
    by = {"relation": "trained-on", "declared_by": made.submitted_by}
    LineageEdge.objects.create(child=made.method, parent=make_artifact(), **by)
    assert ShownChange.objects.filter(round=held).count() == after + 2
    make_artifact(people=[make_user()])
    Submission.objects.filter(pk=made.pk).update(note="Nobody is shown this.")
    assert ShownChange.objects.filter(round=held).count() == after + 2


def test_the_database_refuses_pieces_that_come_twice_or_hold_nothing(held: Round) -> None:
    piece = BoardDocument.objects.get()
    for start in (piece.start, piece.total):
        piece.pk, piece.start = None, start
        with pytest.raises(IntegrityError), transaction.atomic():
            piece.save(force_insert=True)


def test_a_compiled_query_says_when_a_value_has_no_place() -> None:
    query = Compiled(lambda: Round.objects.filter(slug="round").values_list("pk"), other="other")
    with pytest.raises(ValueError, match="no place for"):
        query.rows(other="x")
