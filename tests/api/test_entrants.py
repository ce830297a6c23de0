"""What entrants do through the API beside submitting."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Team, User
from challenges.models import Round
from challenges.models.disclosure import BoardPolicy
from heldout import receipts
from leaderboards import signing
from leaderboards.services.refresh import refresh_board
from submissions.models import Submission
from tests.api.test_submissions import client_of
from tests.factories import (
    make_challenge,
    make_round,
    make_scored,
    make_submission,
    make_team,
    make_user,
    member_of,
)

pytestmark = pytest.mark.django_db
VALUES = {"t1": 0.5, "t2": 1.25, "t3": None}


def place(round_: Round, tail: str = "") -> str:
    return f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/{tail}"


@pytest.fixture
def round_() -> Round:
    return make_round()


@pytest.fixture
def ann() -> User:
    person = make_user("ann")
    make_team(person, slug="anns", name="Anns")
    return person


@pytest.fixture
def team(ann: User) -> Team:
    return ann.teams.get()


@pytest.fixture
def client(ann: User) -> APIClient:
    return client_of(ann)


def test_challenges_are_listed_and_read_with_their_rounds() -> None:
    round_ = make_round(make_challenge(slug="heat"))
    make_round(round_.challenge, published=False, slug="later")
    make_challenge(slug="draft", published_at=None)
    nobody = APIClient()
    assert [each["slug"] for each in nobody.get("/api/v1/challenges/").json()["results"]] == [
        "heat"
    ]
    found = nobody.get("/api/v1/challenges/heat/").json()
    assert found["domain_question"] == "What happens?"
    assert [each["slug"] for each in found["rounds"]] == [round_.slug]
    assert nobody.get("/api/v1/challenges/draft/").status_code == 404


def test_my_submissions_are_those_of_my_teams_filtered(
    client: APIClient, round_: Round, ann: User, team: Team
) -> None:
    waiting = make_submission(round_, team)
    scored = make_scored(round_, VALUES, team=team)
    other_round = make_submission(make_round(), team)
    other_team = make_submission(round_, make_team(ann, slug="two"))
    make_submission(round_)

    def codes(query: str) -> set[str]:
        found = client.get(f"/api/v1/submissions/{query}")
        assert found.status_code == 200, found.json()
        return {each["code"] for each in found.json()["results"]}

    everything = {each.code for each in (waiting, scored, other_round, other_team)}
    assert codes("") == everything
    assert codes("?state=scored") == {scored.code}
    assert codes("?team=two") == {other_team.code}
    name = f"{round_.challenge.slug}/{round_.slug}"
    assert codes(f"?round={name}&team=anns") == {waiting.code, scored.code}
    wrong = client.get("/api/v1/submissions/?state=lost").json()
    assert wrong["problems"][0]["where"] == "state"


def test_my_submissions_come_in_pages(client: APIClient, round_: Round, team: Team) -> None:
    for _ in range(51):
        make_submission(round_, team)
    first = client.get("/api/v1/submissions/").json()
    second = client.get(first["next"]).json()
    assert (len(first["results"]), len(second["results"]), second["next"]) == (50, 1, None)


def test_withdrawing_needs_a_reason_and_is_done_once(
    client: APIClient, round_: Round, team: Team
) -> None:
    found = make_submission(round_, team)
    path = f"/api/v1/submissions/{found.code}/withdraw/"
    assert client.post(path, {}, format="json").json()["problems"][0]["where"] == "reason"
    reason = {"reason": "A wrong file."}
    done = client.post(path, reason, format="json", HTTP_IDEMPOTENCY_KEY="w")
    assert (done.status_code, done.json()["state"]) == (200, "withdrawn")
    again = client.post(path, reason, format="json", HTTP_IDEMPOTENCY_KEY="w")
    assert (again.status_code, again.content) == (200, done.content)
    assert client.post(path, reason, format="json").json()["code"] == "ALREADY_WITHDRAWN"
    assert client_of(make_user()).post(path, reason, format="json").status_code == 404


def test_the_quota_of_each_of_my_teams_is_told(client: APIClient, round_: Round, ann: User) -> None:
    make_team(ann, slug="two")
    found = client.get(place(round_, "quota/")).json()
    limit = round_.submissions_per_day
    assert [(each["team"]["slug"], each["limit"], each["left"]) for each in found] == [
        ("anns", limit, limit),
        ("two", limit, limit),
    ]
    assert APIClient().get(place(round_, "quota/")).status_code == 401


def test_an_earlier_board_is_read_by_revision_and_by_date(round_: Round) -> None:
    make_scored(round_, VALUES)
    first = refresh_board(round_)
    make_scored(round_, {"t1": 0.1, "t2": 0.1, "t3": 0.1})
    refresh_board(round_)
    nobody, path = APIClient(), place(round_, "leaderboard/")
    newest = nobody.get(path).json()
    rows = nobody.get(f"{path}revisions/").json()
    assert [each["revision"] for each in rows] == [2, 1]
    assert (newest["revision"], len(newest["standings"])) == (2, 2)
    old = nobody.get(f"{path}?revision=1")
    assert (old.json()["revision"], len(old.json()["standings"])) == (1, 1)
    assert nobody.get(f"{path}?revision=1", HTTP_IF_NONE_MATCH=old["ETag"]).status_code == 304
    moment = rows[1]["computed_at"]
    assert nobody.get(path, {"at": moment}).json()["revision"] == 1
    assert nobody.get(path, {"at": "2020-01-01"}).json()["revision"] is None
    assert nobody.get(f"{path}?revision=3").status_code == 404
    for wrong in ("?revision=x", "?at=yesterday", "?at=2026-13-45"):
        assert nobody.get(path + wrong).status_code == 400
    assert first is not None


def test_scores_on_targets_are_shown_as_the_round_allows(round_: Round) -> None:
    mine = make_scored(round_, VALUES)
    refresh_board(round_)
    path = place(round_, "leaderboard/scores/")
    shown = APIClient().get(path).json()
    assert shown["visible"] is True
    (entry,) = shown["entries"]
    assert entry["submission"] == mine.code
    assert [(each["target"], each["value"]) for each in entry["scores"]] == list(VALUES.items())
    Round.objects.filter(pk=round_.pk).update(board_policy=BoardPolicy.CLOSE)
    hidden = APIClient().get(path).json()
    assert hidden == {"revision": None, "visible": False, "entries": []}


def test_disputes_are_opened_and_read_by_who_may(
    client: APIClient, round_: Round, team: Team
) -> None:
    path = place(round_, "targets/t1/disputes/")
    text = {"text": "The axis is upside down."}
    refused = client.post(path, text, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "DISPUTE_REFUSED")
    make_submission(round_, team)
    opened = client.post(path, text, format="json", HTTP_IDEMPOTENCY_KEY="d")
    assert (opened.status_code, opened.json()["state"]) == (201, "open")
    client.post(path, text, format="json", HTTP_IDEMPOTENCY_KEY="d")
    assert [each["text"] for each in client.get(path).json()] == [text["text"]]
    assert client_of(make_user()).get(path).json() == []


def test_a_team_is_made_joined_handed_over_and_left(client: APIClient) -> None:
    made = client.post("/api/v1/teams/", {"name": "Waves"}, format="json").json()
    assert (made["slug"], made["captain"]) == ("waves", "ann")
    again = client.post("/api/v1/teams/", {"name": "Waves"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "TEAM_NAME_TAKEN")
    invited = client.post("/api/v1/teams/waves/invitations/", {}, format="json").json()
    ben = client_of(make_user("ben"))
    assert ben.get("/api/v1/teams/waves/").status_code == 404
    joined = ben.post("/api/v1/invitations/", {"invitation": invited["url"]}, format="json")
    assert [each["username"] for each in joined.json()["members"]] == ["ann", "ben"]
    used = client_of(make_user()).post(
        "/api/v1/invitations/", {"invitation": invited["url"]}, format="json"
    )
    assert used.json()["code"] == "INVITATION_REFUSED"
    last = client.post("/api/v1/teams/waves/leave/")
    assert (last.status_code, last.json()["code"]) == (422, "TEAM_REFUSED")
    captain = client.post("/api/v1/teams/waves/captain/", {"username": "ben"}, format="json")
    assert captain.json()["captain"] == "ben"
    assert client.post("/api/v1/teams/waves/leave/").status_code == 204
    assert {each["slug"] for each in client.get("/api/v1/teams/").json()} == {"anns"}


def test_an_invitation_is_taken_back_by_the_captain(client: APIClient) -> None:
    client.post("/api/v1/teams/anns/invitations/", {}, format="json")
    (row,) = client.get("/api/v1/teams/anns/").json()["invitations"]
    path = f"/api/v1/teams/anns/invitations/{row['number']}/"
    assert client_of(make_user()).delete(path).status_code == 404
    assert client.delete(path).status_code == 204
    assert client.get("/api/v1/teams/anns/").json()["invitations"] == []


def _receipt(client: APIClient, submission: Submission) -> Any:
    response = client.get(f"/api/v1/submissions/{submission.code}/receipt/")
    assert response.status_code == 200, response.content
    return response.json()


def _keys() -> list[bytes]:
    return receipts.read_keys(json.dumps(APIClient().get("/api/v1/keys/").json()))


def test_a_receipt_says_what_was_scored_and_its_signature_holds(
    client: APIClient, round_: Round, team: Team
) -> None:
    mine = make_scored(round_, VALUES, team=team)
    told = receipts.check(_receipt(client, mine), _keys())
    assert told["submission"] == mine.code
    assert told["file"] == {"sha256": mine.sha256, "size_bytes": mine.size_bytes}
    assert [(each["target"], each["value"]) for each in told["scores"]] == [
        ("t1", "0.5"),
        ("t2", "1.25"),
        ("t3", None),
    ]
    commitments = {t.slug: t.references.get().commitment for t in round_.targets.all()}
    assert told["run"]["references"] == [
        {"target": slug, "version": 1, "commitment": commitments[slug]}
        for slug in ("t1", "t2", "t3")
    ]


def test_a_changed_receipt_or_another_key_is_noticed(
    client: APIClient, round_: Round, team: Team
) -> None:
    envelope = _receipt(client, make_scored(round_, VALUES, team=team))
    envelope["receipt"]["scores"][0]["value"] = "0.4"
    with pytest.raises(receipts.ReceiptError, match="changed after"):
        receipts.check(envelope, _keys())
    with pytest.raises(receipts.ReceiptError, match="not the given one"):
        receipts.check(envelope, [b"k" * 32])
    for wrong in (None, {}, {"receipt": {}, "signature": {}}, [], "x"):
        with pytest.raises(receipts.ReceiptError, match="no score receipt"):
            receipts.check(wrong, _keys())


def test_a_receipt_tells_no_score_that_the_round_withholds(
    client: APIClient, round_: Round, team: Team
) -> None:
    mine = make_scored(round_, VALUES, team=team)
    Round.objects.filter(pk=round_.pk).update(board_policy=BoardPolicy.CLOSE)
    told = receipts.check(_receipt(client, mine), _keys())
    assert (told["run"], told["scores"]) == (None, [])
    assert told["file"]["sha256"] == mine.sha256


def test_only_who_may_see_a_scored_submission_gets_its_receipt(
    client: APIClient, round_: Round, team: Team
) -> None:
    waiting = make_submission(round_, team)
    refused = client.get(f"/api/v1/submissions/{waiting.code}/receipt/")
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_SCORED")
    mine = make_scored(round_, VALUES, team=team)
    other = client_of(member_of(make_team()))
    assert other.get(f"/api/v1/submissions/{mine.code}/receipt/").status_code == 404


def test_an_earlier_key_of_the_site_is_still_told(settings: Any) -> None:
    first = signing.public_key()
    settings.SIGNING_KEY = base64.b64encode(b"n" * 32).decode()
    settings.RETIRED_SIGNING_KEYS = [base64.b64encode(first).decode()]
    told = APIClient().get("/api/v1/keys/").json()
    assert [each["is_current"] for each in told] == [True, False]
    assert told[1]["public_key"] == base64.b64encode(first).decode()


def test_the_site_keeps_its_own_key_for_its_owner_alone(settings: Any, tmp_path: Path) -> None:
    settings.HELDOUT_HOME = tmp_path
    assert signing.public_key() == signing.public_key()
    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["signing.key"]


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "heldout.cli", "receipt", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_command_checks_a_receipt_offline(
    client: APIClient, round_: Round, team: Team, tmp_path: Path
) -> None:
    mine = make_scored(round_, VALUES, team=team)
    file, key = tmp_path / "receipt.json", base64.b64encode(signing.public_key()).decode()
    file.write_text(json.dumps(_receipt(client, mine)), encoding="utf-8")
    good = _command("--check", str(file), "--key", key)
    assert good.returncode == 0, good.stderr
    assert good.stdout.startswith("The signature is good.")
    other = tmp_path / "other.npz"
    other.write_bytes(b"other")
    wrong_file = _command("--check", str(file), "--key", key, "--predictions", str(other))
    assert (wrong_file.returncode, "is not the file" in wrong_file.stderr) == (3, True)
    file.write_text(file.read_text("utf-8").replace("1.25", "0.25"), encoding="utf-8")
    changed = _command("--check", str(file), "--key", key)
    assert (changed.returncode, "was changed" in changed.stderr) == (3, True)
    assert _command("--check", str(file)).returncode == 2


def test_without_the_package_the_command_says_what_to_install(
    client: APIClient, round_: Round, team: Team, tmp_path: Path
) -> None:
    envelope = _receipt(client, make_scored(round_, VALUES, team=team))
    (tmp_path / "receipt.json").write_text(json.dumps(envelope), encoding="utf-8")
    key = base64.b64encode(signing.public_key()).decode()
    code = (
        "import sys; sys.modules['cryptography'] = None; from heldout.cli import main; "
        f"sys.exit(main(['receipt', '--check', 'receipt.json', '--key', '{key}']))"
    )
    path = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}); {code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 4
    assert "pip install 'heldout[receipts]'" in done.stderr


def test_a_round_that_is_out_of_sight_has_none_of_this(client: APIClient) -> None:
    draft = make_round(published=False, opens_at=timezone.now() + timedelta(days=1))
    for tail in ("quota/", "leaderboard/scores/", "leaderboard/revisions/", "targets/t1/disputes/"):
        assert client.get(place(draft, tail)).status_code == 404
