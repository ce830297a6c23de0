"""A draft is rehearsed from the admin: asked for, held by a worker's look, told with places."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from challenges.models import ReferenceAccess, Round
from rehearsal.drafts import hold_waiting
from rehearsal.launch import RehearsalError, rehearse
from rehearsal.models import RoundRehearsal
from rehearsal.steps import Step, Told
from tests.admin.forms import client_of, organizer
from tests.challenges.builders import draft_round
from tests.rehearsal.bundles import CHARTER, round_text, write

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]


@contextmanager
def steps_told() -> Iterator[list[tuple[str, str]]]:
    """Collect what stands on the row whenever its lease is renewed."""
    seen: list[tuple[str, str]] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        if sql.startswith("UPDATE") and "lease_until" in sql and "step_detail" in sql:
            row = RoundRehearsal.objects.get()
            seen.append((row.step, row.step_detail))
        return answer

    with connection.execute_wrapper(look):
        yield seen


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
    assert '<noscript><meta http-equiv="refresh"' in read(client, address)

    with steps_told() as seen:
        assert hold_waiting() == 1
        assert hold_waiting() == 0
    assert list(dict.fromkeys(step for step, _ in seen)) == [step.value for step in Step]
    assert ("hand-in", "perfect") in seen
    assert ("close", "late") in seen
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


def test_a_rehearsal_whose_worker_is_gone_is_told_at_once_and_ended_at_the_next_look() -> None:
    ada = organizer("ada")
    draft = draft_round(ada)
    client = client_of(ada)
    address = f"/admin/rehearsals/{draft.pk}/"
    now = timezone.now()
    row = RoundRehearsal.objects.create(
        round=draft, asked_by=ada, started_at=now, lease_until=now + timedelta(minutes=1)
    )
    RoundRehearsal.objects.update(step="score", step_done=3, step_total=9)
    page = read(client, address)
    assert '<li class="now" aria-current="step">Entries are scored' in page
    assert "3 of 9" in page
    assert page.count("✓ done") == list(Step).index(Step.SCORE)
    assert "Rehearse again" not in page
    assert hold_waiting() == 0
    assert RoundRehearsal.objects.get().ended_at is None

    RoundRehearsal.objects.update(lease_until=now - timedelta(seconds=1))
    page = read(client, address)
    assert "does not answer" in page
    assert "Rehearse again" in page
    assert "<noscript>" not in page
    assert hold_waiting() == 0
    row.refresh_from_db()
    assert row.note.startswith("The worker that held it was stopped")


def test_a_process_that_nobody_waits_for_any_more_is_ended(tmp_path: Path) -> None:
    write(tmp_path / "bundle", CHARTER + round_text("first"))
    heard: list[Told | None] = []

    def until_imported(told: Told | None) -> bool:
        heard.append(told)
        return Told(Step.IMPORT) not in heard

    with pytest.raises(RehearsalError, match="given up"):
        rehearse(tmp_path / "bundle", heard=until_imported)
    assert [told for told in heard if told] == [Told(Step.START), Told(Step.IMPORT)]
