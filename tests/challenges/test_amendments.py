"""Amendments: no rule of a published round changes in secret, and what ranks does not change."""

from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from challenges.errors import AmendmentRefused
from challenges.models import Round, RoundAmendment
from challenges.services.amendments import (
    Change,
    amend_round,
    amendable_fields,
    chain_faults,
    changes_between,
    current_design,
)
from challenges.services.design import sha256_of
from challenges.services.files import add_round_file
from challenges.services.references import set_reference
from challenges.services.rounds import close_round_now, publish_round
from challenges.services.targets import cancel_target

pytestmark = pytest.mark.django_db


@pytest.fixture
def upcoming(draft: Round, ada: User) -> Round:
    return publish_round(draft, by=ada)


@pytest.fixture
def running(upcoming: Round) -> Round:
    """A round that opened this moment: its date is in the frozen rules as it was."""
    design = {**upcoming.design, "opens_at": (timezone.now() - timedelta(hours=1)).isoformat()}
    Round.objects.filter(pk=upcoming.pk).update(
        opens_at=design["opens_at"], design=design, design_sha256=sha256_of(design)
    )
    upcoming.refresh_from_db()
    return upcoming


def paths(amendment: RoundAmendment) -> list[str]:
    return [change["path"] for change in amendment.changes]


def test_deadline_moves_with_a_reason_and_everybody_sees_it(running: Round, ada: User) -> None:
    frozen, before = running.design_sha256, running.closes_at
    later = before + timedelta(days=2)
    amend_round(running, {"closes_at": later}, by=ada, reason="The cluster was down.")
    row = running.amendments.get()
    assert (row.number, row.made_by, row.reason) == (1, ada, "The cluster was down.")
    assert row.changes == [
        {"path": "closes_at", "before": before.isoformat(), "after": later.isoformat()}
    ]
    assert row.previous_sha256 == frozen == running.design_sha256
    assert current_design(running) == (row.design, row.design_sha256)
    assert running.closes_at == later
    assert chain_faults(running) == []
    shown = Client().get(running.get_absolute_url()).content.decode()
    assert "The cluster was down." in shown
    assert row.design_sha256 in shown
    listed = Client().get(f"/api/v1/rounds/{running.challenge.slug}/{running.slug}/amendments/")
    changes = [change | {"rule": "Closes at"} for change in row.changes]
    assert [each["changes"] for each in listed.json()] == [changes]
    assert ">Closes at<" in shown


def test_what_decides_ranks_is_fixed_once_predictions_can_come_in(
    running: Round, ada: User
) -> None:
    assert "tie_tolerance" not in amendable_fields(running)
    with pytest.raises(AmendmentRefused, match="fixed once predictions can come in"):
        amend_round(running, {"tie_tolerance": 0.5}, by=ada, reason="Nicer.")
    running.refresh_from_db()
    assert running.tie_tolerance == 0.0
    assert not running.amendments.exists()


def test_before_opening_the_ranking_rule_may_still_be_mended(upcoming: Round, ada: User) -> None:
    amend_round(upcoming, {"tie_tolerance": 0.5}, by=ada, reason="As announced by mail.")
    assert paths(upcoming.amendments.get()) == ["tie_tolerance"]


@pytest.mark.parametrize(
    ("values", "reason", "told"),
    [
        ({"submissions_per_day": 9}, "  ", "needs a reason"),
        ({"submissions_per_day": 9}, "x" * 501, "needs a reason"),
        ({"submissions_per_day": 0}, "None.", "greater than or equal to 1"),
        ({"closes_at": timezone.now() - timedelta(days=1)}, "Late.", "in the past"),
        ({"challenge_id": 1}, "Hm.", "cannot change any more"),
    ],
)
def test_refused_amendments_change_nothing(
    running: Round, ada: User, values: dict[str, object], reason: str, told: str
) -> None:
    before = Round.objects.filter(pk=running.pk).values().get()
    with pytest.raises(AmendmentRefused, match=told):
        amend_round(running, values, by=ada, reason=reason)
    assert Round.objects.filter(pk=running.pk).values().get() == before
    assert not RoundAmendment.objects.exists()


