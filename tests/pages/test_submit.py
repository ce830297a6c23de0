"""The upload form, with the real check in the cage."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalog.models import Artifact
from challenges.models import Round
from submissions.models import Submission, SubmissionState
from tests.factories import (
    make_artifact,
    make_challenge,
    make_round,
    make_submission,
    make_team,
    make_user,
    npz_bytes,
    organizer_of,
)

GOOD = npz_bytes({"t1": 1.0, "t2": 2.0, "t3": 3.5})


@pytest.fixture
def person(db: None) -> User:
    person = make_user("ada")
    make_team(person, name="Ada alone")
    return person


@pytest.fixture
def round_(db: None) -> Round:
    round_ = make_round(make_challenge(make_user("host")))
    round_.offered_data.add(make_artifact(title="Offered fields", slug="offered"))
    make_artifact(title="Other fields", slug="other")
    return round_


@pytest.fixture
def member(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def fields(client: Client, round_: Round, **changed: object) -> dict[str, object]:
    """Return what the form sends when only the file, name and summary are filled in."""
    form = client.get(url_of(round_)).context["form"]
    sent: dict[str, object] = {
        "key": form["key"].value(),
        "team": form["team"].value(),
        "offered": form["offered"].value(),
        "disclosure": form["disclosure"].value(),
        "file": SimpleUploadedFile("prediction.npz", GOOD),
        "method_title": "Linear guess",
        "method_summary": "Draws a line.",
    }
    return sent | changed


def url_of(round_: Round) -> str:
    return f"{round_.get_absolute_url()}submit/"


def test_a_good_file_becomes_a_queued_submission_with_its_method_and_lineage(
    member: Client, person: User, round_: Round
) -> None:
    other = Artifact.objects.get(slug="other")
    sent = fields(member, round_, other_data=[other.pk], note="first try")
    response = member.post(url_of(round_), sent)
    submission = Submission.objects.get()
    assert (response.status_code, response.url) == (302, submission.get_absolute_url())
    assert submission.state == SubmissionState.QUEUED
    assert submission.submitted_by == person
    assert submission.note == "first try"
    assert submission.method.title == "Linear guess"
    inputs = submission.method.parent_edges.values_list("parent__slug", flat=True)
    assert sorted(inputs) == ["offered", "other"]
    page = member.get(submission.get_absolute_url()).content.decode()
    assert "It is next: the first free worker takes it." in page
    assert f'data-follow="/submissions/{submission.code}/state/"' in page


def test_offered_datasets_are_ticked_and_can_be_unticked(member: Client, round_: Round) -> None:
    html = member.get(url_of(round_)).content.decode()
    assert html.count(" checked>") == 2  # the offered dataset, and full disclosure
    member.post(url_of(round_), fields(member, round_, offered=[]))
    assert Submission.objects.get().method.parent_edges.count() == 0


def test_a_wrong_file_is_refused_with_every_problem_and_leaves_nothing_behind(
    member: Client, round_: Round
) -> None:
    wrong = npz_bytes({"t1": [1.0, 2.0], "t2": np.nan, "t3": 0.0})
    sent = fields(member, round_, file=SimpleUploadedFile("wrong.npz", wrong))
    response = member.post(url_of(round_), sent)
    html = response.content.decode()
    assert response.status_code == 422
    assert "The file has 2 problems." in html
    assert html.count("Mend it:") == 2
    assert "Nothing was counted against your quota" in html
    assert 'value="Linear guess"' in html
    assert not Submission.objects.exists()
    assert not Artifact.objects.filter(kind="model").exists()
    assert "5 of 5 left today" in html


def test_a_refused_file_is_shown_with_how_it_could_be_mended(member: Client, round_: Round) -> None:
    wrong = npz_bytes({"T1": 1.0, "t2": 2.0, "t3": 0.0})
    sent = fields(member, round_, file=SimpleUploadedFile("wrong.npz", wrong))
    html = member.post(url_of(round_), sent).content.decode()
    assert "A machine can see how to mend this" in html
    assert "<code>&#x27;T1&#x27;</code> → <code>&#x27;t1&#x27;</code>" in html
    assert f"heldout format {round_.challenge.slug}/{round_.slug} --server http://" in html


def test_the_same_form_sent_twice_is_one_submission(member: Client, round_: Round) -> None:
    sent = fields(member, round_)
    first = member.post(url_of(round_), sent)
    again = {**sent, "file": SimpleUploadedFile("prediction.npz", GOOD)}
    assert member.post(url_of(round_), again).url == first.url
    assert Submission.objects.count() == 1


def test_without_quota_the_page_says_when_to_come_back(member: Client, round_: Round) -> None:
    round_.submissions_per_day = 1
    round_.save()
    member.post(url_of(round_), fields(member, round_))
    response = member.post(url_of(round_), fields(member, round_))
    assert response.status_code == 429
    assert b"The team has used 1 of 1 submissions of today: 0 of 1 left." in response.content
    assert Submission.objects.count() == 1


def test_a_file_above_the_limit_is_refused_before_it_is_read(member: Client, round_: Round) -> None:
    round_.upload_limit_bytes = 1000
    round_.save()
    sent = fields(member, round_, file=SimpleUploadedFile("large.npz", b"0" * 400_000))
    response = member.post(url_of(round_), sent)
    assert response.status_code == 413
    assert b"this round takes files up to 1000" in response.content
    assert not Submission.objects.exists()


def test_a_closed_round_shows_no_form_and_takes_no_file(member: Client, round_: Round) -> None:
    sent = fields(member, round_)
    round_.closes_at = timezone.now() - timedelta(minutes=1)
    round_.save()
    assert b"This round is closed" in member.get(url_of(round_)).content
    response = member.post(url_of(round_), sent)
    assert response.status_code == 403
    assert b"The round closed at" in response.content


def test_a_team_one_is_not_in_cannot_be_chosen(member: Client, round_: Round) -> None:
    response = member.post(url_of(round_), fields(member, round_, team=make_team().pk))
    assert response.status_code == 422
    assert not Submission.objects.exists()


def test_a_form_without_its_token_is_refused(person: User, round_: Round) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    response = strict.post(url_of(round_), fields(strict, round_))
    assert response.status_code == 403
    assert b"Please send it again" in response.content
    assert not Submission.objects.exists()


def test_an_upload_counts_from_its_start_not_from_its_end(
    member: Client, round_: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = fields(member, round_)
    began = timezone.now()
    member.post(url_of(round_), sent)
    submission = Submission.objects.get()
    assert began <= submission.received_at <= submission.queued_at


def test_only_organizers_choose_the_kind_of_entry(
    client: Client, member: Client, round_: Round
) -> None:
    assert b"Kind of entry" not in member.get(url_of(round_)).content
    member.post(url_of(round_), fields(member, round_, entry_kind="baseline"))
    assert Submission.objects.get().entry_kind == "participant"
    host = organizer_of(round_.challenge)
    make_team(host, name="Hosts")
    client.force_login(host)
    client.post(url_of(round_), fields(client, round_, entry_kind="baseline"))
    assert Submission.objects.filter(entry_kind="baseline").count() == 1


def test_too_many_inputs_are_refused_at_the_form(member: Client, round_: Round) -> None:
    many = [make_artifact().pk for _ in range(12)]
    response = member.post(url_of(round_), fields(member, round_, other_data=many))
    assert response.status_code == 422
    assert b"These are 13 inputs, and at most 12 can be declared." in response.content


def test_state_answers_304_until_it_changes(member: Client, person: User, round_: Round) -> None:
    submission = make_submission(round_, person.teams.get())
    url = f"{submission.get_absolute_url()}state/"
    first = member.get(url)
    assert b'data-finished="no"' in first.content
    held = {"If-None-Match": first["ETag"]}
    assert member.get(url, headers=held).status_code == 304
    Submission.objects.filter(pk=submission.pk).update(
        state=SubmissionState.SCORED, finished_at=timezone.now()
    )
    changed = member.get(url, headers=held)
    assert (changed.status_code, b'data-finished="yes"' in changed.content) == (200, True)


def test_a_team_withdraws_its_own_with_a_reason(
    member: Client, person: User, round_: Round
) -> None:
    submission = make_submission(round_, person.teams.get())
    url = f"{submission.get_absolute_url()}withdraw/"
    assert member.post(url, {"reason": ""}).status_code == 422
    assert member.get(url).status_code == 405
    assert member.post(url, {"reason": "wrong file"}).status_code == 302
    submission.refresh_from_db()
    assert (submission.state, submission.reason) == ("withdrawn", "wrong file")
    assert b"Withdraw it" not in member.get(submission.get_absolute_url()).content


def test_nobody_withdraws_what_they_do_not_see(client: Client, round_: Round, db: None) -> None:
    submission = make_submission(round_)
    client.force_login(make_user())
    response = client.post(f"{submission.get_absolute_url()}withdraw/", {"reason": "mine now"})
    assert response.status_code == 404
    submission.refresh_from_db()
    assert submission.state == SubmissionState.QUEUED
