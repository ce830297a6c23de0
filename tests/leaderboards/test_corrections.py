"""A correction: scored aside, who moves is seen first, then all of it changes at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from challenges.errors import CorrectionRefused
from challenges.models import Correction, Round
from challenges.services.amendments import chain_faults
from challenges.services.corrections import (
    propose_answers,
    propose_metric_versions,
    withdraw_correction,
)
from challenges.services.design import design_of, sha256_of
from challenges.services.targets import cancel_target
from leaderboards.models import Board
from leaderboards.services.corrections import publish_correction, who_moves
from leaderboards.services.refresh import refresh_board, refresh_stale_boards
from scoring.cage import stop_zygote
from scoring.metrics import registry
from submissions.models import ScoringRun, ShadowScoring, Submission
from submissions.services.drain import drain
from submissions.services.shadow import claim_shadow, progress_of, score_shadow, shadows_waiting
from submissions.services.sweep import sweep
from tests import factories

pytestmark = pytest.mark.django_db


def freeze(round_: Round) -> None:
    """Freeze the rules of a round as they are."""
    design = design_of(round_)
    Round.objects.filter(pk=round_.pk).update(design=design, design_sha256=sha256_of(design))


@pytest.fixture
def held() -> Round:
    """Two targets with the answers 1 and 2; low is better on the first, high on the second."""
    round_ = factories.make_round(
        targets=("t1", "t2"), values={"t1": 1.0, "t2": 2.0}, bootstrap_resamples=100
    )
    freeze(round_)
    for name, values in (("Low", {"t1": 1.0, "t2": 2.1}), ("High", {"t1": 1.0, "t2": 2.9})):
        team = factories.make_team(name=name)
        factories.make_submission(round_, team, content=factories.npz_bytes(values))
    drain()
    refresh_board(round_)
    return Round.objects.get(pk=round_.pk)


@pytest.fixture
def gap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a package whose metric has two versions, as an operator would."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "plugin"))
    registry._metrics.cache_clear()
    stop_zygote()  # the next one starts with the package on its path
    yield
    monkeypatch.undo()
    registry._metrics.cache_clear()
    stop_zygote()


@pytest.fixture
def ada(held: Round) -> User:
    return factories.organizer_of(held.challenge)


def proposed(round_: Round, by: User, *, value: float = 3.0) -> Correction:
    target = round_.targets.get(slug="t2")
    return propose_answers(round_, [(target, np.array(value))], by=by, reason="Wrong unit.")


def ranks(round_: Round) -> list[tuple[str, int | None]]:
    board = Board.objects.get(round=round_)
    assert board.current is not None
    rows = board.current.standings.select_related("submission__team")
    return [(row.submission.team.name, row.rank) for row in rows]


def moves(correction: Correction) -> list[tuple[str, int | None, int | None]]:
    return [
        (each.submission.team.name, each.old_rank, each.new_rank) for each in who_moves(correction)
    ]


def test_entries_are_scored_aside_and_nobody_sees_it(held: Round, ada: User) -> None:
    page = Client().get(held.get_absolute_url()).content
    correction = proposed(held, ada)
    assert progress_of(correction).scored == 0
    assert {new for _, _, new in moves(correction)} == {None}
    assert (shadows_waiting(), sweep().hinted) == (2, 2)
    drain()
    assert shadows_waiting() == 0
    assert progress_of(correction).is_complete
    assert moves(correction) == [("High", 2, 1), ("Low", 1, 2)]
    assert ranks(held) == [("Low", 1), ("High", 2)]
    assert refresh_stale_boards() == []
    assert ScoringRun.objects.filter(is_current=True).count() == 2
    assert Client().get(held.get_absolute_url()).content == page


def test_publishing_changes_answers_scores_and_board_at_once(held: Round, ada: User) -> None:
    correction = proposed(held, ada)
    drain()
    publish_correction(correction, by=ada)
    assert ranks(held) == [("High", 1), ("Low", 2)]
    board = Board.objects.get(round=held)
    assert board.revisions.count() == 2
    first = board.revisions.get(number=1).standings.select_related("submission__team")
    assert [row.submission.team.name for row in first] == ["Low", "High"]  # the old stays readable
    for submission in Submission.objects.all():
        old, new = submission.runs.order_by("number")
        assert (old.is_current, old.reference_versions["t2"]) == (False, 1)
        assert (new.is_current, new.reference_versions["t2"]) == (True, 2)
        assert old.scores.count() == new.scores.count() == 2
    assert held.amendments.get().reason == "Wrong unit."
    assert chain_faults(Round.objects.get(pk=held.pk)) == []
    assert refresh_stale_boards() == []
    with pytest.raises(CorrectionRefused, match="not open any more"):
        publish_correction(correction, by=ada)


def test_a_new_version_of_a_metric_is_a_correction_like_any_other(gap: None) -> None:
    round_ = factories.make_round(targets=("t1", "t2"), bootstrap_resamples=100)
    round_.metrics.update(metric="gap")
    freeze(round_)
    for name, shift in (("Above", 0.2), ("Below", -0.3)):
        content = factories.npz_bytes({"t1": 1 + shift, "t2": 2 + shift})
        factories.make_submission(round_, factories.make_team(name=name), content=content)
    drain()
    refresh_board(round_)
    ada = factories.organizer_of(round_.challenge)
    correction = propose_metric_versions(round_, {"error": 2}, by=ada, reason="As published.")
    drain()
    assert moves(correction) == [("Below", 2, 1), ("Above", 1, 2)]
    assert round_.metrics.get().version == 1
    publish_correction(correction, by=ada)
    assert round_.metrics.get().version == 2
    assert ranks(round_) == [("Below", 1), ("Above", 2)]
    current = ScoringRun.objects.get(submission__team__name="Above", is_current=True)
    assert current.metric_versions["error"]["version"] == 2
    assert round_.amendments.get().changes == [
        {"path": "metrics / error / version", "before": 1, "after": 2}
    ]


def test_nothing_is_published_before_every_entry_is_scored(held: Round, ada: User) -> None:
    correction = proposed(held, ada)
    shadow = claim_shadow()
    assert shadow is not None
    score_shadow(shadow, worker="test")
    with pytest.raises(CorrectionRefused, match="1 of 2 entries are not scored"):
        publish_correction(correction, by=ada)
    correction.refresh_from_db()
    assert correction.is_open
    assert held.targets.get(slug="t2").references.get(is_current=True).version == 1
    assert not held.amendments.exists()
    drain()
    publish_correction(correction, by=ada)


def test_a_correction_that_changes_meanwhile_is_scored_again(held: Round, ada: User) -> None:
    correction = proposed(held, ada)
    drain()
    assert proposed(held, ada, value=2.0 + 1e-9) == correction
    assert progress_of(correction).scored == 0
    drain()
    assert moves(correction) == [("Low", 1, 1), ("High", 2, 2)]
    cancel_target(held.targets.get(slug="t1"), reason="Mixed up.", by=ada)
    assert progress_of(correction).scored == 0
    drain()
    publish_correction(correction, by=ada)
    assert set(ScoringRun.objects.get(pk=max(_current())).reference_versions) == {"t2"}


def _current() -> list[int]:
    return list(ScoringRun.objects.filter(is_current=True).values_list("pk", flat=True))


def test_a_withdrawn_correction_leaves_everything(held: Round, ada: User) -> None:
    correction = proposed(held, ada)
    drain()
    before = _current()
    withdraw_correction(correction, by=ada)
    assert (_current(), shadows_waiting(), ranks(held)[0]) == (before, 0, ("Low", 1))
    with pytest.raises(CorrectionRefused, match="not open any more"):
        withdraw_correction(correction, by=ada)
    with pytest.raises(CorrectionRefused, match="not open any more"):
        publish_correction(correction, by=ada)
    assert proposed(held, ada) != correction


def test_two_workers_never_write_the_same_shadow(held: Round, ada: User) -> None:
    proposed(held, ada)
    first, second = claim_shadow(), claim_shadow()
    assert first is not None
    assert second is not None
    assert first.submission != second.submission
    assert claim_shadow() is None
    ShadowScoring.objects.filter(pk=first.pk).update(lease_token="taken over")
    score_shadow(first, worker="late")
    assert ScoringRun.objects.filter(is_current=False).count() == 0
    score_shadow(second, worker="test")
    assert ScoringRun.objects.filter(is_current=False).count() == 1


def test_what_cannot_be_scored_is_told_with_the_reason(held: Round, ada: User) -> None:
    correction = proposed(held, ada)
    lost = Submission.objects.get(team__name="Low")
    lost.file.storage.delete(lost.file.name)
    drain()
    progress = progress_of(correction)
    assert (progress.scored, progress.is_complete) == (1, False)
    assert [told.partition(":")[0] for told in progress.failed] == [lost.code]
    with pytest.raises(CorrectionRefused, match=lost.code):
        publish_correction(correction, by=ada)


def test_a_proposal_says_why_and_changes_something(held: Round, ada: User) -> None:
    target = held.targets.get(slug="t2")
    with pytest.raises(CorrectionRefused, match="needs a reason"):
        propose_answers(held, [(target, np.array(3.0))], by=ada, reason=" ")
    with pytest.raises(CorrectionRefused, match="No answer differs"):
        propose_answers(held, [(target, np.array(2.0))], by=ada, reason="The same.")
    with pytest.raises(CorrectionRefused, match="no version 9"):
        propose_metric_versions(held, {"error": 9}, by=ada, reason="Mended.")
    with pytest.raises(CorrectionRefused, match="no metric nrmse"):
        propose_metric_versions(held, {"nrmse": 2}, by=ada, reason="Mended.")
    assert not Correction.objects.exists()


def test_a_round_has_one_open_correction(held: Round, ada: User) -> None:
    first = proposed(held, ada)
    again = propose_answers(
        held, [(held.targets.get(slug="t1"), np.array(0.5))], by=ada, reason="Swapped."
    )
    assert (again, again.reason) == (first, "Wrong unit. Swapped.")
    assert again.references.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Correction.objects.create(round=held, reason="Another.", made_by=ada)
