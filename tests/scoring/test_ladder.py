import numpy as np
import pytest
from scipy import stats

from scoring.contract import Direction
from scoring.ranking.ladder import Ladder

TARGETS, SUBMISSIONS = 2000, 400


def attack(answer, *, seed):
    """Submit random labels, keep those that a board calls better than chance, and vote.

    Returns what the board shows of the vote; `answer` takes right answers by target and returns
    what is shown.
    """
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 2, TARGETS)
    votes = np.zeros(TARGETS)
    kept = 0
    for _ in range(SUBMISSIONS):
        labels = generator.integers(0, 2, TARGETS)
        before, shown = answer((labels == truth).astype(float))
        if shown > max(before, 0.5):
            votes += 2 * labels - 1
            kept += 1
    vote = (votes > 0).astype(int)
    return answer((vote == truth).astype(float))[1], kept


class Naive:
    """Shows the score of every submission, and compares it with chance."""

    def __call__(self, right):
        return 0.5, float(right.mean())


class Climbing:
    def __init__(self, step):
        self.ladder = Ladder(Direction.HIGHER, step=step)

    def __call__(self, right):
        before = 0.5 if self.ladder.shown is None else self.ladder.shown
        self.ladder = self.ladder.after(right)
        return before, self.ladder.shown


def test_boosting_attack_climbs_a_naive_board_by_the_known_amount():
    shown, kept = attack(Naive(), seed=1)
    assert kept > SUBMISSIONS / 3
    # Half of the submissions are kept, each better than chance by sqrt(1 / (2 pi n)); a vote of
    # them is right with probability Phi(sqrt(k / (pi n))).
    expected = stats.norm.cdf(np.sqrt(SUBMISSIONS / (np.pi * TARGETS))) - 0.5
    assert shown - 0.5 == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize("step", [0.05, None])
def test_ladder_stays_flat_under_the_boosting_attack(step):
    naive = attack(Naive(), seed=1)[0] - 0.5
    shown, kept = attack(Climbing(step), seed=1)
    assert kept <= 5
    assert abs(shown - 0.5) < naive / 3


def test_step_form_shows_improvements_beyond_the_step_rounded_to_it():
    ladder = Ladder(Direction.LOWER, step=0.1)
    shown = []
    for errors in ([1.04], [0.96], [0.86], [0.83], [0.5]):
        ladder = ladder.after(np.array(errors))
        shown.append(round(ladder.shown, 12))
    assert shown == [1.0, 1.0, 0.9, 0.9, 0.5]


@pytest.mark.parametrize("sign", [1, -1])
def test_direction_mirrors_what_is_shown(sign):
    ladder = Ladder(Direction.HIGHER if sign > 0 else Direction.LOWER, step=0.1)
    shown = []
    for value in (0.2, 0.24, 0.5, 0.1):
        ladder = ladder.after(np.array([sign * value]))
        shown.append(round(sign * ladder.shown, 12))
    assert shown == [0.2, 0.2, 0.5, 0.5]


def test_parameter_free_form_wants_more_than_the_paired_standard_error():
    base = np.tile([0.0, 1.0], 50)
    ladder = Ladder(Direction.LOWER).after(base)
    slightly_better = base.copy()
    slightly_better[[0, 1, 3]] = [1.0, 0.0, 0.0]
    assert ladder.after(slightly_better) == ladder  # the gain is .01, its standard error .017
    five_better = base.copy()
    five_better[1:11:2] = 0.0
    better = ladder.after(five_better)
    assert better.shown == pytest.approx(0.45)
    assert better.best == tuple(five_better)


def test_first_submission_is_shown_rounded_to_the_number_of_targets():
    ladder = Ladder(Direction.LOWER).after(np.array([0.26, 0.26, 0.26, 0.26]))
    assert ladder.shown == 0.25


@pytest.mark.parametrize("values", [[], [np.nan, 1.0], [[1.0]], [1.0, 2.0, 3.0]])
def test_senseless_values_are_refused(values):
    ladder = Ladder(Direction.LOWER, step=0.1).after(np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="ladder takes"):
        ladder.after(np.array(values))


@pytest.mark.parametrize("step", [0.0, -1.0, np.nan])
def test_step_must_be_above_zero(step):
    with pytest.raises(ValueError, match="above 0"):
        Ladder(Direction.LOWER, step=step)
