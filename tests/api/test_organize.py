"""Setting up and running a round through the API."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from challenges.management.commands.setup_roles import setup_roles
from challenges.models import Challenge, Correction, Round
from submissions.models import QuotaEntry
from submissions.services.quota import reserve
from tests.api.test_submissions import client_of
from tests.factories import make_round, make_submission, make_team, make_user, organizer_of

pytestmark = pytest.mark.django_db
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ALL = "read submit organize"


def place(round_: Round, tail: str = "") -> str:
    return f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/{tail}"


def zipped(folder: Path, change: tuple[str, str] = ("", "")) -> bytes:
    """Return an example bundle as an archive, with one text in its YAML replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                if path.name == "challenge.yaml" and change[0]:
                    content = content.replace(change[0].encode(), change[1].encode())
                archive.writestr(str(path.relative_to(folder)), content)
    return buffer.getvalue()


@pytest.fixture
def organizer() -> APIClient:
    person = make_user("olga", is_staff=True)
    person.groups.add(setup_roles())
    return client_of(person, scopes=ALL)


@pytest.fixture
def bundle() -> Path:
    return sorted(path.parent for path in EXAMPLES.glob("*/challenge.yaml"))[0]


def test_a_bundle_makes_a_challenge_and_again_changes_nothing(
    organizer: APIClient, bundle: Path
) -> None:
    content = zipped(bundle)
    kind = {"content_type": "application/octet-stream"}
    made = organizer.post("/api/v1/bundles/", content, **kind)
    assert made.status_code == 201, made.json()
    assert {each["outcome"] for each in made.json()["rounds"]} == {"created"}
    challenge = Challenge.objects.get(slug=made.json()["challenge"])
    assert challenge.roles.get().user.username == "olga"
    file = SimpleUploadedFile("b.zip", content)
    again = organizer.post("/api/v1/bundles/", {"file": file})
    assert again.status_code == 200
    assert {each["outcome"] for each in again.json()["rounds"]} == {"unchanged"}


def test_every_problem_of_a_bundle_is_told_with_file_and_line(
    organizer: APIClient, bundle: Path
) -> None:
    content = zipped(bundle, ("licence:", "license:"))
    refused = organizer.post("/api/v1/bundles/", content, content_type="application/octet-stream")
    assert (refused.status_code, refused.json()["code"]) == (422, "BUNDLE_ERROR")
    assert any(
        each["where"].startswith("challenge.yaml, line ") for each in refused.json()["problems"]
    )
    assert not Challenge.objects.exists()


def test_what_is_no_archive_is_told_so(organizer: APIClient) -> None:
    kind = {"content_type": "application/octet-stream"}
    refused = organizer.post("/api/v1/bundles/", b"no archive", **kind)
    assert refused.status_code == 422
    assert "bundle.zip" in refused.json()["problems"][0]["where"]


def test_bundles_are_for_people_who_may_add_challenges(bundle: Path) -> None:
    kind = {"content_type": "application/octet-stream"}
    nobody = client_of(make_user(), scopes=ALL)
    assert nobody.post("/api/v1/bundles/", b"x", **kind).status_code == 403
    plain = make_user(is_staff=True, is_superuser=True)
    weak = client_of(plain).post("/api/v1/bundles/", b"x", **kind)
    assert (weak.status_code, weak.json()["code"]) == (403, "SCOPE_MISSING")


def test_a_round_is_closed_revealed_and_made_final() -> None:
    round_ = make_round()
    organizer = client_of(organizer_of(round_.challenge), scopes=ALL)
    early = organizer.post(place(round_, "reveal/"))
    assert (early.status_code, early.json()["code"]) == (409, "ROUND_NOT_READY")
    states = [
        organizer.post(place(round_, f"{act}/")).json()["state"]
        for act in ("close", "reveal", "finalize")
    ]
    assert states == ["closed", "revealed", "final"]


