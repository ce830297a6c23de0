"""Cloning a round: rules always, files, targets and answers as asked, entries never."""

from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import pytest

from accounts.models import User
from challenges.errors import CloneRefused, NotOrganizer
from challenges.models import Reference, ReferenceAccess, Round, RoundMetric, Target
from challenges.services.announcements import announce
from challenges.services.clone import NOT_RULES, CloneWish, clone_round
from challenges.services.files import add_round_file
from challenges.services.readiness import unmet_before_publishing
from challenges.services.references import open_references
from challenges.services.rounds import publish_round
from challenges.services.targets import cancel_target
from tests.challenges.builders import ANSWERS, draft_round, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return person("ada")


@pytest.fixture
def last(ada: User) -> Round:
    draft = draft_round(ada, submissions_per_day=3, tie_tolerance=0.01, embargo="Until June.")
    target = draft.targets.get(slug="t1")
    target.opens_at = draft.opens_at + timedelta(days=1)
    target.weight = 2.5
    target.save()
    add_round_file(draft, name="t1.csv", content=io.BytesIO(b"1"), target=target, by=ada)
    publish_round(draft, by=ada)
    announce(draft, title="Hello", text="World", by=ada)
    cancel_target(draft.targets.get(slug="t3"), reason="A typing error.", by=ada)
    draft.refresh_from_db()
    return draft


def wish(last: Round, **more: bool) -> CloneWish:
    return CloneWish("second", "Second round", last.opens_at + timedelta(days=365), **more)


def test_rules_and_metrics_come_along_and_the_dates_move(last: Round, ada: User) -> None:
    made = clone_round(last, wish(last), by=ada)
    assert made.closes_at - made.opens_at == last.closes_at - last.opens_at
    assert made.opens_at - last.opens_at == timedelta(days=365)
    for name in ("submissions_per_day", "tie_tolerance", "embargo", "reader", "task"):
        assert getattr(made, name) == getattr(last, name)
    assert not made.is_frozen
    assert made.design == {}
    assert made.target_set is None
    same = ("key", "metric", "version", "parameters", "aggregate", "is_primary")
    assert list(made.metrics.values(*same)) == list(last.metrics.values(*same))
    assert not made.targets.exists()
    assert [file.name for file in made.files.all()] == ["inputs.csv"]  # not the input of a target
    assert not made.announcements.exists()
    assert not Reference.objects.filter(target__round=made).exists()


def test_targets_come_with_their_dates_and_files_but_without_answers(
    last: Round, ada: User
) -> None:
    made = clone_round(last, wish(last, targets=True), by=ada)
    assert [target.slug for target in made.targets.all()] == ["t1", "t2"]  # not the cancelled one
    first = made.targets.get(slug="t1")
    assert first.weight == 2.5
    assert first.opens_at is not None
    assert first.opens_at - made.opens_at == timedelta(days=1)
    assert {file.name: file.target for file in made.files.all()} == {
        "inputs.csv": None,
        "t1.csv": first,
    }
    assert made.target_set == last.target_set
    assert not Reference.objects.filter(target__round=made).exists()
    assert not ReferenceAccess.objects.filter(round=last, purpose="clone").exists()


def test_answers_come_if_asked_for_and_it_is_written_down(last: Round, ada: User) -> None:
    made = clone_round(last, wish(last, targets=True, answers=True), by=ada)
    access = ReferenceAccess.objects.get(round=last, purpose="clone")
    assert access.subject == "ada"
    with open_references(round=made, purpose="test") as handles:
        found = {slug: float(np.load(handle)) for slug, handle in handles.items()}
    assert found == {slug: float(ANSWERS[slug]) for slug in ("t1", "t2")}
    old = Reference.objects.get(target__round=last, target__slug="t1")
    new = Reference.objects.get(target__round=made, target__slug="t1")
    assert (new.salt, new.file.name) != (old.salt, old.file.name)
    assert unmet_before_publishing(made) == []


def test_what_cannot_be_is_refused_and_nothing_is_left(last: Round, ada: User) -> None:
    with pytest.raises(CloneRefused, match="targets"):
        clone_round(last, wish(last, answers=True), by=ada)
    with pytest.raises(CloneRefused, match="address first"):
        clone_round(last, CloneWish(last.slug, "Again", last.opens_at), by=ada)
    with pytest.raises(NotOrganizer):
        clone_round(last, wish(last), by=person("eve"))
    assert Round.objects.get() == last


def test_what_is_not_copied_is_still_named_right() -> None:
    for model in (Round, RoundMetric, Target):
        names = {field.name for field in model._meta.concrete_fields}
        assert NOT_RULES[model] <= names
