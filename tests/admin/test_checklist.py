"""The checklist of a draft: from the same look as publishing, with a way to mend each item."""

from __future__ import annotations

import re

import pytest
from django.utils.html import escape

from accounts.models import User
from challenges.admin.places import linked_checklist
from challenges.models import Reference, Round
from challenges.services.readiness import checklist, findings_of, unmet_before_publishing
from tests.admin.forms import client_of, organizer
from tests.challenges.builders import draft_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return organizer("ada")


@pytest.fixture
def draft(ada: User) -> Round:
    return draft_round(ada)


def spoil(draft: Round) -> None:
    challenge = draft.challenge
    challenge.ethics = ""
    challenge.ml_task = "Two numbers.\n\nTO WRITE: what goes in"
    challenge.save()
    draft.embargo = ""
    draft.upload_limit_bytes = 10**15
    draft.target_set = None
    draft.save()
    Reference.objects.filter(target__round=draft, target__slug="t1").delete()
    draft.metrics.update(is_primary=False)
    draft.refresh_from_db()


def test_what_is_missing_is_what_publishing_refuses(draft: Round) -> None:
    spoil(draft)
    told = [
        finding.sentence for step in checklist(draft) for finding in step.findings if finding.blocks
    ]
    assert sorted(told) == sorted(unmet_before_publishing(draft))
    assert len(told) == 7
    assert any("prompt: what goes in" in sentence for sentence in told)


def test_a_complete_draft_has_warnings_at_most(draft: Round) -> None:
    assert unmet_before_publishing(draft) == []
    states = {step.step.name: step.state for step in checklist(draft)}
    assert "missing" not in states.values()
    assert states["CHARTER"] == "done"
    assert states["TASK"] == "warning"  # nothing is said of mission, cohort ...


def test_every_finding_leads_to_a_page_with_the_field(draft: Round, ada: User) -> None:
    spoil(draft)
    client = client_of(ada)
    page = client.get(f"/admin/challenges/round/{draft.pk}/change/").content.decode()
    found = [pair for step in linked_checklist(draft) for pair in step.findings]
    assert len(found) == len(findings_of(draft))
    for finding, address in found:
        assert escape(finding.sentence) in page
        assert f'href="{address}"' in page
        path, _, anchor = address.partition("#")
        there = client.get(path)
        assert there.status_code == 200
        if anchor:
            assert re.search(rf'id="{anchor}"', there.content.decode()), address
