"""Several real processes at once, and one that is killed: nothing is told twice."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from community.models import Channel, Delivery, DeliveryState, Event, Kind, Pace
from community.services.deliver import deliver_due
from community.services.record import record_new
from community.services.webhooks import add_webhook, send_test
from community.services.wishes import choose
from submissions.models import SubmissionState
from tests.community.people import Receiver, begin, reachable, receiving
from tests.factories import make_method, make_round, make_submission, make_team

ENTRIES = 6
SENDERS = 2


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOKS_TO_LOOPBACK = True
    with receiving() as found:
        yield found


def start_sender(folder: Path) -> subprocess.Popen[bytes]:
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "WEBHOOKS_TO_LOOPBACK": "1",
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "tests.community.sender", str(folder)]
    return subprocess.Popen(command, env=environ)


@pytest.mark.django_db(transaction=True)
def test_of_senders_at_once_and_one_that_is_killed_nothing_comes_twice(
    receiver: Receiver, tmp_path: Path
) -> None:
    people = [reachable(f"p{number}") for number in range(3)]
    hook, receiver.secret = add_webhook(
        people[0], url=receiver.url, kinds=["submission.rejected", "submission.failed"]
    )
    round_, team = make_round(), make_team(*people)
    method = make_method(team)
    kinds = (Kind.REJECTED, Kind.FAILED)
    choose(people[2], {(kind, Channel.EMAIL): Pace.DAILY for kind in kinds})
    begin()
    for number in range(ENTRIES):
        state = (SubmissionState.REJECTED, SubmissionState.FAILED)[number % 2]
        make_submission(round_, team, state=state, method=method)
    senders = [start_sender(tmp_path) for _ in range(SENDERS)]
    assert [each.wait(120) for each in senders] == [0] * SENDERS
    assert record_new() == deliver_due() == 0
    assert Event.objects.filter(submission__isnull=False).count() == ENTRIES
    mails = [path.read_text(encoding="utf-8") for path in tmp_path.glob("*.log")]
    ids = [match for text in mails for match in re.findall(r"^Message-ID: (.*)$", text, re.M)]
    assert len(ids) == len(set(ids)) == ENTRIES * 2 + 1
    (daily,) = (text for text in mails if "To: p2" in text)
    assert daily.count("/submissions/") == ENTRIES
    assert len({each["id"] for each in receiver.seen}) == len(receiver.seen) == ENTRIES
    assert all(each["verified"] for each in receiver.seen)
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.DELIVERED}

    # Killed after its request arrived and before it could write that it did.
    delivery = send_test(hook)
    receiver.before_answer = lambda: os.kill(sender.pid, signal.SIGKILL)
    sender = start_sender(tmp_path)
    assert sender.wait(120) == -signal.SIGKILL
    receiver.before_answer = None
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENDING, 1)
    assert deliver_due() == 0  # the lease of the dead still holds
    Delivery.objects.filter(pk=delivery.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert deliver_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 2)
    assert [each["id"] for each in receiver.seen[ENTRIES:]] == [str(delivery.code)] * 2
