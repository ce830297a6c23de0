"""Traps that only the answers tell, without a word of their values."""

from __future__ import annotations

import numpy as np
import pytest

from challenges.models import ReferenceAccess, Target
from challenges.services.answer_traps import answer_traps
from challenges.services.references import set_reference
from tests.challenges.builders import draft_round, person

pytestmark = pytest.mark.django_db


def test_constant_near_zero_and_one_sided_answers_are_told_with_their_metrics() -> None:
    ada = person("ada")
    draft = draft_round(ada)
    answers = {
        "same": np.full(50, 7.25),
        "small": np.array([1e-9, 4.0, 5.0, 6.0]),
        "rare": np.array([1] * 2 + [0] * 48),
        "fine": np.arange(1.0, 40.0),
    }
    for slug, values in answers.items():
        target = Target.objects.create(round=draft, slug=slug, shape=list(values.shape))
        set_reference(target=target, values=values, by=ada)
    for slug in ("r2_determination", "mape", "accuracy"):
        draft.metrics.create(key=slug, metric=slug, aggregate="mean")
    told = answer_traps(draft, by=ada)
    about = {slug: [line for line in told if f"target {slug}:" in line] for slug in answers}
    assert "constant" in about["same"][0]
    assert "r2_determination" in about["same"][0]
    assert any("near zero" in line and "mape" in line for line in about["small"])
    assert any("one class" in line and "accuracy" in line for line in about["rare"])
    assert about["fine"] == []
    assert "7.25" not in " ".join(told)
    access = ReferenceAccess.objects.get(round=draft, purpose="look for traps")
    assert access.subject == "ada"


def test_pooled_metrics_look_at_all_targets_together() -> None:
    ada = person("ada")
    draft = draft_round(ada)
    for target in draft.targets.all():
        set_reference(target=target, values=np.array(2.0), by=ada)
    draft.metrics.create(key="pearson", metric="pearson", aggregate="pooled")
    assert any("together: constant" in line for line in answer_traps(draft, by=ada))
