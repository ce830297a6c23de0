"""Rounds: what is missing, publishing and freezing, and the organizer's later acts."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalog.models import Artifact
from catalog.services import register_artifact
from challenges.errors import (
    PublishRefused,
    RoundFileRefused,
    RoundFrozen,
    RoundNotReady,
    TargetRefused,
)
from challenges.models import Challenge, Reference, Round, RoundFile, RoundState, Target, window_of
from challenges.models.reference import reference_storage
from challenges.services.design import canonical_json, design_of, sha256_of
from challenges.services.files import add_round_file
from challenges.services.references import set_reference
from challenges.services.rounds import (
    close_round_now,
    finalize_round,
    publish_round,
    reveal_round,
    unmet_before_publishing,
)
from challenges.services.targets import cancel_target
from tests.challenges.builders import draft_round, move_clock

pytestmark = pytest.mark.django_db


def unmet(draft: Round, **changes: Any) -> list[str]:
    Round.objects.filter(pk=draft.pk).update(**changes)
    return unmet_before_publishing(Round.objects.get(pk=draft.pk))


def only(sentences: list[str]) -> str:
    assert len(sentences) == 1, sentences
    return sentences[0]


def test_a_complete_round_lacks_nothing(draft: Round) -> None:
    assert unmet(draft) == []


def test_an_empty_round_is_told_everything(ada: User) -> None:
    challenge = Challenge.objects.create(slug="c", title="C", summary="S")
    now = timezone.now()
    bare = Round.objects.create(
        challenge=challenge,
        slug="r",
        title="R",
        opens_at=now - timedelta(days=2),
        closes_at=now - timedelta(days=1),
    )
    told = " ".join(unmet_before_publishing(bare))
    for part in (
        "domain half is empty",
        "machine-learning half is empty",
        "no primer on the field",
        "no primer on the methods",
        "no data statement",
        "nothing on ethics",
        "no licence",
        "no embargo",
        "does not say what to predict",
        "is past",
        "has no target",
        "has no metric",
        "No target set is named",
    ):
        assert part in told


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"reader": "xml"}, "no reader 'xml'"),
        ({"reader_options": {"delimeter": ";"}}, "no option 'delimeter'"),
        ({"reader": "npy"}, "must list them in option stack"),
        ({"upload_limit_bytes": settings.UPLOAD_LIMIT_BYTES + 1}, "above what this site takes"),
        ({"target_set": None}, "No target set"),
        ({"task": "  "}, "what to predict"),
        ({"embargo": " "}, "no embargo"),
        ({"missing_policy": "worst", "missing_penalty": float("inf")}, "penalty"),
    ],
)
def test_each_wrong_rule_is_one_sentence(
    draft: Round, changes: dict[str, Any], reason: str
) -> None:
    assert reason in only(unmet(draft, **changes))


def test_target_set_must_be_whole(draft: Round, ada: User) -> None:
    loose = register_artifact(
        kind="target-set", slug="l", version="1", title="L", summary="S", by=ada, origin="original"
    )
    assert "do not sum to 100 %" in only(unmet(draft, target_set=loose))
    Artifact.objects.filter(pk=loose.pk).update(kind="dataset")
    assert "is not a target set" in only(unmet(draft))


def test_target_without_answer_or_of_another_shape_is_named(draft: Round) -> None:
    draft.targets.filter(slug="t1").update(shape=[1])
    Target.objects.create(round=draft, slug="t4")
    told = unmet(draft)
    assert told == [
        "The answer of target t1 has shape [], the target has shape [1].",
        "Target t4 has no reference answer.",
    ]


def test_targets_that_count_for_nothing_are_told(draft: Round) -> None:
    draft.targets.update(weight=0, evaluation_units=0)
    told = unmet(draft)
    assert ["weight 0" in told[0], "0 evaluation units" in told[1], len(told)] == [True, True, 2]


def test_target_dates_stay_within_the_round(draft: Round) -> None:
    late = draft.closes_at + timedelta(hours=1)
    draft.targets.filter(slug="t1").update(closes_at=late)
    draft.targets.filter(slug="t2").update(opens_at=late)
    told = unmet(draft)
    assert "target t1 reach beyond" in told[0]
    assert "Target t2 closes before it opens" in told[1]


def test_every_target_needs_an_input(draft: Round, ada: User) -> None:
    RoundFile.objects.all().delete()
    draft.targets.filter(slug="t1").update(summary="A number near one.")
    target = draft.targets.get(slug="t2")
    add_round_file(draft, name="t2.csv", content=io.BytesIO(b"x"), target=target, by=ada)
    assert "Target t3 has no input" in only(unmet(draft))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"metric": "no_such"}, "no metric 'no_such'"),
        ({"version": 9}, "has no version 9"),
        ({"parameters": {"speed": 1}}, "no parameter 'speed'"),
        ({"metric": "rmse", "aggregate": "pooled"}, "is pooled, so it has no value for a single"),
        ({"metric": "rmse"}, "needs the aggregate pooled"),
        ({"metric": "signed_error"}, "neither lower nor higher is better"),
        ({"metric": "nrmse"}, "Metric error: target"),
        ({"is_primary": False}, "exactly one metric as primary"),
    ],
)
def test_each_wrong_metric_is_explained(draft: Round, changes: dict[str, Any], reason: str) -> None:
    draft.metrics.update(**changes)
    assert reason in " ".join(unmet(draft))


def test_publishing_freezes_the_design_under_its_hash(draft: Round, ada: User) -> None:
    publish_round(draft, by=ada)
    row = Round.objects.select_related("challenge").get(pk=draft.pk)
    assert row.state is RoundState.UPCOMING
    assert row.challenge.published_at == row.published_at
    assert row.design_sha256 == sha256_of(row.design)
    assert row.design == design_of(row)
    assert [target["slug"] for target in row.design["targets"]] == ["t1", "t2", "t3"]
    commitments = {target["slug"]: target["commitment"] for target in row.design["targets"]}
    rows = Reference.objects.filter(target__round=row)
    assert commitments == {reference.target.slug: reference.commitment for reference in rows}
    assert row.design["metrics"][0]["key"] == "error"
    assert row.design["files"][0]["sha256"] == RoundFile.objects.get().sha256


def test_design_hash_survives_the_database_whatever_the_numbers(draft: Round, ada: User) -> None:
    Round.objects.filter(pk=draft.pk).update(
        tie_tolerance=1e-30, missing_policy="worst", missing_penalty=1e300, perfect_value=-0.0
    )
    publish_round(draft, by=ada)
    row = Round.objects.get(pk=draft.pk)
    assert sha256_of(row.design) == row.design_sha256


def test_rounds_frozen_before_near_duplicates_keep_their_hash(draft: Round, ada: User) -> None:
    """Their migration gave them 0, only identical files, which their design does not name."""
    assert design_of(draft)["near_duplicate_percent"] == 1
    Round.objects.filter(pk=draft.pk).update(near_duplicate_percent=0)
    publish_round(draft, by=ada)
    row = Round.objects.get(pk=draft.pk)
    assert "near_duplicate_percent" not in row.design
    assert sha256_of(design_of(row)) == row.design_sha256


def test_canonical_json_has_one_form() -> None:
    assert canonical_json({"b": [1.0, 0.1], "a": "é"}) == b'{"a":"\\u00e9","b":[1,0.1]}'
    assert canonical_json({"a": 1e300}) == canonical_json({"a": int(1e300)})


def test_a_past_opening_date_becomes_the_moment_of_publishing(draft: Round, ada: User) -> None:
    Round.objects.filter(pk=draft.pk).update(opens_at=timezone.now() - timedelta(days=1))
    publish_round(draft, by=ada)
    assert draft.opens_at == draft.published_at
    assert draft.state is RoundState.OPEN
    assert draft.design["opens_at"] == draft.opens_at.isoformat()


def test_an_unready_round_is_refused_with_every_reason(draft: Round, ada: User) -> None:
    Target.objects.create(round=draft, slug="t4")
    Round.objects.filter(pk=draft.pk).update(target_set=None)
    with pytest.raises(PublishRefused) as caught:
        publish_round(draft, by=ada)
    assert len(caught.value.unmet) == 2
    assert Round.objects.get(pk=draft.pk).published_at is None


def test_a_damaged_answer_is_found_before_the_opening(draft: Round, ada: User) -> None:
    reference = Reference.objects.get(target__slug="t2")
    other = Reference.objects.get(target__slug="t1")
    Reference.objects.filter(pk=reference.pk).update(file=str(other.file))
    with pytest.raises(PublishRefused, match="answer of target t2 is not the one"):
        publish_round(draft, by=ada)


def test_an_answer_outside_the_limits_of_predictions_is_found(draft: Round, ada: User) -> None:
    draft.targets.filter(slug="t2").update(low=0.0)
    with pytest.raises(PublishRefused) as caught:
        publish_round(draft, by=ada)
    assert "answer of target t2 is outside the limits" in str(caught.value)
    assert "77" not in str(caught.value)


def test_a_published_round_cannot_be_published_again(draft: Round, ada: User) -> None:
    publish_round(draft, by=ada)
    with pytest.raises(RoundFrozen, match="rules are frozen"):
        publish_round(draft, by=ada)


def test_round_acts_come_in_their_order(draft: Round, ada: User) -> None:
    for act in (close_round_now, reveal_round, finalize_round):
        with pytest.raises(RoundNotReady, match="is draft"):
            act(draft, by=ada)
    publish_round(draft, by=ada)
    for act in (close_round_now, reveal_round, finalize_round):
        with pytest.raises(RoundNotReady, match="is upcoming"):
            act(draft, by=ada)
    move_clock(draft, days=2)
    for act in (reveal_round, finalize_round):
        with pytest.raises(RoundNotReady, match="is open"):
            act(draft, by=ada)
    assert close_round_now(draft, by=ada).state is RoundState.CLOSED
    with pytest.raises(RoundNotReady, match="is closed"):
        close_round_now(draft, by=ada)
    assert reveal_round(draft, by=ada).state is RoundState.REVEALED
    with pytest.raises(RoundNotReady, match="is revealed"):
        reveal_round(draft, by=ada)
    assert finalize_round(draft, by=ada).state is RoundState.FINAL
    with pytest.raises(RoundNotReady, match="is final"):
        finalize_round(draft, by=ada)


def test_closing_early_closes_targets_that_would_stay_open(draft: Round, ada: User) -> None:
    draft.targets.filter(slug="t1").update(closes_at=draft.closes_at)
    publish_round(draft, by=ada)
    close_round_now(move_clock(draft, days=2), by=ada)
    moment = timezone.now()
    assert not any(window_of(target, None).holds(moment) for target in draft.targets.all())


def test_a_final_round_keeps_its_answers_and_targets(draft: Round, ada: User) -> None:
    publish_round(draft, by=ada)
    finalize_round(reveal_round(move_clock(draft, days=9), by=ada), by=ada)
    target = draft.targets.get(slug="t1")
    with pytest.raises(RoundNotReady, match="is final"):
        set_reference(target=target, values=np.array(1.0), by=ada, reason="Late.")
    with pytest.raises(RoundNotReady, match="is final"):
        cancel_target(target, reason="Late.", by=ada)


def test_cancel_target_needs_a_reason_and_happens_once(draft: Round, ada: User) -> None:
    target = draft.targets.get(slug="t1")
    for reason in ("", "   ", "x" * 301):
        with pytest.raises(TargetRefused, match="public reason"):
            cancel_target(target, reason=reason, by=ada)
    assert cancel_target(target, reason=" Wrong unit. ", by=ada).cancel_reason == "Wrong unit."
    with pytest.raises(TargetRefused, match="cancelled already"):
        cancel_target(target, reason="Again.", by=ada)


def test_the_last_target_cannot_be_cancelled(draft: Round, ada: User) -> None:
    for slug in ("t1", "t2"):
        cancel_target(draft.targets.get(slug=slug), reason="Wrong.", by=ada)
    with pytest.raises(TargetRefused, match="the last target that counts"):
        cancel_target(draft.targets.get(slug="t3"), reason="Wrong.", by=ada)


def test_files_are_replaced_in_a_draft_and_kept_afterwards(
    draft: Round, ada: User, django_capture_on_commit_callbacks: Any
) -> None:
    first = RoundFile.objects.get()
    storage, old = first.file.storage, first.file.name
    with django_capture_on_commit_callbacks(execute=True):
        again = add_round_file(draft, name="inputs.csv", content=io.BytesIO(b"better"), by=ada)
    assert (again.pk, again.size_bytes) == (first.pk, 6)
    assert not storage.exists(old)
    publish_round(draft, by=ada)
    target = draft.targets.get(slug="t1")
    for name, owner in (("inputs.csv", None), ("more.csv", target)):
        with pytest.raises(RoundFrozen, match="stay as they are"):
            add_round_file(draft, name=name, content=io.BytesIO(b"other"), target=owner, by=ada)
    same = add_round_file(draft, name="inputs.csv", content=io.BytesIO(b"better"), by=ada)
    assert same == again
    add_round_file(draft, name="template.csv", content=io.BytesIO(b"target,value\n"), by=ada)
    assert draft.files.count() == 2


def test_files_need_plain_names_and_targets_of_their_round(draft: Round, ada: User) -> None:
    with pytest.raises(RoundFileRefused, match="cannot be the name"):
        add_round_file(draft, name="../x", content=io.BytesIO(b""), by=ada)
    other = draft_round(ada, slug="second").targets.get(slug="t1")
    with pytest.raises(RoundFileRefused, match="another round"):
        add_round_file(draft, name="x", content=io.BytesIO(b""), target=other, by=ada)


def test_reference_storage_is_apart_from_public_files(draft: Round) -> None:
    public = {row.file.storage.path(row.file.name) for row in RoundFile.objects.all()}
    private = {reference_storage().path(str(row.file)) for row in Reference.objects.all()}
    assert {path.split("/")[-3] for path in public} == {"public"}
    assert {path.split("/")[-3] for path in private} == {"references"}


def test_the_design_in_words_is_frozen_and_shown(draft: Round, ada: User) -> None:
    plain = design_of(draft)
    assert "design_items" not in plain
    draft.design_items = {"awards": "None.", "mission": "To choose a *method*."}
    draft.full_clean()
    draft.save()
    publish_round(draft, by=ada)
    assert draft.design["design_items"] == draft.design_items
    page = Client().get(draft.get_absolute_url()).content.decode()
    assert "What the results are to be used for" in page
    assert "To choose a <em>method</em>." in page


@pytest.mark.parametrize("items", [["mission"], {"misson": "x"}, {"mission": " "}, {"awards": 1}])
def test_the_design_in_words_has_known_items_and_texts(draft: Round, items: object) -> None:
    draft.design_items = items  # type: ignore[assignment]
    with pytest.raises(ValidationError):
        draft.full_clean()


def test_commentary_is_shown_after_the_reveal_only(draft: Round, ada: User) -> None:
    draft.targets.filter(slug="t1").update(commentary="The loop is *disordered*.", family="kinases")
    publish_round(draft, by=ada)
    target = draft.targets.get(slug="t1")
    assert "family" in draft.design["targets"][0]
    assert "commentary" not in canonical_json(draft.design).decode()
    move_clock(draft, days=8)
    page = Client().get(target.get_absolute_url()).content.decode()
    assert "kinases" in page
    assert "disordered" not in page
    reveal_round(draft, by=ada)
    page = Client().get(target.get_absolute_url()).content.decode()
    assert "The loop is <em>disordered</em>." in page
