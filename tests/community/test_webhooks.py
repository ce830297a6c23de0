"""Webhooks: signed, tried again, logged, switched off, and never sent into the own network."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from community.addresses import check_url, place_of
from community.errors import AddressRefused, WebhookRefused
from community.models import Delivery, DeliveryState, Webhook
from community.outbound import post
from community.services.deliver import GIVEN_UP_MOST, deliver_due
from community.services.record import record_new
from community.services.webhooks import add_webhook, rotate_secret, send_test
from submissions.models import SubmissionState
from tests.community.people import Receiver, begin, reachable, receiving
from tests.factories import make_round, make_submission, make_team

REFUSED = """
    http://example.org/  ftp://example.org/  https:///x  https://  //example.org
    javascript:alert(1)  https://user:pass@example.org/  https://example.org:8443/
    https://example.org:22/  https://localhost/  https://LOCALHOST./  https://printer/
    https://db.internal/  https://router.local/  https://a.localhost/  https://127.0.0.1/
    https://127.1/  https://2130706433/  https://0x7f000001/  https://0177.0.0.1/  https://0/
    https://0.0.0.0/  https://10.0.0.1/  https://172.16.5.4/  https://192.168.1.1/
    https://169.254.169.254/  https://100.64.0.1/  https://100.100.100.200/
    https://168.63.129.16/  https://224.0.0.1/  https://255.255.255.255/  https://240.0.0.1/
    https://198.18.0.1/  https://192.0.2.1/  https://[::1]/  https://[::]/  https://[fe80::1]/
    https://[fc00::1]/  https://[fd00:ec2::254]/  https://[fec0::1]/  https://[ff02::1]/
    https://[::ffff:127.0.0.1]/  https://[::ffff:a00:1]/  https://[::127.0.0.1]/
    https://[64:ff9b::7f00:1]/  https://[64:ff9b::a9fe:a9fe]/  https://[2002:7f00:1::]/
    https://[2002:c0a8:101::1]/  https://[2001:0:1::f5ff:fffe]/  https://[2001:db8::1]/
    https://[fe80::1%25eth0]/  https://ⓔxample.org/  https://exa\\mple.org/ https://example.org/é
