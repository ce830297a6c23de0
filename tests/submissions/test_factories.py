import pytest

from submissions.models import SubmissionState
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", list(SubmissionState))
def test_factory_makes_a_submission_in_every_state(state):
    submission = factories.make_submission(state=state)
    submission.refresh_from_db()
    assert submission.state == state
    assert submission.file.storage.size(submission.file.name) == submission.size_bytes


def test_factory_makes_a_scored_submission_with_its_values():
    round_ = factories.make_round()
    submission = factories.make_scored(round_, {"t1": 0.5, "t2": None})
    scores = submission.runs.get(is_current=True).scores
    assert dict(scores.values_list("target__slug", "value")) == {"t1": 0.5, "t2": None}
