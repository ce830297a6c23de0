"""From nothing to an open round, entirely in the admin, by an organizer who is no superuser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from catalog.models import Artifact
from challenges.models import Challenge, Reference, Round, RoundState
from challenges.services.references import open_references
from tests.admin.forms import client_of, errors_of, filled, organizer, row
from tests.challenges.bundle_files import npz
from tests.factories import npy_bytes

pytestmark = pytest.mark.django_db

FIELD = np.linspace(-1, 1, 12).reshape(3, 4) / 7


def send(client: Client, address: str, values: dict[str, Any]) -> Any:
    """Open a form, fill in these values, send it; it must be taken."""
    values = {**filled(client.get(address)), **values}
    response = client.post(address, values)
    assert response.status_code == 302, errors_of(response)
    return client.get(response["Location"])


def moment(name: str, when: Any) -> dict[str, str]:
    return {f"{name}_0": f"{when:%Y-%m-%d}", f"{name}_1": f"{when:%H:%M:%S}"}


def make_challenge(client: Client) -> Challenge:
    send(
        client,
        "/admin/challenges/challenge/add/",
        {
            "title": "Waves",
            "slug": "waves",
            "summary": "How do waves steepen?",
            "domain_question": "Why do they break?",
            "ml_task": "Predict the field.",
            "domain_primer": "A crest is faster than its foot.",
            "ml_primer": "The error is relative.",
            "data_statement": "Computed.",
            "ethics": "No risk known.",
            "licence": "CC-BY-4.0",
        },
    )
    return Challenge.objects.get()


def make_target_set(client: Client, person: Any) -> Artifact:
    send(
        client,
        "/admin/catalog/artifact/add/",
        {
            "kind": "target-set",
            "title": "Wave targets",
            "slug": "wave-targets",
            "summary": "Two fields.",
            "licence": "CC-BY-4.0",
            **row("contributions", 0, person=person.pk, roles='["software"]'),
            **row("contributions", 1, name="C. Doe", roles="[]"),
        },
    )
    return Artifact.objects.get()


def make_round(client: Client, challenge: Challenge, target_set: Artifact) -> Round:
    now = timezone.now()
    send(
        client,
        "/admin/challenges/round/add/",
        {
            "challenge": challenge.pk,
            "title": "First round",
            "slug": "first",
            "task": "Predict the fields.",
            "embargo": "Nothing is held back.",
            "grace_minutes": 0,
            "design_mission": "To choose a method.",
            **moment("opens_at", now - timedelta(hours=1)),
            **moment("closes_at", now + timedelta(days=7)),
            "reader": "npz",
            "target_set": target_set.pk,
            **row(
                "metrics",
                0,
                choice="nrmse/1",
                parameters='{"layout": "tx"}',
                aggregate="mean",
                is_primary="on",
                position=0,
            ),
            **row("targets", 0, slug="u1", position=0, shape="[3, 4]"),
            **row(
                "targets",
                1,
                slug="u2",
                position=1,
                shape="[3, 4]",
                answer=SimpleUploadedFile("u2.npy", npy_bytes(FIELD)),
            ),
            **row("files", 0, upload=SimpleUploadedFile("grid.csv", b"x\n0\n")),
        },
    )
    return Round.objects.get()


def test_an_organizer_goes_from_nothing_to_an_open_round() -> None:
    ada = organizer("ada")
    client = client_of(ada)
    challenge = make_challenge(client)
    assert [(role.user, role.role) for role in challenge.roles.all()] == [(ada, "owner")]
    target_set = make_target_set(client, ada)
    shares = [
        (share.public_name, share.share_bp, share.confirmed_at is not None)
        for share in target_set.contributions.order_by("id")
    ]
    assert (shares, target_set.shares_sealed) == (
        [("ada", 5000, True), ("C. Doe", 5000, False)],
        True,
    )
    round_ = make_round(client, challenge, target_set)
    address = f"/admin/challenges/round/{round_.pk}"
    page = client.get(f"{address}/change/").content.decode()
    assert "One thing is missing before this round can open" in page
    assert "Target u1 has no reference answer." in page

    answers = SimpleUploadedFile("answers.npz", npz({"u1": FIELD + 1, "u2": FIELD}))
    form = {"file": answers, "id_column": "target", "value_column": "value", "delimiter": ","}
    response = client.post(f"{address}/answers/", form, follow=True)
    assert "The answers of 2 targets are stored." in response.content.decode()
    assert "Nothing is missing" in response.content.decode()
    assert Reference.objects.count() == 2

    assert "frozen under a hash" in client.get(f"{address}/act/publish/").content.decode()
    assert Round.objects.get().state is RoundState.DRAFT
    response = client.post(f"{address}/act/publish/", follow=True)
    round_.refresh_from_db()
    assert round_.state is RoundState.OPEN
    assert round_.design_sha256 in response.content.decode()
    with open_references(round=round_, purpose="test") as handles:
        np.testing.assert_array_equal(np.load(handles["u2"]), FIELD)


def test_a_round_is_closed_revealed_and_finalized_by_buttons() -> None:
    client = client_of(organizer("ada"))
    challenge = make_challenge(client)
    ada = challenge.roles.get().user
    round_ = make_round(client, challenge, make_target_set(client, ada))
    address = f"/admin/challenges/round/{round_.pk}"
    upload = SimpleUploadedFile("u1.npz", npz({"u1": FIELD, "u2": FIELD}))
    form = {"file": upload, "id_column": "target", "value_column": "value", "delimiter": ","}
    client.post(f"{address}/answers/", form)
    for act, state in (
        ("publish", RoundState.OPEN),
        ("close", RoundState.CLOSED),
        ("reveal", RoundState.REVEALED),
        ("finalize", RoundState.FINAL),
    ):
        page = client.get(f"{address}/change/").content.decode()
        assert [name for name in ("publish", "close", "reveal", "finalize") if f"/act/{name}/" in page] == [act]  # fmt: skip  # noqa: E501
        assert client.post(f"{address}/act/{act}/").status_code == 302
        assert Round.objects.get().state is state
        again = client.post(f"{address}/act/{act}/")
        assert again.status_code == 200
        assert "not possible" in again.content.decode()
    history = client.get(f"{address}/history/").content.decode()
    assert all(word in history for word in ("Published.", "Closed.", "Revealed.", "Final."))
