"""What of a board may be seen by whom and when, by each policy."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from catalog.exports import formats_of
from challenges.models import Round, Target
from challenges.services.design import design_of
from leaderboards.documents import board_document
from leaderboards.models import BoardRevision, Standing
from leaderboards.selectors import round_credits
from leaderboards.services.refresh import refresh_board
from leaderboards.visible import (
    VisibleBoard,
    visible_board,
    visible_standings,
    withheld_methods,
    withholds_abstract,
)
from leaderboards.visible_scores import board_scores, scores_mark, submission_scores
from submissions.models import Submission
from submissions.services.withdraw import withdraw
from tests.factories import (
    make_method,
    make_round,
    make_scored,
    make_team,
    member_of,
    organizer_of,
)

pytestmark = pytest.mark.django_db
ANYONE = AnonymousUser()


def board(round_: Round, moment: datetime | None = None, **asked: object) -> VisibleBoard:
    return visible_board(round_, ANYONE, moment or timezone.now(), **asked)  # type: ignore[arg-type]


def values(found: VisibleBoard) -> list[tuple[int | None, float | None]]:
    return [(line.rank, line.value) for line in found.lines]


def reveal(round_: Round) -> None:
    now = timezone.now()
    Round.objects.filter(pk=round_.pk).update(
        opens_at=now - timedelta(days=3), closes_at=now - timedelta(days=1), revealed_at=now
    )
    round_.refresh_from_db()


def test_a_live_board_is_seen_whole_by_everyone() -> None:
    round_ = make_round()
    made = make_scored(round_, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    refresh_board(round_)
    found = board(round_)
    assert values(found) == [(1, 2.0)]
    assert found.lines[0].submission.team.name == made.team.name
    assert [score.value for score in board_scores(found)] == [1.0, 2.0, 3.0]
    assert len(submission_scores(made, member_of(made.team), timezone.now())) == 3


@pytest.mark.parametrize("policy", ["close", "reveal"])
def test_a_hidden_board_shows_nothing_before_its_moment_and_all_after(policy: str) -> None:
    round_ = make_round(board_policy=policy, grace_minutes=60)
    made = make_scored(round_, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    refresh_board(round_)
    own, organizer = member_of(made.team), organizer_of(round_.challenge)
    in_grace = round_.closes_at + timedelta(minutes=59)
    document = board_document(board(round_, in_grace))
    assert (document["visible"], document["revision"], document["standings"]) == (False, None, [])
    assert submission_scores(made, own, in_grace) == []
    assert len(submission_scores(made, organizer, in_grace)) == 3
    assert len(visible_board(round_, organizer, in_grace).lines) == 1
    after = round_.closes_at + timedelta(minutes=60)
    if policy == "reveal":
        assert board(round_, after).lines == ()
        reveal(round_)
        after = timezone.now()
    assert values(board(round_, after)) == [(1, 2.0)]
    assert len(submission_scores(made, own, after)) == 3


def test_what_is_hidden_moves_no_mark() -> None:
    round_ = make_round(board_policy="reveal")
    refresh_board(round_)
    moment = timezone.now()
    before = board(round_, moment).mark
    made = make_scored(round_, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    refresh_board(round_)
    assert board(round_, moment).mark == before
    own = member_of(made.team)
    mark = scores_mark(made, own, moment)
    made.runs.get().scores.update(value=7.0)
    assert scores_mark(made, own, moment) == mark


def test_a_delayed_board_is_as_old_as_its_rule_says() -> None:
    round_ = make_round(board_policy="delayed", board_delay_hours=6)
    made = make_scored(round_, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    revision = refresh_board(round_)
    assert revision is not None
    shown_at = revision.created_at + timedelta(hours=6)
    just_before = shown_at - timedelta(seconds=1)
    assert board(round_, just_before).revision is None
    assert board(round_, shown_at).revision == revision
    own = member_of(made.team)
    scored_at = made.runs.get().finished_at
    assert submission_scores(made, own, scored_at + timedelta(hours=5)) == []
    assert len(submission_scores(made, own, scored_at + timedelta(hours=6))) == 3
    make_scored(round_, {"t1": 0.0, "t2": 0.0, "t3": 0.0})
    refresh_board(round_)
    assert values(board(round_, shown_at)) == [(1, 2.0)]


def test_a_board_of_the_past_is_among_those_that_may_be_seen_now() -> None:
    round_ = make_round()
    make_scored(round_, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    first = refresh_board(round_)
    assert first is not None
    make_scored(round_, {"t1": 0.0, "t2": 0.0, "t3": 0.0})
    refresh_board(round_)
    assert board(round_, as_of=first.created_at).revision == first
    assert board(round_, number=1).revision == first
    Round.objects.filter(pk=round_.pk).update(board_policy="reveal")
    round_.refresh_from_db()
    assert board(round_, number=1).revision is None


def test_private_targets_count_for_nothing_that_is_shown_until_the_reveal() -> None:
    round_ = make_round()
    Target.objects.filter(round=round_, slug="t3").update(is_private=True)
    climber = make_scored(round_, {"t1": 1.0, "t2": 1.0, "t3": 90.0})
    other = make_scored(round_, {"t1": 2.0, "t2": 2.0, "t3": 2.0})
    refresh_board(round_)
    found = board(round_)
    assert [(line.submission_id, line.rank, line.value) for line in found.lines] == [
        (climber.pk, 1, 1.0),
        (other.pk, 2, 2.0),
    ]
    assert [(line.answered, line.offered) for line in found.lines] == [(2, 2), (2, 2)]
    document = board_document(found)
    assert document["targets"] == ["t1", "t2"]
    assert document["inputs_sha256"] is None
    assert {row["skill_ppm"] for row in document["standings"]} == {None}
    assert {score.target.slug for score in board_scores(found)} == {"t1", "t2"}
    own = submission_scores(climber, member_of(climber.team), timezone.now())
    assert [score.target.slug for score in own] == ["t1", "t2"]
    assert round_credits([round_], ANYONE, timezone.now()) == []
    reveal(round_)
    refresh_board(round_)
    assert [line.submission_id for line in board(round_).lines] == [other.pk, climber.pk]


def test_a_score_on_a_private_target_alone_makes_no_new_public_revision() -> None:
    round_ = make_round()
    Target.objects.filter(round=round_, slug="t3").update(is_private=True)
    made = make_scored(round_, {"t1": 1.0, "t2": 1.0, "t3": 1.0})
    refresh_board(round_)
    mark = board(round_).mark
    run = made.runs.get()
    run.scores.filter(target__slug="t3").update(value=50.0)
    BoardRevision.objects.update(watermark="stale")
    assert refresh_board(round_) is not None
    assert board(round_).mark == mark


def test_shown_values_are_rounded_and_ranks_are_not() -> None:
    round_ = make_round(shown_decimals=1)
    better = make_scored(round_, {"t1": 0.123, "t2": 0.123, "t3": 0.123})
    make_scored(round_, {"t1": 0.124, "t2": 0.124, "t3": 0.124})
    refresh_board(round_)
    found = board(round_)
    assert values(found) == [(1, 0.1), (2, 0.1)]
    stored = Standing.objects.filter(revision=found.revision)
    assert {row.value for row in stored} == {0.1}
    assert {score.value for score in board_scores(found)} == {0.1}
    own = submission_scores(better, member_of(better.team), timezone.now())
    assert {score.value for score in own} == {0.1}
    mark = found.mark
    better.runs.get().scores.update(value=0.1231)
    BoardRevision.objects.update(watermark="stale")
    refresh_board(round_)
    assert board(round_).mark == mark
    reveal(round_)
    assert values(board(round_))[0] == (1, pytest.approx(0.1231))


def test_names_are_labels_that_stay_and_lead_nowhere() -> None:
    round_ = make_round(names_shown="reveal")
    made = make_scored(round_, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    baseline = make_scored(round_, {"t1": 5.0, "t2": 5.0, "t3": 5.0}, entry_kind="baseline")
    refresh_board(round_)
    line, other = board(round_).lines
    assert line.submission.team.name.startswith("Entrant ")
    assert (line.submission.code, line.submission.method.parents) == ("", ())
    assert line.submission.team.get_absolute_url == line.submission.method.get_absolute_url == ""
    assert other.submission.team.name == baseline.team.name
    text = str(board_document(board(round_)))
    assert made.team.name not in text
    assert made.method.slug not in text
    assert made.code not in text
    assert visible_standings([round_], ANYONE, timezone.now()) == []
    assert len(visible_standings([round_], ANYONE, timezone.now(), named=False)) == 2
    assert round_credits([round_], ANYONE, timezone.now()) == []
    elsewhere = make_round(names_shown="reveal")
    make_scored(elsewhere, {"t1": 1.0, "t2": 2.0, "t3": 3.0}, team=made.team)
    refresh_board(elsewhere)
    name = line.submission.team.name
    assert board(elsewhere).lines[0].submission.team.name != name
    make_scored(round_, {"t1": 0.0, "t2": 0.0, "t3": 0.0})
    refresh_board(round_)
    assert name in {each.submission.team.name for each in board(round_).lines}
    reveal(round_)
    assert made.team.name in {each.submission.team.name for each in board(round_).lines}


def test_scores_on_single_targets_wait_for_their_date_for_their_own_team_too() -> None:
    date = timezone.now() + timedelta(days=40)
    round_ = make_round(target_scores_shown="date", target_scores_shown_at=date)
    made = make_scored(round_, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    refresh_board(round_)
    own = member_of(made.team)
    before, after = date - timedelta(seconds=1), date
    assert values(board(round_, before)) == [(1, 2.0)]
    assert board_scores(board(round_, before)) == submission_scores(made, own, before) == []
    assert len(board_scores(board(round_, after))) == 3
    assert len(submission_scores(made, own, after)) == 3


def test_a_ladder_shows_a_new_score_only_when_it_is_better_by_the_step() -> None:
    round_ = make_round(board_policy="ladder", ladder_step=0.5)
    team = make_team()
    shown = []
    for value in (3.1, 2.9, 2.4, 9.0):
        made = make_scored(
            round_, dict.fromkeys(("t1", "t2", "t3"), value), team=team, method=make_method(team)
        )
        refresh_board(round_)
        shown.append([line.value for line in board(round_).lines])
        assert submission_scores(made, member_of(team), timezone.now()) == []
    assert shown == [[3.0], [3.0], [2.5], [2.5]]
    line = board(round_).lines[0]
    assert (line.rank, line.rank_low, line.tie_group, line.skill_ppm) == (1, None, None, None)
    assert board_scores(board(round_)) == []
    reveal(round_)
    assert sorted(line.value for line in board(round_).lines if line.value) == [2.4, 2.9, 3.1, 9.0]


def test_withdrawing_tells_nothing_of_the_other_scores_on_a_ladder() -> None:
    round_ = make_round(board_policy="ladder", ladder_step=0.5)
    team = make_team()
    first, _second = (
        make_scored(round_, dict.fromkeys(("t1", "t2", "t3"), value), team=team)
        for value in (3.0, 8.0)
    )
    refresh_board(round_)
    withdraw(first, by=member_of(team), reason="Better not.")
    refresh_board(round_)
    assert [line.value for line in board(round_).lines] == [3.0]


def test_a_ladder_without_a_step_asks_for_more_than_the_standard_error() -> None:
    round_ = make_round(board_policy="ladder", shown_decimals=2)
    team = make_team()
    shown = []
    for values_ in ((1.0, 2.0, 3.0), (0.1, 2.9, 2.9), (0.9, 1.9, 2.9)):
        make_scored(round_, dict(zip(("t1", "t2", "t3"), values_, strict=True)), team=team)
        refresh_board(round_)
        shown.append(board(round_).lines[0].value)
    assert shown == [2.0, 2.0, 1.9]


def test_what_a_team_wrote_about_its_method_waits_for_its_clock() -> None:
    round_ = make_round(abstracts_shown="reveal")
    made = make_scored(round_, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    now, own = timezone.now(), member_of(made.team)
    organizer = organizer_of(round_.challenge)
    seen = [withholds_abstract(made.method, each, now) for each in (ANYONE, own, organizer)]
    assert seen == [True, False, False]
    client = Client()
    page = made.method.get_absolute_url()
    api = f"/api/v1/artifacts/{made.method.slug}/{made.method.version}/"
    secret = "Good for nothing else"
    assert secret not in client.get(page).content.decode()
    assert secret not in client.get(api).content.decode()
    assert withheld_methods(ANYONE, now) == {made.method.pk}
    assert withheld_methods(own, now) == withheld_methods(organizer, now) == set()
    for query in ("", "Good for nothing else"):
        for place in ("/catalog/", "/search/"):
            assert secret + "." not in client.get(place, {"q": query}).content.decode()
    assert made.method.slug not in client.get("/api/v1/artifacts/?q=nothing+else").content.decode()
    told = f"/artifacts/{made.method.slug}/{made.method.version}/"
    places = [f"{told}training-summary/"]
    for kind in formats_of(made.method):
        places += [f"{told}export/{kind.name}", f"{api}export/{kind.name}"]
    assert {client.get(place).status_code for place in places} == {404}
    reveal(round_)
    assert withheld_methods(ANYONE, timezone.now()) == set()
    assert {client.get(place).status_code for place in places} == {200}
    assert secret in client.get(page).content.decode()
    assert secret in client.get(api).content.decode()


def test_the_rules_of_disclosure_are_frozen_with_the_others() -> None:
    plain = make_round()
    assert "disclosure" not in design_of(plain)
    round_ = make_round(board_policy="ladder", ladder_step=0.5, names_shown="close")
    assert design_of(round_)["disclosure"] == {
        "board_policy": "ladder",
        "ladder_step": 0.5,
        "names_shown": "close",
    }


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"board_policy": "delayed"}, "round_delay_exactly_when_delayed"),
        ({"board_delay_hours": 3}, "round_delay_exactly_when_delayed"),
        ({"ladder_step": 0.1}, "round_step_only_of_a_ladder"),
        ({"board_policy": "ladder", "ladder_step": 0.0}, "round_step_only_of_a_ladder"),
        ({"names_shown": "date"}, "round_names_date_exactly_when_chosen"),
        (
            {"target_scores_shown_at": timezone.now()},
            "round_target_scores_date_exactly_when_chosen",
        ),
        ({"predictions_shown": "date"}, "round_predictions_date_exactly_when_chosen"),
        ({"abstracts_shown": "date"}, "round_abstracts_date_exactly_when_chosen"),
    ],
)
def test_the_database_refuses_rules_that_say_nothing(fields: dict[str, object], name: str) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        make_round(**fields)  # type: ignore[arg-type]
    assert not Submission.objects.exists()
