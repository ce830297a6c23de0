"""Who sees what: what is out of sight does not exist."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalog.models import ArtifactFile
from challenges.models import Round, RoundFile
from tests.factories import make_artifact, make_reference, make_user
from tests.pages.seed import Seed, rejected


@pytest.fixture
def viewers(seed: Seed) -> dict[str, User | None]:
    return {
        "anonymous": None,
        "stranger": make_user("stranger"),
        "member": seed.ann,
        "organizer": seed.organizer,
        "superuser": make_user("root", is_superuser=True, is_staff=True),
    }


def codes(client: Client, viewers: dict[str, User | None], url: str) -> dict[str, int]:
    """Return each viewer's status code."""
    found = {}
    for name, user in viewers.items():
        client.logout()
        if user is not None:
            client.force_login(user)
        response = client.get(url)
        if response.streaming:  # read to its end, so that the file is closed
            b"".join(response.streaming_content)
        found[name] = response.status_code
    return found


HIDDEN = {"anonymous": 404, "stranger": 404, "member": 404, "organizer": 200, "superuser": 200}
PRIVATE = HIDDEN | {"member": 200}
PUBLIC = dict.fromkeys(HIDDEN, 200)


@pytest.mark.parametrize("page", ["", "scores/", "datasets/", "targets/u01/"])
def test_pages_of_a_draft_exist_for_its_organizers_only(
    client: Client, seed: Seed, viewers: dict[str, User | None], page: str
) -> None:
    assert codes(client, viewers, seed.draft.get_absolute_url() + page) == HIDDEN


@pytest.mark.parametrize("page", ["", "state/"])
def test_a_submission_is_seen_by_its_team_and_the_organizers_only(
    client: Client, seed: Seed, viewers: dict[str, User | None], page: str
) -> None:
    url = rejected(seed).get_absolute_url() + page
    assert codes(client, viewers, url) == PRIVATE


def test_drafts_are_named_on_no_page_of_a_stranger(client: Client, seed: Seed) -> None:
    for url in ("/", seed.challenge.get_absolute_url()):
        assert seed.draft.title.encode() not in client.get(url).content
    client.force_login(seed.organizer)
    assert seed.draft.title.encode() in client.get("/").content


def test_inputs_of_a_target_are_hidden_until_it_opens(
    client: Client, seed: Seed, viewers: dict[str, User | None]
) -> None:
    staged = seed.open.targets.get(slug="u01")
    staged.opens_at = timezone.now() + timedelta(days=1)
    staged.save()
    url = seed.open.get_absolute_url()
    assert codes(client, viewers, f"{url}files/u01.csv") == HIDDEN | {"member": 404}
    assert codes(client, viewers, f"{url}files/u02.csv") == PUBLIC
    client.logout()
    page = client.get(f"{url}targets/u01/").content
    assert b"not released yet" in page
    assert staged.title.encode() not in page
    assert (
        staged.title.encode()
        not in client.get(url).content.split(b'id="targets"')[1].split(b"u02")[0]
    )


def test_all_files_of_an_upcoming_round_are_hidden_until_it_opens(
    client: Client, seed: Seed
) -> None:
    url = seed.upcoming.get_absolute_url()
    assert client.get(f"{url}files/u01.csv").status_code == 404
    assert client.get(f"{url}files/template.npz").status_code == 404
    Round.objects.filter(pk=seed.upcoming.pk).update(opens_at=timezone.now())
    template = client.get(f"{url}files/template.npz")
    assert b"".join(template.streaming_content) == b"template.npz" * 50


def test_a_target_set_of_a_draft_is_seen_by_its_organizers_only(
    client: Client, seed: Seed, viewers: dict[str, User | None]
) -> None:
    secret = make_artifact(kind="target-set", title="Hidden question", people=[seed.organizer])
    file = ArtifactFile(artifact=secret, name="about.txt", size_bytes=1, sha256="0" * 64)
    file.file.save("about", ContentFile(b"x"))
    seed.draft.target_set = secret
    seed.draft.save()
    assert codes(client, viewers, secret.get_absolute_url()) == HIDDEN
    url = f"/artifacts/{secret.slug}/1/files/about.txt"
    assert codes(client, viewers, url) == HIDDEN
    client.logout()
    assert b"Hidden question" not in client.get(seed.organizer.get_absolute_url()).content


def test_no_page_shows_or_links_a_reference_file(client: Client, seed: Seed) -> None:
    reference = make_reference(seed.final.targets.get(slug="u01"), 0.123456789)
    client.force_login(seed.organizer)
    page = client.get(f"{seed.final.get_absolute_url()}targets/u01/").content.decode()
    assert reference.commitment in page
    assert reference.salt not in page
    assert str(reference.file) not in page
    assert "0.1234" not in page


def test_a_download_is_an_attachment_and_a_304_for_who_has_it(client: Client, seed: Seed) -> None:
    url = f"{seed.open.get_absolute_url()}files/u01.csv"
    first = client.get(url)
    content = b"".join(first.streaming_content)
    assert content == b"u01.csv" * 50
    assert first["Content-Disposition"] == 'attachment; filename="u01.csv"'
    assert first["ETag"] == f'"{RoundFile.objects.get(round=seed.open, name="u01.csv").sha256}"'
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_file_that_left_the_storage_is_a_404(client: Client, seed: Seed) -> None:
    file = RoundFile.objects.get(round=seed.open, name="u01.csv")
    file.file.storage.delete(str(file.file))
    assert client.get(f"{seed.open.get_absolute_url()}files/u01.csv").status_code == 404
