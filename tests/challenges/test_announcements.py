"""Announcements: for organizers to post, for everybody to read, never changed."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.models import User
from challenges.errors import AnnouncementRefused, NotOrganizer
from challenges.models import Announcement, Round
from challenges.selectors import announcements
from challenges.services.announcements import announce
from challenges.services.rounds import publish_round
from tests.challenges.builders import draft_round, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return person("ada")


@pytest.fixture
def round_(ada: User) -> Round:
    return publish_round(draft_round(ada), by=ada)


def test_announcements_are_numbered_and_read_newest_first(round_: Round, ada: User) -> None:
    first = announce(round_, title="New file", text="There is a *mask*.", by=ada)
    second = announce(round_, title="Its name", text="mask.npz", by=ada, corrects=first)
    found = list(announcements(round_))
    assert [(row.number, row.title) for row in found] == [(2, "Its name"), (1, "New file")]
    assert list(found[1].corrections.all()) == [second]


def test_only_an_organizer_announces_and_only_in_a_published_round(
    round_: Round, ada: User
) -> None:
    with pytest.raises(NotOrganizer):
        announce(round_, title="Hello", text="World", by=person("eve"))
    draft = draft_round(ada, slug="next")
    with pytest.raises(AnnouncementRefused, match="draft"):
        announce(draft, title="Hello", text="World", by=ada)
    with pytest.raises(AnnouncementRefused, match="title"):
        announce(round_, title=" ", text="World", by=ada)
    assert not Announcement.objects.exists()


def test_one_of_another_round_is_not_corrected(round_: Round, ada: User) -> None:
    other = publish_round(draft_round(ada, slug="other"), by=ada)
    first = announce(round_, title="Hello", text="World", by=ada)
    with pytest.raises(AnnouncementRefused, match="same round"):
        announce(other, title="Hello", text="World", by=ada, corrects=first)


def test_the_database_refuses_to_change_or_delete_one(round_: Round, ada: User) -> None:
    row = announce(round_, title="Hello", text="World", by=ada)
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        Announcement.objects.filter(pk=row.pk).update(text="Nothing.")
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        row.delete()
    assert announcements(round_).get().text == "World"


def test_everybody_reads_them_on_the_page_and_in_the_api(round_: Round, ada: User) -> None:
    first = announce(round_, title="New file", text="There is a *mask*.", by=ada)
    announce(round_, title="Its name", text="<script>x</script>mask.npz", by=ada, corrects=first)
    page = Client().get(round_.get_absolute_url()).content.decode()
    assert "There is a <em>mask</em>." in page
    assert "<script>x" not in page
    assert 'corrected by <a href="#announcement-2">' in page
    address = f"/api/v1/rounds/{round_.challenge.slug}/{round_.slug}/announcements/"
    answer = Client().get(address)
    assert [(row["number"], row["corrects"]) for row in answer.json()] == [(2, 1), (1, None)]
    assert Client().get(address, headers={"if-none-match": answer["ETag"]}).status_code == 304
