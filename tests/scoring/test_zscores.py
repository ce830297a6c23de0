import numpy as np
import pytest

from scoring.contract import Direction
from scoring.ranking.zscores import ZScoreRule, two_pass_z

OUTLIER = np.array([[10.0], [11], [12], [13], [14], [15], [16], [17], [18], [-60]])


def test_population_form_drops_the_outlier_and_spaces_the_others_evenly():
    scores = two_pass_z(OUTLIER, direction=Direction.HIGHER).ravel()
    np.testing.assert_allclose(scores[:9], np.linspace(-1.549193, 1.549193, 9), atol=5e-7)
    assert scores[9] == -2.0


def test_sample_form_has_the_smaller_scores():
    rule = ZScoreRule(ddof=1)
    scores = two_pass_z(OUTLIER, direction=Direction.HIGHER, rule=rule).ravel()
    assert scores[8] == pytest.approx(1.460593, abs=5e-7)
    assert scores[0] == pytest.approx(-1.460593, abs=5e-7)


def test_one_pass_keeps_the_outlier_in_mean_and_deviation():
    rule = ZScoreRule(drop_below=None, floor=None)
    scores = two_pass_z(OUTLIER, direction=Direction.HIGHER, rule=rule).ravel()
    assert scores[9] == pytest.approx(-2.981904, abs=5e-7)
    assert scores.mean() == pytest.approx(0, abs=1e-12)


def test_floor_of_zero_counts_only_what_is_above_average():
    rule = ZScoreRule(floor=0.0)
    scores = two_pass_z(OUTLIER, direction=Direction.HIGHER, rule=rule).ravel()
    assert (scores[:4] == 0).all()
    assert (scores[5:9] > 0).all()


def test_values_where_lower_is_better_change_their_sign_first():
    high = two_pass_z(OUTLIER, direction=Direction.HIGHER)
    low = two_pass_z(-OUTLIER, direction=Direction.LOWER)
    np.testing.assert_array_equal(high, low)


def test_missing_values_have_no_score_and_move_no_other():
    table = np.vstack([OUTLIER, [[np.nan]]])
    scores = two_pass_z(table, direction=Direction.HIGHER)
    assert np.isnan(scores[10, 0])
    np.testing.assert_array_equal(scores[:10], two_pass_z(OUTLIER, direction=Direction.HIGHER))


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("column", [[0.1, 0.1, 0.1], [0.3, 0.1 + 0.2, 0.3], [5.0, np.nan, np.nan]])
def test_target_that_tells_no_entries_apart_gives_zero(column, ddof):
    table = np.array(column)[:, np.newaxis]
    scores = two_pass_z(table, direction=Direction.HIGHER, rule=ZScoreRule(ddof=ddof))
    np.testing.assert_array_equal(scores, np.where(np.isnan(table), np.nan, 0.0))
