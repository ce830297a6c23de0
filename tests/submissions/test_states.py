"""The table of moves, and what the database itself refuses."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from submissions.models import NEXT, QuotaEntry, Score, ScoringRun, Submission, SubmissionState
from tests import factories

pytestmark = pytest.mark.django_db
State = SubmissionState


def test_every_state_has_its_moves():
    assert set(NEXT) == set(State)
    assert set().union(*NEXT.values()) == set(State)


def test_withdrawn_is_the_only_end_and_every_state_can_come_to_it():
    assert [state for state in State if not NEXT[state]] == [State.WITHDRAWN]
    assert all(State.WITHDRAWN in NEXT[state] for state in State if state != State.WITHDRAWN)


def test_unfinished_states_are_those_the_sweep_looks_at():
    for state in State:
        factories.make_submission(state=state)
    found = Submission.objects.unfinished()
    assert {row.state for row in found} == {State.QUEUED, State.RUNNING}
    assert not any(row.is_finished for row in found)
    assert all(row.is_finished for row in Submission.objects.exclude(pk__in=found))


@pytest.mark.parametrize("source", State)
@pytest.mark.parametrize("target", State)
def test_move_is_made_exactly_if_the_table_has_it(source, target):
    submission = factories.make_submission(state=source)
    fields = {"finished_at": timezone.now(), "lease_until": timezone.now(), "lease_token": "t"}
    if target in NEXT[source]:
        assert Submission.objects.move(pk=submission.pk, source=source, target=target, **fields)
    else:
        with pytest.raises(ValueError, match="no move"):
            Submission.objects.move(pk=submission.pk, source=source, target=target)
    submission.refresh_from_db()
    assert submission.state == (target if target in NEXT[source] else source)


def test_move_from_another_state_changes_nothing():
    submission = factories.make_submission(state=State.RUNNING)
    moved = Submission.objects.move(pk=submission.pk, source=State.QUEUED, target=State.RUNNING)
    assert not moved


def refuses(constraint, write):
    """Check that a write breaks this constraint (SQLite names columns where it is unique)."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
    message = str(caught.value)
    assert constraint in message or message.startswith("UNIQUE constraint failed"), message


def update(row, **fields):
    return lambda: type(row).objects.filter(pk=row.pk).update(**fields)


def test_submission_constraints_hold():
    running = factories.make_submission(state=State.RUNNING)
    scored = factories.make_submission(state=State.SCORED, idempotency_key="k")
    refuses("submission_state_known", update(scored, state="lost"))
    refuses("submission_running_has_lease", update(running, lease_token=""))
    refuses("submission_running_has_lease", update(running, lease_until=None))
    refuses("submission_finished_has_time", update(scored, finished_at=None))
    refuses(
        "submission_idempotency_once",
        lambda: factories.make_submission(
            team=scored.team, submitted_by=scored.submitted_by, idempotency_key="k"
        ),
    )
    refuses("code", update(running, code=scored.code))
    for _ in range(2):
        factories.make_submission(team=scored.team, idempotency_key="")


def test_run_constraints_hold():
    submission = factories.make_submission(state=State.SCORED)
    first = factories.make_run(submission)
    second = factories.make_run(submission)
    assert [run.number for run in ScoringRun.objects.filter(is_current=True)] == [2]
    refuses("run_number_once", update(second, number=first.number))
    refuses("run_one_current", update(first, is_current=True))
    refuses("run_starts_before_it_finishes", update(first, started_at=timezone.now()))


def test_score_constraints_hold():
    round_ = factories.make_round(targets=("t1", "t2"))
    submission = factories.make_scored(round_, {"t1": 0.5, "t2": None})
    run = submission.runs.get()
    ok, missing = run.scores.order_by("target__slug")
    pooled = factories.make_score(run, value=1.0)
    refuses("score_once_per_target_and_metric", update(missing, target=ok.target))
    refuses("score_once_per_pooled_metric", lambda: factories.make_score(run, value=2.0))
    refuses("score_value_exactly_when_ok", update(ok, value=None))
    refuses("score_value_exactly_when_ok", update(missing, value=0.0))
    refuses("score_value_finite", update(pooled, value=float("inf")))
    refuses("score_value_finite", update(pooled, value=float("-inf")))
    refuses("score_value", update(pooled, value=float("nan")))


def test_quota_constraints_hold():
    submission = factories.make_submission()

    def enter(act, **fields):
        facts = {
            "round": submission.round,
            "team": submission.team,
            "submission": submission,
            "day": timezone.now().date(),
            "act": act,
        }
        return lambda: QuotaEntry.objects.create(**(facts | fields))

    enter("reserve")()
    refuses("quota_act_once_per_submission", enter("reserve"))
    refuses("quota_submission_unless_grant", enter("grant", reason="why"))
    refuses("quota_submission_unless_grant", enter("commit", submission=None))
    refuses("quota_refund_and_grant_have_reason", enter("refund"))
    refuses("quota_refund_and_grant_have_reason", enter("grant", submission=None))
    refuses("amount", enter("commit", amount=-1))
    for _ in range(2):
        enter("grant", submission=None, reason="why")()


def test_score_keeps_the_smallest_and_the_largest_number():
    round_ = factories.make_round(targets=("t1", "t2"))
    extremes = {"t1": 5e-324, "t2": 1.7976931348623157e308}
    run = factories.make_scored(round_, extremes).runs.get()
    assert dict(Score.objects.filter(run=run).values_list("target__slug", "value")) == extremes
