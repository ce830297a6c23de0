"""Log lines: whose they are, and what they never tell."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from accounts.models import ApiToken
from accounts.trace import traced
from config.logs import IdsFilter, JsonFormatter, LineFormatter, blotted
from submissions.models import Submission
from tests import factories
from tests.servers import WorkerProcesses, wait_until

PREDICTION = {"t1": 1.0, "t2": 1.0, "t3": 1.0}


@pytest.fixture
def extra_environ() -> dict[str, str]:
    return {"LOG_FORMAT": "json", "BEHIND_PROXY": "1"}


def record(message: str, *, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("a.place", logging.ERROR, "file.py", 1, message, None, info)
    IdsFilter().filter(made)
    return made


def lines_of(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"time"')]


@pytest.mark.django_db(transaction=True)
def test_one_id_is_found_in_the_logs_of_web_and_worker_for_one_submission(
    live_site: str, celery_worker: WorkerProcesses, tmp_path: Path
) -> None:
    round_, team = factories.make_round(), factories.make_team()
    person = factories.member_of(team)
    _, token = ApiToken.objects.create(user=person, name="test")
    answer = httpx.post(
        f"{live_site}/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/submissions/",
        data={"method": "Guess"},
        files={"file": ("mine.npz", factories.npz_bytes(PREDICTION))},
        headers={"Authorization": f"Token {token}", "X-Request-ID": "from-the-proxy-17"},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["X-Request-ID"] == "from-the-proxy-17"
    code = answer.json()["code"]
    wait_until(Submission.objects.scored().exists, what="the score", child=celery_worker.worker)
    web = [line for line in lines_of(tmp_path / "web.log") if line.get("request")]
    assert {line["request"] for line in web} == {"from-the-proxy-17"}
    assert any(f"queued submission={code}" in line["message"] for line in web)
    assert [line["user"] for line in web if " answered 201 " in line["message"]] == [person.pk]
    worker = [line for line in lines_of(tmp_path / "worker.log") if line.get("submission") == code]
    assert worker
    assert {(line["request"], line["attempt"]) for line in worker} == {("from-the-proxy-17", 1)}
    for name in ("web.log", "worker.log"):
        assert token not in (tmp_path / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "two words here", 'quote"and{brace}'])
def test_answer_names_an_id_of_our_own_where_the_given_one_is_not_good(
    given: str, settings: Any
) -> None:
    settings.BEHIND_PROXY = True
    answer = Client().get("/nowhere", headers={"x-request-id": given})
    assert len(answer["X-Request-ID"]) == 16
    assert answer["X-Request-ID"] != given


def test_id_from_anyone_but_a_proxy_of_ours_is_not_believed() -> None:
    answer = Client().get("/nowhere", headers={"x-request-id": "somebody-elses-id"})
    assert answer["X-Request-ID"] != "somebody-elses-id"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mail to ann.b+c@mail.example.org failed", "mail to [e-mail] failed"),
        ("Token hld_0123456789abcdef is over", "Token [token] is over"),
        ("Authorization: Bearer abcdefghijklmnopqrst", "Authorization: Bearer [token]"),
        ("redis://user:hunter2@host:6379/0 is down", "redis://user:[password]@host:6379/0 is down"),
        ("submission=abc scored, 12 tokens left", "submission=abc scored, 12 tokens left"),
    ],
)
def test_secrets_are_blotted_out(text: str, told: str) -> None:
    assert blotted(text) == told
    assert json.loads(JsonFormatter().format(record(text)))["message"] == told
    assert LineFormatter("%(message)s").format(record(text)) == told


@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter("%(message)s")])
def test_secrets_in_a_traceback_are_blotted_out_too(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("no account for ann@mail.example.org")
    except ValueError as error:
        line = formatter.format(record("it failed", error=error))
    assert "ValueError: no account for [e-mail]" in line
    assert "ann@" not in line


def test_line_is_readable_and_ends_with_its_ids_before_any_traceback() -> None:
    with traced(request="r1", submission="abc", attempt=2), traced(request=None):
        made = record("scored")
    assert LineFormatter("%(message)s").format(made) == "scored [submission=abc attempt=2]"
    assert LineFormatter("%(message)s").format(record("later")) == "later"


def test_json_line_breaks_no_line_whatever_the_message_holds() -> None:
    line = JsonFormatter().format(record('a "quote"\nand {"level": "forged"}'))
    assert "\n" not in line
    assert json.loads(line)["level"] == "ERROR"