def test_publishing_says_everything_that_is_missing() -> None:
    draft = make_round(published=False, task="", opens_at=timezone.now() + timedelta(days=1))
    organizer = client_of(organizer_of(draft.challenge), scopes=ALL)
    refused = organizer.post(place(draft, "publish/"))
    assert (refused.status_code, refused.json()["code"]) == (422, "PUBLISH_REFUSED")
    assert len(refused.json()["problems"]) > 1
    assert not Round.objects.get(pk=draft.pk).is_frozen


def test_acts_are_for_organizers_of_the_challenge_with_the_scope() -> None:
    round_ = make_round()
    stranger = client_of(organizer_of(make_round().challenge), scopes=ALL)
    assert stranger.post(place(round_, "close/")).json()["code"] == "NOT_ORGANIZER"
    weak = client_of(organizer_of(round_.challenge)).post(place(round_, "close/"))
    assert (weak.status_code, weak.json()["code"]) == (403, "SCOPE_MISSING")
    assert APIClient().post(place(round_, "close/")).status_code == 401
    assert Round.objects.get(pk=round_.pk).state == "open"


def test_a_grant_counts_once_for_its_key_and_is_answered_with_the_quota() -> None:
    round_ = make_round(submissions_per_day=2)
    team = make_team(slug="waves")
    organizer = client_of(organizer_of(round_.challenge), scopes=ALL)
    facts = {"team": "waves", "amount": 3, "reason": "Our fault."}
    path = place(round_, "grants/")
    given = organizer.post(path, facts, format="json", HTTP_IDEMPOTENCY_KEY="g")
    assert (given.status_code, given.json()["left"]) == (201, 5)
    again = organizer.post(path, facts, format="json", HTTP_IDEMPOTENCY_KEY="g")
    assert again.content == given.content
    other = organizer.post(path, facts | {"amount": 4}, format="json", HTTP_IDEMPOTENCY_KEY="g")
    assert other.status_code == 422
    assert QuotaEntry.objects.filter(team=team).count() == 1
    unknown = organizer.post(path, facts | {"team": "nobody"}, format="json")
    assert unknown.status_code == 404


def test_a_refund_gives_the_place_back_once() -> None:
    round_ = make_round()
    entry = make_submission(round_)
    reserve(entry)
    organizer = client_of(organizer_of(round_.challenge), scopes=ALL)
    path = f"/api/v1/submissions/{entry.code}/refund/"
    facts = {"reason": "Our fault."}
    assert organizer.post(path, facts, format="json").json() == {"refunded": True}
    assert organizer.post(path, facts, format="json").json() == {"refunded": False}
    own = client_of(entry.submitted_by, scopes=ALL).post(path, facts, format="json")
    assert own.status_code == 403


def test_corrections_are_listed_for_the_organizers() -> None:
    round_ = make_round()
    person = organizer_of(round_.challenge)
    Correction.objects.create(round=round_, reason="A wrong unit.", made_by=person)
    (row,) = client_of(person, scopes=ALL).get(place(round_, "corrections/")).json()
    assert (row["reason"], row["in_force_at"], row["targets"]) == ("A wrong unit.", None, [])
    assert client_of(make_user(), scopes=ALL).get(place(round_, "corrections/")).status_code == 403


def test_an_announcement_is_posted_and_put_right() -> None:
    round_ = make_round()
    organizer = client_of(organizer_of(round_.challenge), scopes=ALL)
    path = place(round_, "announcements/")
    first = {"title": "Dates", "text": "We close on Monday."}
    assert organizer.post(path, first, format="json").status_code == 201
    mended = {"title": "Dates", "text": "On Tuesday.", "corrects": 1}
    assert organizer.post(path, mended, format="json").json()["corrects"] == 1
    assert [each["number"] for each in APIClient().get(path).json()] == [2, 1]
    wrong = organizer.post(path, mended | {"corrects": 9}, format="json")
    assert wrong.status_code == 404
    assert client_of(make_user(), scopes=ALL).post(path, first, format="json").status_code == 403
