"""What the admin refuses: wrong forms, frozen rules, other challenges, hand-made scores."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from catalog.models import Artifact
from challenges.models import (
    Challenge,
    Correction,
    Reference,
    Round,
    RoundFile,
    RoundMetric,
    Target,
)
from challenges.services.corrections import propose_answers
from challenges.services.references import set_reference
from challenges.services.rounds import publish_round
from submissions.models import QuotaEntry, Submission, SubmissionState
from submissions.services.quota import reserve
from tests.admin.forms import client_of, errors_of, filled, organizer, row
from tests.challenges.builders import ANSWERS, draft_challenge, draft_round, person
from tests.factories import make_scored, make_submission, npy_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return organizer("ada")


@pytest.fixture
def draft(ada: User) -> Round:
    return draft_round(ada)


def change(round_: Round) -> str:
    return f"/admin/challenges/round/{round_.pk}/change/"


def refused(client: Client, address: str, values: dict[str, Any]) -> str:
    """Send a form with these values; it must come back with errors, and nothing is changed."""
    before = list(Round.objects.values()), Target.objects.count(), RoundFile.objects.count()
    response = client.post(address, {**filled(client.get(address)), **values})
    assert response.status_code == 200
    after = list(Round.objects.values()), Target.objects.count(), RoundFile.objects.count()
    assert after == before
    return " ".join(errors_of(response))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"closes_at_0": "2001-01-01"}, "A round opens before it closes"),
        ({"reader_options": '{"delimeter": ";"}'}, "no option 'delimeter'"),
        ({"reader_options": "[1]"}, "no option"),
        ({"missing_policy": "worst"}, "Declare the value"),
        ({"metrics-0-parameters": '{"speed": 1}'}, "no parameter 'speed'"),
        ({"metrics-0-aggregate": "pooled"}, "needs the aggregate one that is not"),
        ({"metrics-0-choice": "none/1"}, "not one of the available choices"),
        ({"targets-0-shape": "[0]"}, "A shape is a list of whole numbers"),
        ({"targets-1-slug": "t1"}, "Please correct the duplicate"),
    ],
)
def test_a_wrong_form_comes_back_with_the_reason(
    draft: Round, ada: User, values: dict[str, str], told: str
) -> None:
    assert told in refused(client_of(ada), change(draft), values)


def test_an_answer_that_does_not_fit_comes_back_with_the_reason(draft: Round, ada: User) -> None:
    client, address = client_of(ada), change(draft)
    for content, told in (
        (npy_bytes(np.zeros(3)), "is 3, the target is a single number"),
        (npy_bytes(np.nan), "not finite"),
        (b"1.5", "is not an array in .npy format"),
    ):
        upload = SimpleUploadedFile("t1.npy", content)
        assert told in refused(client, address, {"targets-0-answer": upload})
    assert Reference.objects.count() == 3


def test_a_file_with_a_strange_name_comes_back_with_the_reason(draft: Round, ada: User) -> None:
    values = row("files", 1, upload=SimpleUploadedFile("wave (1).csv", b"1"))
    assert "cannot be the name of a file" in refused(client_of(ada), change(draft), values)
    assert "Choose a file" in refused(
        client_of(ada), change(draft), row("files", 1, description="Nothing chosen")
    )


def test_files_are_replaced_and_deleted_in_a_draft(draft: Round, ada: User) -> None:
    client, address = client_of(ada), change(draft)
    target = draft.targets.get(slug="t2")
    values = {
        **filled(client.get(address)),
        "files-0-upload": SimpleUploadedFile("other-name.csv", b"better"),
        **row("files", 1, upload=SimpleUploadedFile("t2.csv", b"2"), target=target.pk),
    }
    assert client.post(address, values).status_code == 302
    rows = [(file.name, file.size_bytes, file.target) for file in draft.files.order_by("name")]
    assert rows == [("inputs.csv", 6, None), ("t2.csv", 1, target)]
    values = {**filled(client.get(address)), "files-0-DELETE": "on"}
    assert client.post(address, values).status_code == 302
    assert [file.name for file in draft.files.all()] == ["t2.csv"]


def test_publishing_an_unready_round_is_refused_with_the_reasons(draft: Round, ada: User) -> None:
    Target.objects.create(round=draft, slug="t4")
    address = f"/admin/challenges/round/{draft.pk}/act/publish/"
    for page in (client_of(ada).get(address), client_of(ada).post(address)):
        assert "Target t4 has no reference answer." in page.content.decode()
    assert Round.objects.get().published_at is None


def test_a_published_round_shows_its_rules_and_takes_no_change(draft: Round, ada: User) -> None:
    publish_round(draft, by=ada)
    draft.refresh_from_db()
    rules = {name: value for name, value in Round.objects.values().get().items() if name != "title"}
    metrics, targets = list(RoundMetric.objects.values()), list(Target.objects.values())
    client = client_of(ada)
    response = client.post(
        change(draft),
        {
            **filled(client.get(change(draft))),
            "title": "A better title",
            "task": "Something else",
            "opens_at_0": "2001-01-01",
            "opens_at_1": "00:00:00",
            "reader": "npy",
            "missing_policy": "skip",
            "target_set": "",
            "metrics-TOTAL_FORMS": 1,
            "metrics-INITIAL_FORMS": 1,
            "metrics-0-id": metrics[0]["id"],
            "metrics-0-choice": "squared_error/1",
            "targets-TOTAL_FORMS": 1,
            "targets-INITIAL_FORMS": 1,
            "targets-0-id": targets[0]["id"],
            "targets-0-slug": "other",
            "files-0-DELETE": "on",
        },
    )
    assert response.status_code == 302
    after = Round.objects.values().get()
    assert after.pop("title") == "A better title"
    assert after == rules
    assert list(RoundMetric.objects.values()) == metrics
    assert list(Target.objects.values()) == targets
    assert RoundFile.objects.count() == 1
    delete = client.post(f"/admin/challenges/round/{draft.pk}/delete/", {"post": "yes"})
    assert delete.status_code == 403


def test_a_target_of_a_published_round_takes_a_correction_with_a_reason_only(
    draft: Round, ada: User
) -> None:
    publish_round(draft, by=ada)
    target = draft.targets.get(slug="t1")
    client, address = client_of(ada), f"/admin/challenges/target/{target.pk}/change/"
    values = {**filled(client.get(address)), "weight": "9", "slug": "other"}
    upload = SimpleUploadedFile("t1.npy", npy_bytes(2.5))
    told = errors_of(client.post(address, {**values, "answer": upload}))
    assert told == ["Say why the answer changes; the reason is public."]
    upload = SimpleUploadedFile("t1.npy", npy_bytes(2.5))
    response = client.post(address, {**values, "answer": upload, "reason": "Wrong unit."})
    assert response.status_code == 302
    target.refresh_from_db()
    assert (target.slug, target.weight) == ("t1", 1.0)
    assert target.references.get(is_current=True).version == 1
    correction = Correction.objects.get()
    proposed = correction.references.get()
    assert (proposed.version, proposed.reason, proposed.is_current) == (2, "Wrong unit.", False)
    address = f"/admin/challenges/correction/{correction.pk}/change/"
    assert "nobody moves" in client.get(address).content.decode()
    client.post(address, {"_publish": "Put in force"})
    assert target.references.get(is_current=True) == proposed
    assert draft.amendments.get().reason == "Wrong unit."
    client.post(address, {"_withdraw": "Withdraw"})
    correction.refresh_from_db()
    assert (correction.in_force_at is None, correction.withdrawn_at) == (False, None)


def test_a_correction_is_out_of_sight_of_other_organizers(draft: Round, ada: User) -> None:
    publish_round(draft, by=ada)
    propose_answers(
        draft, [(draft.targets.get(slug="t1"), np.array(2.5))], by=ada, reason="Wrong unit."
    )
    address = f"/admin/challenges/correction/{Correction.objects.get().pk}/change/"
    assert client_of(ada).get(address).status_code == 200
    stranger = client_of(organizer("eve"))
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, {"_publish": "x"}).status_code == 404
    assert Correction.objects.get().is_open


def test_answers_in_one_file_are_all_taken_or_none(draft: Round, ada: User) -> None:
    client, address = client_of(ada), f"/admin/challenges/round/{draft.pk}/answers/"
    facts = {"id_column": "name", "value_column": "logp", "delimiter": ";"}
    before = list(Reference.objects.values())
    for name, content, told in (
        ("a.csv", b"name;logp\nt1;1\nt2;x\n", "There is no answer for target t3."),
        ("a.npz", b"PK", "The file was not taken"),
        ("a.txt", b"x", "Upload a .npz archive or a .csv table"),
    ):
        response = client.post(address, {**facts, "file": SimpleUploadedFile(name, content)})
        assert told.lower() in response.content.decode().lower()
        assert list(Reference.objects.values()) == before
    upload = SimpleUploadedFile("a.csv", b"name;logp;note\nt1;1;a\nt2;2;b\nt3;3;c\n")
    assert client.post(address, {**facts, "file": upload}).status_code == 302
    assert {row.target.slug: row.version for row in Reference.objects.filter(is_current=True)} == {
        "t1": 2,
        "t2": 2,
        "t3": 2,
    }


def test_targets_are_dated_by_a_calendar(draft: Round, ada: User) -> None:
    client, address = client_of(ada), "/admin/challenges/target/"
    chosen = {
        "action": "schedule_selected",
        "_selected_action": list(draft.targets.values_list("pk", flat=True)),
        "weekday": "",
        "at": "00:00",
        "per_release": 2,
    }
    assert "in the order of the targets" in client.post(address, chosen).content.decode()
    told = client.post(address, {**chosen, "confirmed": "yes", "days_open": 30}).content.decode()
    assert "after the round" in told
    assert not draft.targets.filter(opens_at__isnull=False).exists()
    client.post(address, {**chosen, "confirmed": "yes", "days_open": 2})
    first, second, third = draft.targets.values_list("opens_at", flat=True)
    assert (first, third - second) == (second, timedelta(days=1))


def test_targets_are_cancelled_with_a_reason_and_removed_from_drafts(
    draft: Round, ada: User
) -> None:
    client, address = client_of(ada), "/admin/challenges/target/"
    first, second = draft.targets.order_by("slug")[:2]
    chosen = {"action": "cancel_selected", "_selected_action": [first.pk]}
    assert "no longer count" in client.post(address, chosen).content.decode()
    assert Target.objects.filter(cancelled_at__isnull=False).count() == 0
    client.post(address, {**chosen, "confirmed": "yes", "reason": "Mislabelled."})
    assert Target.objects.get(cancelled_at__isnull=False).cancel_reason == "Mislabelled."
    client.post(address, {"action": "remove_selected", "_selected_action": [second.pk]})
    assert not Target.objects.filter(pk=second.pk).exists()
    publish_round(draft, by=ada)
    page = client.post(
        address, {"action": "remove_selected", "_selected_action": [first.pk]}, follow=True
    )
    assert "rules are frozen" in page.content.decode()


def test_another_challenges_organizer_finds_nothing(draft: Round, ada: User) -> None:
    eve = organizer("eve")
    other = draft_challenge(eve, slug="other")
    submission = make_scored(draft, {"t1": 1.0, "t2": 2.0, "t3": None})
    reference = Reference.objects.filter(target__round=draft)[0]
    run = submission.runs.get()
    addresses = [
        f"challenges/challenge/{draft.challenge.pk}",
        f"challenges/round/{draft.pk}",
        f"challenges/target/{draft.targets.all()[0].pk}",
        f"challenges/reference/{reference.pk}",
        f"submissions/submission/{submission.pk}",
        f"submissions/scoringrun/{run.pk}",
        f"submissions/score/{run.scores.all()[0].pk}",
    ]
    mine, hers = client_of(ada), client_of(eve)
    for address in addresses:
        assert mine.get(f"/admin/{address}/change/").status_code == 200, address
        for page in ("change", "history", "delete"):
            assert hers.get(f"/admin/{address}/{page}/").status_code in (403, 404), address
        assert hers.get(f"/admin/{address}/change/").status_code == 404, address
        listing = address.rpartition("/")[0]
        assert hers.get(f"/admin/{listing}/").context_data["cl"].result_count == (
            1 if listing == "challenges/challenge" else 0
        )
    for page in ("answers/", "act/publish/"):
        for send in (hers.get, hers.post):
            assert send(f"/admin/challenges/round/{draft.pk}/{page}").status_code == 404
    form = {**filled(hers.get("/admin/challenges/round/add/")), "challenge": draft.challenge.pk}
    told = errors_of(hers.post("/admin/challenges/round/add/", form))
    assert any("not one of the available choices" in error for error in told)
    assert not other.rounds.exists()


def test_people_without_the_group_do_not_get_in(draft: Round) -> None:
    for user in (person("bob"), person("staff", is_staff=True)):
        response = client_of(user).get(change(draft))
        assert response.status_code in (302, 404)
        assert "errornote" not in response.content.decode()


VIEW_ONLY = [
    "challenges/reference",
    "challenges/referenceaccess",
    "leaderboards/boardrevision",
    "leaderboards/creditbook",
    "leaderboards/creditentry",
    "leaderboards/duplicatesearch",
    "leaderboards/standing",
    "submissions/quotaentry",
    "submissions/score",
    "submissions/scoringrun",
    "submissions/submission",
]


@pytest.mark.parametrize("address", VIEW_ONLY)
def test_what_is_computed_or_recorded_is_only_looked_at(draft: Round, address: str) -> None:
    root = User.objects.create_superuser("root", password="correct horse")
    client = client_of(root)
    submission = make_scored(draft, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    reserve(submission)
    assert client.get(f"/admin/{address}/").status_code == 200
    assert client.get(f"/admin/{address}/add/").status_code == 403
    app, _, name = address.partition("/")
    model = next(
        model
        for model in admin.site._registry
        if (model._meta.app_label, model._meta.model_name) == (app, name)
    )
    row_ = model._default_manager.first()
    if row_ is None:
        assert app == "leaderboards" or name == "referenceaccess"
        return
    before = list(model._default_manager.values())
    values = {field.name: "1" for field in model._meta.fields}
    assert client.post(f"/admin/{address}/{row_.pk}/change/", values).status_code == 403
    assert client.post(f"/admin/{address}/{row_.pk}/delete/", {"post": "yes"}).status_code == 403
    assert list(model._default_manager.values()) == before


def test_submissions_are_rescored_withdrawn_and_refunded_by_actions(
    draft: Round, ada: User
) -> None:
    publish_round(draft, by=ada)
    client, address = client_of(ada), "/admin/submissions/submission/"
    scored = make_scored(draft, {"t1": 1.0, "t2": 2.0, "t3": 3.0})
    queued = make_submission(draft)
    reserve(scored)
    both = {"_selected_action": [scored.pk, queued.pk]}

    page = client.post(address, {**both, "action": "rescore_selected"}, follow=True)
    assert "1 submissions queued to be scored again." in page.content.decode()
    assert "is not scored again" in page.content.decode()
    scored.refresh_from_db()
    assert scored.state == SubmissionState.QUEUED

    chosen = {**both, "action": "refund_selected"}
    assert QuotaEntry.objects.filter(act="refund").count() == 0
    assert "on the day these counted for" in client.post(address, chosen).content.decode()
    client.post(address, {**chosen, "confirmed": "yes", "reason": "Our fault."})
    refund = QuotaEntry.objects.get(act="refund")
    assert (refund.submission, refund.by, refund.reason) == (scored, ada, "Our fault.")

    chosen = {**both, "action": "withdraw_selected"}
    told = client.post(address, {**chosen, "confirmed": "yes", "reason": ""})
    assert "This field is required" in told.content.decode()
    client.post(address, {**chosen, "confirmed": "yes", "reason": "Asked by the team."})
    reasons = set(Submission.objects.values_list("state", "reason"))
    assert reasons == {("withdrawn", "Asked by the team.")}


def test_no_admin_page_shows_an_answer(draft: Round, ada: User) -> None:
    publish_round(draft, by=ada)
    set_reference(
        target=draft.targets.get(slug="t1"), values=np.array(ANSWERS["t1"] + 1), by=ada, reason="R"
    )
    root = client_of(User.objects.create_superuser("root", password="correct horse"))
    texts = {repr(value) for value in ANSWERS.values()} | {repr(ANSWERS["t1"] + 1)}
    secrets_ = texts | {str(row.file) for row in Reference.objects.all()}
    secrets_ |= {row.salt for row in Reference.objects.all()}
    secrets_ |= {row.sha256 for row in Reference.objects.all()}
    seen = 0
    for client in (client_of(ada), root):
        for model in admin.site._registry:
            label = f"{model._meta.app_label}/{model._meta.model_name}"
            pages = [f"/admin/{label}/"]
            for pk in model._default_manager.values_list("pk", flat=True):
                pages += [f"/admin/{label}/{pk}/change/", f"/admin/{label}/{pk}/history/"]
            for page in pages:
                response = client.get(page)
                text = response.content.decode()
                assert not [secret for secret in secrets_ if secret in text], page
                seen += response.status_code == 200
    assert seen > 30


def test_no_admin_page_of_ours_has_inline_script_or_style(draft: Round, ada: User) -> None:
    client = client_of(ada)
    for page in ("change/", "answers/", "act/publish/"):
        response = client.get(f"/admin/challenges/round/{draft.pk}/{page}")
        text = response.content.decode()
        assert "default-src 'self'" in response["Content-Security-Policy"]
        assert "<style" not in text
        assert " style=" not in text
        assert "<script>" not in text
    page = client.get("/admin/challenges/round/metrics/").content.decode()
    assert "absolute_error" in page
    assert "<code>delimiter</code>" in page


def test_shares_in_the_admin_are_sealed_and_judged_together(ada: User) -> None:
    bob = person("bob")
    client, address = client_of(ada), "/admin/catalog/artifact/add/"
    facts = {"kind": "dataset", "title": "T", "slug": "t", "summary": "S", "origin": "derived"}
    blank = {**filled(client.get(address)), **facts}
    rows = {
        **row("contributions", 0, person=ada.pk, share_bp=6000, roles="[]"),
        **row("contributions", 1, person=bob.pk, share_bp=3000, roles="[]"),
    }
    told = " ".join(errors_of(client.post(address, {**blank, **rows})))
    assert "The shares sum to 9000 basis points" in told
    rows["contributions-1-share_bp"] = 4000
    upload = row("files-2", 0, upload=SimpleUploadedFile("a.csv", b"1"), media_type="text/csv")
    assert client.post(address, {**blank, **rows, **upload}).status_code == 302
    artifact = Artifact.objects.get(slug="t")
    assert artifact.shares_sealed
    assert artifact.files.get().name == "a.csv"
    change_address = f"/admin/catalog/artifact/{artifact.pk}/change/"
    again = {**filled(client.get(change_address)), "contributions-1-DELETE": "on"}
    again["contributions-0-share_bp"] = 10_000
    assert client.post(change_address, again).status_code == 302
    assert [row_.share_bp for row_ in artifact.contributions.all()] == [10_000]
    eve = organizer("eve")
    assert client_of(eve).get(change_address).status_code == 200
    assert client_of(eve).post(change_address, again).status_code == 403


def test_lineage_in_the_admin_goes_through_its_rules(ada: User) -> None:
    client, address = client_of(ada), "/admin/catalog/artifact/add/"
    blank = filled(client.get(address))
    for slug in ("source", "copy"):
        origin = "original" if slug == "source" else "derived"
        facts = {"kind": "dataset", "title": slug, "slug": slug, "summary": "S", "origin": origin}
        assert client.post(address, {**blank, **facts}).status_code == 302
    source, copy = Artifact.objects.get(slug="source"), Artifact.objects.get(slug="copy")
    for child, parent, told in ((copy, source, ""), (source, copy, "was registered after")):
        page = f"/admin/catalog/artifact/{child.pk}/change/"
        values = row("parent_edges", 0, parent=parent.pk, relation="derived-from")
        response = client.post(page, {**filled(client.get(page)), **values}, follow=True)
        assert told in response.content.decode()
    assert [edge.parent for edge in copy.parent_edges.all()] == [source]
    assert not source.parent_edges.exists()


def test_organizers_see_public_fields_of_people_only(ada: User) -> None:
    bob = person("bob", email="bob@example.org")
    page = client_of(ada).get(f"/admin/accounts/user/{bob.pk}/change/")
    assert page.status_code == 200
    assert "bob@example.org" not in page.content.decode()
    assert bob.password not in page.content.decode()
    assert client_of(ada).get("/admin/accounts/user/add/").status_code == 403
    assert client_of(ada).post(f"/admin/accounts/user/{ada.pk}/change/", {"is_superuser": "on"}).status_code == 403  # fmt: skip  # noqa: E501
    assert not User.objects.filter(is_superuser=True).exists()


def test_setup_roles_again_mends_the_group(capsys: pytest.CaptureFixture[str], ada: User) -> None:
    group = ada.groups.get()
    count = group.permissions.count()
    group.permissions.clear()
    call_command("setup_roles")
    assert capsys.readouterr().out == f"The group Organizers has {count} permissions.\n"
    assert group.permissions.count() == count


def test_a_round_of_many_targets_still_fits_its_form(draft: Round, ada: User) -> None:
    for index in range(40):
        Target.objects.create(round=draft, slug=f"many-{index}")
    client = client_of(ada)
    page = client.get(change(draft))
    assert "43 targets, too many for one form" in page.content.decode()
    assert client.post(change(draft), filled(page)).status_code == 302
    assert draft.targets.count() == 43
    assert Challenge.objects.count() == 1
    assert io.BytesIO(page.content).getbuffer().nbytes < 400_000