def test_a_draft_is_changed_directly(draft: Round, ada: User) -> None:
    with pytest.raises(AmendmentRefused, match="is a draft"):
        amend_round(draft, {"submissions_per_day": 9}, by=ada, reason="More.")
    cancel_target(draft.targets.get(slug="t1"), reason="Wrong.", by=ada)
    assert not draft.amendments.exists()


def test_acts_that_change_rules_are_amendments_too(running: Round, ada: User) -> None:
    cancel_target(running.targets.get(slug="t1"), reason="The sample was mixed up.", by=ada)
    target = running.targets.get(slug="t2")
    set_reference(target=target, values=np.array(7.5), by=ada, reason="Measured again.")
    add_round_file(running, name="hint.csv", content=io.BytesIO(b"a,b\n"), by=ada)
    close_round_now(running, by=ada)
    told = {row.reason: paths(row) for row in running.amendments.all()}
    assert told == {
        "The sample was mixed up.": ["targets / t1 / cancelled"],
        "Measured again.": ["targets / t2 / commitment"],
        "The file hint.csv was added.": ["files / hint.csv"],
        "Closed at once by its organizers.": ["closes_at"],
    }
    assert chain_faults(running) == []


def test_the_same_answer_again_is_no_amendment(running: Round, ada: User) -> None:
    target = running.targets.get(slug="t2")
    first = target.references.get(is_current=True)
    with first.file.storage.open(first.file.name) as handle:
        set_reference(target=target, values=io.BytesIO(handle.read()), by=ada, reason="Again.")
    assert not running.amendments.exists()


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        ({"design": {}}, "do not have its hash"),
        ({"changes": []}, "does not say what it changed"),
        ({"previous_sha256": "0" * 64}, "does not follow the rules before it"),
        ({"number": 5}, "amendment 2 is missing"),
    ],
)
def test_a_chain_that_was_tampered_with_shows(
    running: Round, ada: User, tamper: dict[str, object], fault: str
) -> None:
    for number in (7, 8):
        amend_round(running, {"submissions_per_day": number}, by=ada, reason="More.")
    assert chain_faults(running) == []
    RoundAmendment.objects.filter(round=running, number=2).update(**tamper)
    assert fault in " ".join(chain_faults(running))


def test_a_rule_changed_behind_the_services_shows(running: Round) -> None:
    Round.objects.filter(pk=running.pk).update(tie_tolerance=0.5)
    running.refresh_from_db()
    assert chain_faults(running) == ["the rules in force are not those of the last amendment"]


def test_database_refuses_an_amendment_without_reason_or_change(running: Round, ada: User) -> None:
    facts = {"round": running, "number": 1, "made_by": ada, "changes": [], "design": {}}
    hashes = {"design_sha256": "1" * 64, "previous_sha256": "0" * 64}
    with pytest.raises(IntegrityError), transaction.atomic():
        RoundAmendment.objects.create(**facts, **hashes, reason="")
    with pytest.raises(IntegrityError), transaction.atomic():
        RoundAmendment.objects.create(
            **facts, design_sha256="1" * 64, previous_sha256="1" * 64, reason="Same."
        )


def test_changes_name_the_rule_and_not_its_neighbours() -> None:
    before = {"targets": [{"slug": "a", "low": 1}, {"slug": "b", "low": 2}], "x": [1, 2], "y": 1}
    after = {"targets": [{"slug": "b", "low": 3}, {"slug": "c", "low": 4}], "x": [1], "z": None}
    assert changes_between(before, after) == [
        Change("targets / a", {"slug": "a", "low": 1}, None),
        Change("targets / b / low", 2, 3),
        Change("targets / c", None, {"slug": "c", "low": 4}),
        Change("x", [1, 2], [1]),
        Change("y", 1, None),
    ]


def test_an_operator_checks_the_rules_of_every_round(running: Round, ada: User) -> None:
    amend_round(running, {"submissions_per_day": 9}, by=ada, reason="More machines.")
    told = io.StringIO()
    call_command("check_rules", stdout=told)
    assert told.getvalue() == "The rules of 1 published rounds hold.\n"
    Round.objects.filter(pk=running.pk).update(submissions_per_day=10)
    with pytest.raises(CommandError, match="numbers/first: the rules in force are not those"):
        call_command("check_rules")
