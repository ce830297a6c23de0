"""The same by the API, as a program with a token does it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken
from community.services.deliver import deliver_due
from community.services.record import record_new
from submissions.models import SubmissionState
from tests.community.people import begin, reachable, receiving
from tests.factories import make_challenge, make_round, make_submission, make_team

pytestmark = pytest.mark.django_db
HOOKS = "/api/v1/webhooks/"


def test_a_program_reads_its_news_and_keeps_a_webhook(client: Client, settings: Any) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    ann = reachable("ann")
    _, token = ApiToken.objects.create(user=ann, name="program")
    _, read_only = ApiToken.objects.create(user=ann, name="reader", scopes="read")

    def ask(method: str, path: str, content: Any = None, key: str = token) -> tuple[int, Any]:
        answer = client.generic(
            method,
            path,
            data=b"" if content is None else json.dumps(content),
            content_type="application/json",
            headers={"authorization": f"Token {key}"},
        )
        return answer.status_code, answer.json() if answer.content else None

    round_ = make_round(make_challenge(slug="heat"), title="One", slug="one")
    begin()
    with receiving() as receiver:
        code, made = ask("POST", HOOKS, {"url": receiver.url, "kinds": ["submission.failed"]})
        assert (code, made["kinds"]) == (201, ["submission.failed"])
        receiver.secret = made["secret"]
        own = f"{HOOKS}{made['code']}/"
        code, told = ask("GET", own)
        assert code == 200
        assert "secret" not in told
        assert not {"salt", "old_salt"} & told.keys()
        entered = make_submission(round_, make_team(ann), state=SubmissionState.FAILED)
        record_new()
        deliver_due()
        assert ask("POST", f"{own}test/")[0] == 202
        deliver_due()
        assert [each["verified"] for each in receiver.seen] == [True, True]
        _, sent = ask("GET", f"{own}deliveries/")
        assert [each["kind"] for each in sent["results"]] == ["test", "submission.failed"]
        assert [each["log"][0]["status"] for each in sent["results"]] == [200, 200]
        again = f"{own}deliveries/{sent['results'][1]['code']}/again/"
        assert ask("POST", again)[0] == 202
        assert ask("POST", again)[0] == 422  # on its way
        deliver_due()
        assert receiver.seen[2]["id"] == receiver.seen[0]["id"]

    code, page = ask("GET", "/api/v1/notifications/")
    assert [(each["kind"], each["submission"]) for each in page["results"]] == [
        ("submission.failed", entered.code)
    ]
    assert page["results"][0]["url"] == entered.get_absolute_url()
    code, told = ask("POST", HOOKS, {"url": "http://169.254.169.254/latest/"})
    assert (code, told["code"]) == (422, "WEBHOOK_REFUSED")
    assert told["problems"][0]["remedy"].startswith("Give an address that everybody")
    assert ask("POST", HOOKS, {"url": "https://example.org/", "kinds": ["x"]})[0] == 400
    assert ask("POST", f"{own}secret/", key=read_only)[0] == 403
    assert ask("POST", f"{own}secret/")[1]["secret"] != receiver.secret
    assert ask("PATCH", own, {"is_active": False})[1]["is_active"] is False
    assert ask("POST", f"{own}test/")[0] == 422
    assert ask("DELETE", own)[0] == 204
    assert ask("GET", own)[0] == 404
