"""A dataset from nothing to published, and a method with its lineage, through the API alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.services import create_token
from catalog.models import Artifact
from catalog.services import check_method
from tests.catalog.described import answers_for
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
BASE = "/api/v1/artifacts/"


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def api(ada: User) -> APIClient:
    _, secret = create_token(ada, name="t", scopes=["read", "submit"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


def send(api: APIClient, path: str, content: Any, *, method: str = "post", expect: int) -> Any:
    answer = getattr(api, method)(path, content, format="json")
    assert answer.status_code == expect, answer.content
    return answer.json()


def test_a_dataset_is_made_and_published(api: APIClient, ada: User) -> None:
    facts = {"kind": "dataset", "title": "Rocks", "summary": "Of rocks.", "origin": "derived"}
    made = send(api, BASE, facts | {"licence": "MIT"}, expect=201)
    assert (made["slug"], made["version"]) == ("rocks", "1.0.0")
    place = f"{BASE}rocks/1.0.0/"
    file = api.post(
        f"{place}files/?name=rows.csv", b"a,b\n", content_type="application/octet-stream"
    )
    assert (file.status_code, file.json()["media_type"]) == (201, "text/csv")
    people = [{"username": "ada", "share_bp": 6000}, {"name": "Bo", "share_bp": 4000}]
    rows = send(api, f"{place}contributors/", people, method="put", expect=200)
    assert [row["confirmed"] for row in rows] == [True, False]
    edge = {"artifact": "doi:10.5281/zenodo.3", "title": "Far", "relation": "derived-from"}
    declared = send(api, f"{place}lineage/", edge, expect=201)
    assert declared["parent"]["title"] == "Far"
    refused = send(api, f"{place}statement/publish/", {}, expect=422)
    assert refused["code"] == "STATEMENT_REFUSED"
    wrong = {"answers": {"row_count": "many"}}
    told = send(api, f"{place}statement/", wrong, method="patch", expect=422)
    assert told["problems"][0]["where"] == "row_count"
    saved = send(
        api, f"{place}statement/", {"answers": answers_for("dataset")}, method="patch", expect=200
    )
    assert (saved["complete_percent"], saved["published_at"]) == (100, None)
    assert APIClient().get(f"{place}statement/").status_code == 404
    send(api, f"{place}statement/publish/", {}, expect=200)
    assert APIClient().get(f"{place}statement/").json()["number"] == 1
    assert len(APIClient().get(f"{place}statements/").json()) == 1
    exported = APIClient().get(f"{place}export/croissant.json").json()
    assert exported["prov:wasDerivedFrom"][0]["@id"] == "https://doi.org/10.5281/zenodo.3"
    new = send(api, f"{place}versions/", {"change": "major", "changes": "All of it."}, expect=201)
    assert new["version"] == "2.0.0"
    send(api, f"{BASE}rocks/2.0.0/", {"title": "Stones"}, method="patch", expect=200)
    found = api.get(BASE, {"q": "stones"}).json()["results"]
    assert [each["version"] for each in found] == ["2.0.0"]


def test_others_are_told_that_it_is_not_theirs(api: APIClient) -> None:
    made = send(
        api,
        BASE,
        {"kind": "model", "title": "M", "summary": "M.", "origin": "original"},
        expect=201,
    )
    stranger = APIClient()
    stranger.force_authenticate(make_user("eve"))
    place = f"{BASE}{made['slug']}/1.0.0/"
    told = send(stranger, f"{place}statement/", {"answers": {}}, method="patch", expect=403)
    assert told["code"] == "NOT_YOURS"
    send(stranger, f"{place}claims/", {"evidence": "Mine."}, expect=422)


def test_a_token_that_only_reads_writes_nothing(ada: User) -> None:
    _, secret = create_token(ada, name="t", scopes=[ApiToken.Scope.READ])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    facts = {"kind": "dataset", "title": "Rocks", "summary": "Of rocks."}
    assert send(client, BASE, facts, expect=403)["code"] == "SCOPE_MISSING"


def test_a_description_is_read_and_its_answers_registered(api: APIClient) -> None:
    text = {"name": "Rocks", "description": "Of rocks.", "rai:dataBiases": "Few.", "odd": 1}
    answer = api.post(
        "/api/v1/descriptions/",
        json.dumps(text).encode(),
        content_type="application/octet-stream",
    )
    found = answer.json()
    assert (found["format"], found["ignored"]) == ("Croissant", ["odd"])
    facts = {"kind": "dataset", **found["facts"], "answers": found["answers"]}
    send(api, BASE, facts, expect=201)
    stored = Artifact.objects.get(slug="rocks").statements.get()
    assert stored.answers == {"biases": "Few."}
    hostile = api.post("/api/v1/descriptions/", b"\xff", content_type="application/octet-stream")
    assert (hostile.status_code, hostile.json()["code"]) == (422, "IMPORT_REFUSED")


def test_a_model_of_the_team_is_registered_once(api: APIClient, ada: User) -> None:
    team = make_team(ada, name="Team Ada")
    facts = {"kind": "model", "title": "M", "summary": "M.", "team": team.slug}
    made = send(api, BASE, facts, expect=201)
    model = Artifact.objects.get(slug=made["slug"])
    assert check_method(model, team) == model