"""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOKS_TO_LOOPBACK = True
    with receiving() as found:
        yield found


def due_now(hook: Webhook) -> None:
    """Let the time pass that a failed delivery and its webhook wait."""
    Delivery.objects.filter(webhook=hook).update(next_attempt_at=timezone.now())
    Webhook.objects.filter(pk=hook.pk).update(paused_until=None)


@pytest.mark.parametrize("url", REFUSED.split())
def test_no_webhook_goes_to_an_address_that_is_not_public(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)


def test_a_name_is_judged_by_all_its_addresses_and_looked_up_once(receiver: Receiver) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        """Answer a harmless address first, and one of the own network ever after."""
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    url = receiver.url.replace("127.0.0.1", "hook.localhost") + "a?b=c"
    outcome = post(url, b"{}", {"webhook-id": "x", "webhook-timestamp": "1",
                                "webhook-signature": "v1,x"}, resolve=rebinding)  # fmt: skip
    # The name exists nowhere, so nobody asked the system for it: it went where it was judged.
    assert (outcome.ok, asked) == (True, ["hook.localhost"])
    assert receiver.seen[0]["host"].startswith("hook.localhost:")
    assert receiver.seen[0]["path"] == "/a?b=c"
    later = post(url, b"{}", {}, resolve=rebinding)
    assert (later.ok, later.is_final, len(receiver.seen)) == (False, True, 1)
    with pytest.raises(AddressRefused, match="not public"):
        place_of("https://example.org/", resolve=lambda *_: ["93.184.216.34", "::ffff:10.0.0.1"])
    place = place_of("https://example.org/", resolve=lambda *_: ["93.184.216.34"])
    assert (place.address, place.host, place.port) == ("93.184.216.34", "example.org", 443)


@pytest.mark.django_db
def test_a_webhook_is_signed_tried_again_and_logged(
    client: Client, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    ann = reachable("ann")
    client.force_login(ann)
    kinds = ["submission.rejected", "round.closed"]
    page = client.post("/account/webhooks/", {"url": receiver.url, "kinds": kinds})
    receiver.secret = page.content.decode().partition('class="secret">')[2].partition("<")[0]
    hook = ann.webhooks.get()
    assert receiver.secret.startswith("whsec_")
    assert receiver.secret not in client.get(hook.get_absolute_url()).content.decode()
    receiver.answers = [500, 302]
    round_ = make_round()
    begin()
    entered = make_submission(round_, make_team(ann), state=SubmissionState.REJECTED)
    caplog.set_level(logging.DEBUG)
    record_new()
    deliver_due()
    assert deliver_due() == 0  # it rests after the failure
    due_now(hook)
    deliver_due()
    due_now(hook)
    deliver_due()
    due_now(hook)
    assert deliver_due() == 0
    assert [each["verified"] for each in receiver.seen] == [True] * 3
    assert len({each["id"] for each in receiver.seen}) == 1
    assert [each["path"] for each in receiver.seen] == ["/"] * 3
    body = receiver.seen[2]["body"]
    assert body["type"] == "submission.rejected"
    assert body["data"]["submission"] == entered.code
    row = hook.deliveries.get()
    assert (row.state, row.attempts) == (DeliveryState.DELIVERED, 3)
    assert [each["status"] for each in row.log] == [500, 302, 200]
    assert max(len(each["text"]) for each in row.log) <= 200
    assert receiver.secret not in caplog.text

    # The page tells it all, sends it again under the same id, and tests with a rotated secret.
    page = client.get(hook.get_absolute_url())
    assert "redirects are not followed" in page.content.decode()
    client.post(hook.get_absolute_url(), {"act": "again", "delivery": str(row.code)})
    old = receiver.secret
    receiver.secret = rotate_secret(hook)
    client.post(hook.get_absolute_url(), {"act": "test"})
    deliver_due()
    assert [each["verified"] for each in receiver.seen[3:]] == [True, True]
    assert receiver.seen[3]["id"] == receiver.seen[0]["id"]
    assert receiver.seen[4]["body"]["type"] == "test"
    receiver.secret = old  # for a day it signs along
    send_test(hook)
    deliver_due()
    assert receiver.seen[5]["verified"]
    assert client.post(hook.get_absolute_url(), {"act": "delete"}).status_code == 302
    assert client.get(hook.get_absolute_url()).status_code == 404


@pytest.mark.django_db
def test_a_webhook_that_does_not_come_back_is_switched_off_with_a_reason(
    receiver: Receiver,
) -> None:
    ann = reachable("ann")
    hook, _ = add_webhook(ann, url=receiver.url, kinds=["round.closed"])
    receiver.answers = [503] * GIVEN_UP_MOST
    for _ in range(GIVEN_UP_MOST):
        send_test(hook)
        Delivery.objects.filter(state="queued").update(
            give_up_at=timezone.now() + timedelta(seconds=1)
        )
        deliver_due()
    hook.refresh_from_db()
    assert not hook.is_active
    assert "3 deliveries in a row were given up: Answered 503" in hook.off_reason
    with pytest.raises(WebhookRefused, match="Switch it on first"):
        send_test(hook)
    gone, _ = add_webhook(ann, url=receiver.url, kinds=["round.closed"])
    receiver.answers = [410]
    send_test(gone)
    deliver_due()
    gone.refresh_from_db()
    assert "(410)" in gone.off_reason


@pytest.mark.django_db
def test_webhooks_are_few_and_of_known_kinds_and_nobody_sees_anothers(
    client: Client, settings: Any
) -> None:
    ann, eve = reachable("ann"), reachable("eve")
    for number in range(5):
        hook, _ = add_webhook(ann, url=f"https://example.org/{number}", kinds=["round.closed"])
    for url, kinds, told in (
        ("https://example.org/", ["round.closed"], "You have 5 webhooks"),
        ("https://example.org/", ["nothing"], "no kind 'nothing'"),
        ("https://10.1.1.1/", ["round.closed"], "not public"),
    ):
        person = ann if "5" in told else eve
        with pytest.raises(WebhookRefused, match=told):
            add_webhook(person, url=url, kinds=kinds)
    client.force_login(eve)
    assert client.get(hook.get_absolute_url()).status_code == 404
    assert client.post(hook.get_absolute_url(), {"act": "test"}).status_code == 404
    answer = client.post(
        "/account/webhooks/", {"url": "https://10.1.1.1/", "kinds": ["round.closed"]}
    )
    assert (answer.status_code, eve.webhooks.count()) == (422, 0)
    assert "not public" in answer.content.decode()
