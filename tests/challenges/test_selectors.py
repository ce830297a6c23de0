"""Who sees what, and the public description that the engine works from."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from catalog.services import Share, set_shares
from challenges.errors import RoundNotReady
from challenges.models import Round, RoundMetric
from challenges.selectors import (
    can_organize,
    insiders,
    metric_choices,
    organized_challenges,
    prediction_format,
    primary_metric,
    target_specs,
    visible_challenges,
    visible_rounds,
)
from challenges.services.rounds import publish_round
from challenges.services.targets import cancel_target
from scoring.contract import Aggregate, MetricChoice, PredictionFormat, TargetSpec
from tests.challenges.builders import person

pytestmark = pytest.mark.django_db


def test_who_sees_and_organizes_drafts_and_published_rounds(draft: Round, ada: User) -> None:
    root = User.objects.create_superuser("root", password="correct horse")
    inactive = User.objects.create_superuser("gone", password="correct horse", is_active=False)
    staff = person("staff", is_staff=True)
    people = [AnonymousUser(), person("bob"), staff, inactive, ada, root]
    organizes = [False, False, False, False, True, True]
    assert [can_organize(user, draft.challenge) for user in people] == organizes
    assert [organized_challenges(user).exists() for user in people] == organizes
    assert [visible_rounds(user).exists() for user in people] == organizes
    assert [visible_challenges(user).exists() for user in people] == organizes
    publish_round(draft, by=ada)
    assert all(visible_rounds(user).get() == draft for user in people)
    assert all(visible_challenges(user).exists() for user in people)
    assert [can_organize(user, draft.challenge) for user in people] == organizes


def test_target_specs_leave_out_cancelled_targets(draft: Round, ada: User) -> None:
    draft.targets.filter(slug="t1").update(low=-1.0, high=2.0, weight=0.5)
    cancel_target(draft.targets.get(slug="t2"), reason="Wrong.", by=ada)
    assert target_specs(draft) == [
        TargetSpec(slug="t1", shape=(), low=-1.0, high=2.0, weight=0.5),
        TargetSpec(slug="t3"),
    ]


def test_metric_choices_begin_with_the_primary(draft: Round) -> None:
    RoundMetric.objects.create(round=draft, key="rmse", metric="rmse", aggregate="pooled")
    RoundMetric.objects.filter(key="error").update(position=5)
    assert metric_choices(draft) == [
        MetricChoice(key="error", slug="absolute_error"),
        MetricChoice(key="rmse", slug="rmse", aggregate=Aggregate.POOLED),
    ]
    assert primary_metric(draft).key == "error"
    RoundMetric.objects.update(is_primary=False)
    with pytest.raises(RoundNotReady, match="no primary metric"):
        primary_metric(draft)


def test_prediction_format_is_the_rounds_reader(draft: Round) -> None:
    draft.reader_options = {"delimiter": ";"}
    assert prediction_format(draft) == PredictionFormat("csv", {"delimiter": ";"})


def test_insiders_are_those_who_made_the_targets(draft: Round, ada: User) -> None:
    bob = person("bob")
    assert insiders(draft) == {ada.pk}
    assert draft.target_set is not None
    set_shares(draft.target_set, [Share(person=bob), Share(person=ada), Share(name="C. Doe")])
    assert insiders(draft) == {ada.pk, bob.pk}
    draft.target_set = None
    assert insiders(draft) == set()
