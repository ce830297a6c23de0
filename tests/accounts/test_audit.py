"""The audit trail: written with the act, never altered, and any change of it shows."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, AuditHead, User
from challenges.models import ChallengeRole
from challenges.services.rounds import close_round_now, finalize_round, reveal_round
from challenges.services.targets import cancel_target
from submissions.errors import SubmissionError
from submissions.models import SubmissionState
from submissions.services.quota import grant, refund, reserve
from submissions.services.rescore import rescore
from submissions.services.withdraw import withdraw
from tests.admin.forms import client_of, filled, organizer
from tests.factories import (
    make_challenge,
    make_round,
    make_submission,
    make_team,
    make_user,
    organizer_of,
)

pytestmark = pytest.mark.django_db
TRIGGERS = {
    "sqlite": [f"accounts_auditevent_no_{act}" for act in ("update", "delete")],
    "postgresql": ["accounts_auditevent_append_only"],
}


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def write_past_the_triggers(statement: str) -> None:
    """Do what only somebody with all rights on the database can."""
    with connection.cursor() as cursor:
        for name in TRIGGERS[connection.vendor]:
            on = " ON accounts_auditevent" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{on}")
        cursor.execute(statement)


def acts() -> list[tuple[str, User | None]]:
    return [(event.act, event.actor) for event in AuditEvent.objects.order_by("seq")]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET reason = 'other' WHERE seq = 1",
        "DELETE FROM accounts_auditevent WHERE seq = 2",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_event(ada: User, statement: str) -> None:
    for _ in range(2):
        audit.record(audit.Act.ADMIN, ada, by=ada)
    with (
        pytest.raises(DatabaseError, match="append_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert audit.faults() == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE accounts_auditevent SET reason = 'other' WHERE seq = 3", "event 3 does not have"),
        ("UPDATE accounts_auditevent SET challenge = 1 WHERE seq = 4", "event 4 does not have"),
        ("DELETE FROM accounts_auditevent WHERE seq = 2", "event 2 is missing"),
        ("DELETE FROM accounts_auditevent WHERE seq = 5", "the chain ends at event 4"),
        ("UPDATE accounts_auditevent SET seq = 9 WHERE seq = 5", "event 5 is missing"),
    ],
)
def test_verifying_names_the_first_event_that_was_tampered_with(
    ada: User, statement: str, told: str
) -> None:
    for number in range(5):
        audit.record(audit.Act.ADMIN, ada, by=ada, reason=f"change {number}")
    assert audit.faults() == []
    write_past_the_triggers(statement)
    assert audit.faults()[0].startswith(told)
    with pytest.raises(CommandError, match=told):
        call_command("audit_verify")


def test_a_chain_forged_from_the_beginning_does_not_hold_a_head_noted_before(
    ada: User, capsys: pytest.CaptureFixture[str]
) -> None:
    audit.record(audit.Act.ADMIN, ada, by=ada, reason="what was done")
    call_command("audit_verify")
    noted = re.search(r"1:[0-9a-f]{64}", capsys.readouterr().out)
    assert noted
    call_command("audit_verify", "--head", noted[0])
    write_past_the_triggers("DELETE FROM accounts_auditevent")
    AuditHead.objects.all().delete()
    audit.record(audit.Act.ADMIN, ada, by=ada, reason="what was told instead")
    call_command("audit_verify")
    with pytest.raises(CommandError, match="event 1 is not the one that was noted"):
        call_command("audit_verify", "--head", noted[0])


def test_an_event_of_an_act_that_was_taken_back_is_taken_back_too(ada: User) -> None:
    with transaction.atomic():
        audit.record(audit.Act.ADMIN, ada, by=ada)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()
    assert audit.record(audit.Act.ADMIN, ada, by=ada).seq == 1


def test_acts_on_a_round_are_written_down_with_who_did_them() -> None:
    challenge = make_challenge(make_user("ada"))
    ada = organizer_of(challenge)
    now = timezone.now()
    round_ = make_round(challenge)
    cancel_target(round_.targets.get(slug="t3"), reason="A wrong unit.", by=ada)
    close_round_now(round_, by=ada)
    reveal_round(round_, by=ada)
    finalize_round(round_, by=ada)
    assert acts() == [
        ("role", None),
        ("amend", ada),
        ("cancel", ada),
        ("amend", ada),
        ("close", ada),
        ("reveal", ada),
        ("finalize", ada),
    ]
    last = AuditEvent.objects.latest("seq")
    assert (last.subject, last.challenge) == (f"challenges.Round:{round_.pk}", challenge.pk)
    assert last.at - now < timedelta(minutes=5)
    assert audit.faults() == []


def test_acts_on_submissions_and_quotas_are_written_down_with_the_reason() -> None:
    round_ = make_round()
    ada, team = organizer_of(round_.challenge), make_team()
    scored = make_submission(round_, team, state=SubmissionState.SCORED)
    reserve(scored)
    before = len(acts())
    refund(scored, by=ada, reason="Our fault.")
    rescore(scored, by=ada)
    withdraw(scored, by=ada, reason="Asked for.")
    grant(team=team, round=round_, amount=2, by=ada, reason="A slow day.")
    events = AuditEvent.objects.order_by("seq")[before:]
    assert [(event.act, event.reason) for event in events] == [
        ("refund", "Our fault."),
        ("rescore", ""),
        ("withdraw", "Asked for."),
        ("grant", "A slow day."),
    ]


def test_what_was_refused_is_not_written_down() -> None:
    submission = make_submission(state=SubmissionState.WITHDRAWN)
    before = len(acts())
    with pytest.raises(SubmissionError):
        withdraw(submission, by=organizer_of(submission.round.challenge), reason="Again.")
    assert len(acts()) == before


def test_roles_given_and_taken_are_written_down_with_the_one_who_did_it(client: Client) -> None:
    ada, challenge = organizer("ada"), make_challenge(organizer("olga"))
    role = ChallengeRole.objects.create(challenge=challenge, user=ada)
    role.delete()
    given, taken = AuditEvent.objects.filter(act="role", subject=f"accounts.User:{ada.pk}")[::-1]
    assert (given.reason, taken.reason) == (
        f"{role.role} of the challenge",
        f"{role.role} of the challenge no more",
    )
    assert given.challenge == challenge.pk


def test_a_change_in_the_admin_is_written_down_with_the_request(db: None) -> None:
    root = make_user("root", is_staff=True, is_superuser=True)
    other = make_user("other")
    client = client_of(root)
    address = f"/admin/accounts/user/{other.pk}/change/"
    values = {**filled(client.get(address)), "is_staff": "on"}
    assert client.post(address, values).status_code == 302
    event = AuditEvent.objects.latest("seq")
    assert (event.act, event.actor, event.subject) == ("admin", root, f"accounts.User:{other.pk}")
    assert "Staff status" in event.reason
    assert len(event.request_id) >= 16


def test_only_staff_who_sign_in_are_written_down(client: Client) -> None:
    make_user("plain")
    staff = make_user("staff", is_staff=True)
    for username in ("plain", "staff"):
        client.post("/login/", {"username": username, "password": "correct horse"})
        client.logout()
    assert acts() == [("sign-in", staff)]


def test_organizers_see_the_trail_of_their_challenge_and_operators_all_of_it() -> None:
    mine, theirs = make_challenge(organizer("ada")), make_challenge(organizer("olga"))
    for challenge in (mine, theirs):
        audit.record(audit.Act.OPEN_REFERENCES, f"of {challenge.slug}", challenge=challenge.pk)

    def page(user: User) -> str:
        return client_of(user).get("/admin/accounts/auditevent/").content.decode()

    seen = page(organizer_of(mine))
    assert f"of {mine.slug}" in seen
    assert f"of {theirs.slug}" not in seen
    everything = page(make_user("root", is_staff=True, is_superuser=True))
    assert f"of {mine.slug}" in everything
    assert f"of {theirs.slug}" in everything
