"""A draft is rehearsed from the admin: asked for, held by a worker's look, told with places."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from challenges.models import ReferenceAccess, Round
from rehearsal.drafts import hold_waiting
from rehearsal.models import RoundRehearsal
from tests.admin.forms import client_of, organizer
from tests.challenges.builders import draft_round

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_draft_is_rehearsed_and_what_is_found_leads_to_the_forms() -> None:
    ada = organizer("ada")
    draft = draft_round(ada)
    draft.tie_tolerance = 1e9  # planted: everybody would be first
    draft.save()
    client = client_of(ada)
    address = f"/admin/rehearsals/{draft.pk}/"
    form = f"/admin/challenges/round/{draft.pk}/change/"
    assert "Not rehearsed yet" in read(client, form)
    assert client.post(address)["Location"] == address
    client.post(address)  # an impatient second click asks for nothing more
    assert "waits for a worker" in read(client, f"{address}part/")

    assert hold_waiting() == 1
    assert hold_waiting() == 0
    row = RoundRehearsal.objects.get()
    assert row.report is not None, row.note
    assert "ALL_TIED" in {each["code"] for each in row.report["findings"]}
    page = read(client, address)
    assert "Held" in page
    assert f'<a href="{form}#id_tie_tolerance">Mend it' in page
    assert '<th scope="row">perfect</th>' in page
    assert Round.objects.get().submissions.count() == 0  # the site is not touched
    assert ReferenceAccess.objects.filter(subject="ada, to rehearse").exists()

    assert "Rehearsed as it is" in read(client, form)
    draft.tie_tolerance = 0
    draft.save()
    assert "Changed since the rehearsal" in read(client, form)
    assert "has changed since" in read(client, address)


def test_others_hear_nothing_of_rehearsals_and_published_rounds_have_none() -> None:
    ada, eve = organizer("ada"), organizer("eve")
    draft = draft_round(ada)
    address = f"/admin/rehearsals/{draft.pk}/"
    for path in (address, f"{address}part/"):
        assert client_of(eve).get(path).status_code == 404
        assert Client().get(path).status_code == 302
    assert client_of(eve).post(address).status_code == 404
    Round.objects.update(published_at=timezone.now(), design_sha256="0" * 64, design={"a": 1})
    page = client_of(ada).post(address, follow=True).content.decode()
    assert "is published" in page
    assert not RoundRehearsal.objects.exists()


def test_a_round_has_one_rehearsal_at_a_time_which_ends_with_a_report_or_a_reason() -> None:
    ada = organizer("ada")
    draft = draft_round(ada)
    row = RoundRehearsal.objects.create(round=draft, asked_by=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoundRehearsal.objects.create(round=draft, asked_by=ada)
    row.ended_at = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
