"""A running server keeps what its OpenAPI description promises, whatever is sent to it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accounts.models import ApiToken
from leaderboards.services.refresh import refresh_board
from tests.factories import make_artifact, make_round, make_scored, make_team, make_user

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(1200),
    pytest.mark.filterwarnings("ignore"),  # what the tool warns of is not ours
]
EXAMPLES = 6
# Revokes the token that all the others are asked with.
LEFT_OUT = {"token_revoke"}


def test_the_server_answers_as_it_describes_itself(live_site: str) -> None:
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis import checks

    checks.load_all_checks()
    promised = checks.CHECKS.get_by_names(
        [
            "not_a_server_error",
            "status_code_conformance",
            "content_type_conformance",
            "response_schema_conformance",
        ]
    )
    schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
    known, token = _site()
    schema = schemathesis.openapi.from_url(f"{live_site}/api/v1/schema/", timeout=120)
    draw, broken, asked = random.Random(3), [], 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.definition.raw["operationId"] in LEFT_OUT:
            continue
        asked += 1

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            if draw.random() < 0.7:  # what is there has more to break than what is not
                case.path_parameters = {
                    name: known.get(name, value)
                    for name, value in (case.path_parameters or {}).items()
                }
            response = case.call(headers={"Authorization": f"Token {token}"}, timeout=60)
            case.validate_response(response, checks=promised)
            if response.status_code >= 400:
                _require_shape(response)

        try:
            ask()
        except BaseExceptionGroup as group:
            broken += [f"{operation.label}: {each}" for each in group.exceptions]
        except Exception as error:  # noqa: BLE001 - each is told at the end
            broken.append(f"{operation.label}: {error}")
    assert not broken, "\n\n".join(broken)
    assert asked > 50


def _require_shape(response: Any) -> None:
    if response.request.method == "HEAD":
        return
    told = response.json()
    assert set(told) == {"code", "message", "problems"}, told
    assert all(each["where"] and each["remedy"] for each in told["problems"]), told


def _site() -> tuple[dict[str, Any], str]:
    """Make a site with something at each kind of address, and a token that may do everything."""
    person = make_user("olga", is_superuser=True, is_staff=True)
    team = make_team(person, slug="waves")
    round_ = make_round()
    entry = make_scored(round_, {"t1": 0.5, "t2": 0.25, "t3": None}, team=team)
    make_artifact(slug="flows")
    refresh_board(round_)
    _, token = ApiToken.objects.create(user=person, name="all", scopes="read submit organize")
    known = {
        "challenge": round_.challenge.slug,
        "round_slug": round_.slug,
        "target": "t1",
        "code": entry.code,
        "slug": "waves",
        "version": "1",
        "number": 1,
    }
    return known, token
