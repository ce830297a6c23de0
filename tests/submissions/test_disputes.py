"""Disputes: entrants object to a target, organizers answer, what is right is corrected."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone

from accounts.models import User
from challenges.errors import DisputeRefused
from challenges.models import Dispute, Round, Target
from challenges.services.corrections import propose_answers, withdraw_correction
from challenges.services.disputes import answer_dispute, visible_disputes
from submissions.services.disputes import MOST_OPEN, may_dispute, open_dispute
from tests import factories
from tests.admin.forms import client_of, filled, organizer

pytestmark = pytest.mark.django_db
TEXT = "The sign of t1 is <b>wrong</b>."


@pytest.fixture
def ada() -> User:
    return organizer("ada")


@pytest.fixture
def target(ada: User) -> Target:
    round_ = factories.make_round(factories.make_challenge(ada))
    return round_.targets.get(slug="t1")


@pytest.fixture
def entrant(target: Target) -> User:
    return factories.member_of(factories.make_submission(target.round).team)


def reveal(target: Target) -> None:
    past = timezone.now() - timedelta(minutes=1)
    Round.objects.filter(pk=target.round_id).update(closes_at=past, revealed_at=past)
    target.round.refresh_from_db()


def page(target: Target, user: User | None) -> str:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client.get(target.get_absolute_url()).content.decode()


def test_an_entrant_disputes_on_the_page_and_only_the_organizers_read_it(
    target: Target, entrant: User, ada: User
) -> None:
    client = Client()
    client.force_login(entrant)
    assert "Open a dispute" in page(target, entrant)
    address = f"{target.get_absolute_url()}dispute/"
    assert client.get(address).status_code == 405
    shown = client.post(address, {"text": TEXT}, follow=True).content.decode()
    assert "The organizers have your dispute" in shown
    dispute = Dispute.objects.get()
    assert (dispute.opened_by, dispute.state, dispute.text) == (entrant, "open", TEXT)
    other = factories.member_of(factories.make_submission(target.round).team)
    escaped = "The sign of t1 is &lt;b&gt;wrong&lt;/b&gt;."
    seen = {name: escaped in page(target, user) for name, user in (
        ("entrant", entrant), ("organizer", ada), ("other", other), ("anonymous", None),
    )}  # fmt: skip
    assert seen == {"entrant": True, "organizer": True, "other": False, "anonymous": False}
    reveal(target)
    assert escaped in page(target, None)


def test_only_entrants_dispute_and_only_while_it_can_change_something(
    target: Target, entrant: User
) -> None:
    stranger = factories.make_user()
    address = f"{target.get_absolute_url()}dispute/"
    assert Client().post(address, {"text": TEXT}).status_code == 302
    assert not may_dispute(target, AnonymousUser())
    assert "Open a dispute" not in page(target, stranger)
    with pytest.raises(DisputeRefused, match="Only teams with an entry"):
        open_dispute(target, text=TEXT, by=stranger)
    with pytest.raises(DisputeRefused, match="what is wrong"):
        open_dispute(target, text="  ", by=entrant)
    Target.objects.filter(pk=target.pk).update(opens_at=timezone.now() + timedelta(hours=1))
    target.refresh_from_db()
    assert not may_dispute(target, entrant)
    Target.objects.filter(pk=target.pk).update(opens_at=None)
    target.refresh_from_db()
    assert may_dispute(target, entrant)
    reveal(target)
    assert may_dispute(target, entrant)
    Round.objects.filter(pk=target.round_id).update(finalized_at=timezone.now())
    target.round.refresh_from_db()
    with pytest.raises(DisputeRefused, match="until the results are final"):
        open_dispute(target, text=TEXT, by=entrant)
    assert not Dispute.objects.exists()


def test_nobody_buries_the_organizers(target: Target, entrant: User, ada: User) -> None:
    disputes = [open_dispute(target, text=TEXT, by=entrant) for _ in range(MOST_OPEN)]
    with pytest.raises(DisputeRefused, match="wait for an answer"):
        open_dispute(target, text=TEXT, by=entrant)
    answer_dispute(disputes[0], answer="It is right.", accepted=False, by=ada)
    open_dispute(target, text=TEXT, by=entrant)


def test_a_dispute_is_answered_once_in_the_admin(target: Target, entrant: User, ada: User) -> None:
    dispute = open_dispute(target, text=TEXT, by=entrant)
    client, address = client_of(ada), f"/admin/challenges/dispute/{dispute.pk}/change/"
    values = filled(client.get(address))
    client.post(address, {**values, "answer": " "})
    dispute.refresh_from_db()
    assert dispute.state == "open"
    client.post(address, {**values, "answer": "You are right.", "accepted": "on"})
    dispute.refresh_from_db()
    assert (dispute.state, dispute.answer, dispute.answered_by) == (
        "accepted",
        "You are right.",
        ada,
    )
    assert "You are right." in page(target, entrant)
    client.post(address, {"answer": "No, you are not."})
    dispute.refresh_from_db()
    assert dispute.answer == "You are right."
    with pytest.raises(DisputeRefused, match="answered already"):
        answer_dispute(dispute, answer="Hm.", accepted=False, by=ada)
    assert client_of(organizer("eve")).get(address).status_code == 404


def test_an_accepted_dispute_is_linked_to_the_correction_it_leads_to(
    target: Target, entrant: User, ada: User
) -> None:
    before, after, denied = (open_dispute(target, text=TEXT, by=entrant) for _ in range(3))
    answer_dispute(before, answer="Yes.", accepted=True, by=ada)
    answer_dispute(denied, answer="No.", accepted=False, by=ada)
    answers = [(target, np.array(7.0))]
    first = propose_answers(target.round, answers, by=ada, reason="Wrong sign.")
    answer_dispute(after, answer="Yes.", accepted=True, by=ada)
    linked = Dispute.objects.order_by("pk").values_list("correction", flat=True)
    assert list(linked) == [first.pk, first.pk, None]
    withdraw_correction(first, by=ada)
    second = propose_answers(target.round, answers, by=ada, reason="Wrong sign after all.")
    assert set(linked.all()) == {second.pk, None}
    assert visible_disputes(target, ada, organizes=True).count() == 3
