"""Two measured values of a blind challenge are revised after its reveal, and the winner falls.

So it went in a real challenge on partition coefficients, a year after its end. Twenty molecules
and fifteen methods, made up here so that the arithmetic can be done again beside the board.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from numpy.typing import NDArray

from challenges.models import Round
from challenges.services.amendments import chain_faults
from challenges.services.corrections import propose_answers
from challenges.services.design import design_of, sha256_of
from leaderboards.models import Board
from leaderboards.services.corrections import publish_correction, who_moves
from leaderboards.services.ledger import check_books, post_book, post_due_books
from leaderboards.services.refresh import refresh_board
from submissions.models import Score, ScoringRun
from submissions.services.drain import drain
from submissions.services.shadow import progress_of
from tests import factories

pytestmark = pytest.mark.django_db

Array = NDArray[np.float64]
MOLECULES = [f"SM{number:02d}" for number in range(1, 21)]
METHODS = [f"Method {number:02d}" for number in range(1, 16)]
REVISED = {"SM05": -1.9, "SM13": 1.6}  # what was measured again, less what was published
REASON = "SM05 and SM13 were measured again: the first samples were impure."


def truth() -> Array:
    return np.random.default_rng(6).normal(2.5, 1.2, len(MOLECULES)).round(2)


def published_values() -> Array:
    """What was held to be true until the revision."""
    wrong = np.array([REVISED.get(name, 0.0) for name in MOLECULES])
    return np.round(truth() - wrong, 2)


def predictions() -> dict[str, Array]:
    """Methods of rising error; the first has learned the two wrong values by heart."""
    rng = np.random.default_rng(7)
    made = {}
    for place, name in enumerate(METHODS):
        values = truth() + (0.28 + 0.06 * place) * rng.standard_normal(len(MOLECULES))
        if place == 0:
            at = [MOLECULES.index(molecule) for molecule in REVISED]
            values[at] = published_values()[at]
        made[name] = values.round(3)
    return made


def ranks_by_hand(answers: Array) -> dict[str, int]:
    errors = {
        name: float(np.sqrt(np.mean((values - answers) ** 2)))
        for name, values in predictions().items()
    }
    return {name: 1 + sum(other < own for other in errors.values()) for name, own in errors.items()}


@pytest.fixture
def revealed() -> Round:
    """The round at its end: scored, ranked, revealed, its credit posted."""
    values = dict(zip(MOLECULES, published_values(), strict=True))
    round_ = factories.make_round(targets=MOLECULES, values=values, bootstrap_resamples=200)
    round_.metrics.update(metric="squared_error", aggregate="root_mean")
    for name, made in predictions().items():
        content = factories.npz_bytes(dict(zip(MOLECULES, made, strict=True)))
        factories.make_submission(round_, factories.make_team(name=name), content=content)
    drain(budget_s=600)
    now = timezone.now()
    Round.objects.filter(pk=round_.pk).update(
        closes_at=now - timedelta(minutes=2), revealed_at=now - timedelta(minutes=1)
    )
    round_ = Round.objects.get(pk=round_.pk)
    design = design_of(round_)
    Round.objects.filter(pk=round_.pk).update(design=design, design_sha256=sha256_of(design))
    round_ = Round.objects.get(pk=round_.pk)
    refresh_board(round_)
    post_due_books()
    return round_


def ranks_of(round_: Round, *, revision: int | None = None) -> dict[str, int | None]:
    board = Board.objects.get(round=round_)
    shown = board.current if revision is None else board.revisions.get(number=revision)
    assert shown is not None
    rows = shown.standings.select_related("submission__team")
    return {row.submission.team.name: row.rank for row in rows}


def test_a_revision_of_two_values_is_seen_first_and_then_changes_everything(
    revealed: Round,
) -> None:
    ada = factories.organizer_of(revealed.challenge)
    before, after = ranks_by_hand(published_values()), ranks_by_hand(truth())
    assert before["Method 01"] == 1
    assert after["Method 01"] > 5  # by hand: the winner falls
    assert ranks_of(revealed) == before
    old_scores = list(Score.objects.order_by("pk").values_list("pk", "value"))

    targets = {target.slug: target for target in revealed.targets.all()}
    new = dict(zip(MOLECULES, truth(), strict=True))
    answers = [(targets[name], np.array(new[name])) for name in REVISED]
    correction = propose_answers(revealed, answers, by=ada, reason=REASON)
    assert REASON.encode() not in Client().get(revealed.get_absolute_url()).content
    drain(budget_s=600)
    assert progress_of(correction).is_complete
    moves = {
        each.submission.team.name: (each.old_rank, each.new_rank) for each in who_moves(correction)
    }
    assert moves == {name: (before[name], after[name]) for name in METHODS}
    assert ranks_of(revealed) == before  # nobody else sees it yet

    publish_correction(correction, by=ada)
    post_book(revealed, reason=REASON)
    assert ranks_of(revealed) == after
    assert ranks_of(revealed, revision=1) == before  # the board as it was stays
    assert list(Score.objects.order_by("pk").values_list("pk", "value"))[: len(old_scores)] == (
        old_scores
    )
    runs = ScoringRun.objects.filter(submission__team__name="Method 01").order_by("number")
    assert [(run.is_current, run.reference_versions["SM05"]) for run in runs] == [
        (False, 1),
        (True, 2),
    ]
    assert revealed.amendments.get().reason == REASON
    assert chain_faults(Round.objects.get(pk=revealed.pk)) == []
    assert check_books() == []  # the credit of before is reversed line by line
    assert [book.number for book in revealed.credit_books.order_by("number")] == [1, 2]
    assert REASON.encode() in Client().get(revealed.get_absolute_url()).content
