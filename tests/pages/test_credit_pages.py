"""The pages of credit: books, objections, the dataset board's views, profiles, certificates."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from catalog.models import Artifact, LineageEdge
from challenges.models import Challenge, ChallengeRole, Round
from leaderboards.services.ledger import post_book
from leaderboards.services.refresh import refresh_board
from scoring.credit.export import from_json, recompute
from tests.factories import make_challenge, make_round, make_user
from tests.leaderboards.test_ledger import Worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def worked() -> Worked:
    made = Worked()
    refresh_board(made.round)
    post_book(made.round, reason="revealed")
    return made


def page_of(worked: Worked, name: str = "credit/") -> str:
    return f"{worked.round.get_absolute_url()}{name}"


def ends(worked: Worked) -> dict[str, str]:
    method = worked.b.method
    return {"child": f"{method.slug}@{method.version}", "parent": f"d2@{worked.d2.version}"}


def test_the_export_of_a_round_is_public_and_gives_the_same_books(
    client: Client, worked: Worked
) -> None:
    answer = client.get(page_of(worked, "credit.json"))
    text = answer.content.decode()
    assert answer["Content-Type"] == "application/json"
    assert text == worked.round.credit_books.get().export
    assert recompute(text) == from_json(text).books
    assert client.get(page_of(worked, "credit.json?book=1")).content.decode() == text
    assert client.get(page_of(worked, "credit.json?book=2")).status_code == 404
    assert client.get(page_of(worked, "credit.json?book=x")).status_code == 404


def test_the_ledger_as_a_table_sums_to_what_was_given_out(client: Client, worked: Worked) -> None:
    LineageEdge.objects.filter(child=worked.b.method, parent=worked.d2).update(status="rejected")
    post_book(worked.round, reason="corrected")
    answer = client.get(page_of(worked, "credit.csv"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert sum(int(row["micropoints"]) for row in rows) == 700_000_000
    by_line = {row["line"]: row for row in rows}
    reversing = [row for row in rows if row["reverses_line"]]
    assert reversing
    for row in reversing:
        undone = by_line[row["reverses_line"]]
        assert int(row["micropoints"]) == -int(undone["micropoints"])
        assert (row["book"], undone["book"]) == ("2", "1")


def test_the_page_of_the_books_tells_kinds_results_and_the_comment_period(
    client: Client, worked: Worked
) -> None:
    page = client.get(page_of(worked)).content.decode()
    for told in ("700.00", "300.00", "237.50", "Open to comment until", "heldout credit recompute"):
        assert told in page
    assert "Object to this input" not in page  # nobody is signed in
    client.force_login(make_user("reader"))
    assert "Object to this input" in client.get(page_of(worked)).content.decode()


def test_an_objection_is_made_read_and_ruled_on_by_the_pages(
    client: Client, worked: Worked
) -> None:
    client.force_login(make_user("reader"))
    words = {"reason": "D2 is nowhere in <the code>."}
    client.post(page_of(worked, "credit/object/"), {**ends(worked), **words})
    page = client.get(page_of(worked)).content.decode()
    assert "D2 is nowhere in &lt;the code&gt;." in page
    assert "Strike the input" not in page
    client.post(page_of(worked, "credit/rule/"), {**ends(worked), "ruling": "strike", **words})
    assert worked.round.credit_books.count() == 1  # a reader rules on nothing
    owner = make_user("steward", is_staff=True)
    ChallengeRole.objects.create(challenge=worked.round.challenge, user=owner, role="owner")
    client.force_login(owner)
    assert "Strike the input" in client.get(page_of(worked)).content.decode()
    ruling = {**ends(worked), "ruling": "strike", "reason": "Seen in the code."}
    client.post(page_of(worked, "credit/rule/"), ruling)
    client.logout()
    page = client.get(page_of(worked)).content.decode()
    assert "The input is struck" in page
    assert "Seen in the code." in page
    assert "was struck after an objection" in page
    assert worked.round.credit_books.count() == 2


def test_a_round_whose_names_are_withheld_shows_no_books(client: Client, worked: Worked) -> None:
    later = timezone.now() + timedelta(days=5)
    Round.objects.filter(pk=worked.round.pk).update(names_shown="date", names_shown_at=later)
    for name in ("credit.json", "credit.csv"):
        assert client.get(page_of(worked, name)).status_code == 404
    page = client.get(page_of(worked)).content.decode()
    assert "credit may be seen yet" in page
    assert worked.a.team.name not in page
    client.force_login(make_user("reader"))
    answer = client.post(page_of(worked, "credit/object/"), {**ends(worked), "reason": "No."})
    assert answer.status_code == 404


def test_the_board_of_datasets_has_windows_and_newcomers(client: Client, worked: Worked) -> None:
    def shown(query: str = "") -> list[str]:
        return [row.artifact.slug for row in client.get(f"/datasets/{query}").context["rows"]]

    assert shown()[:3] == ["d1", "d3", "d2"]
    assert shown("?window=12m") == shown()
    assert shown(f"?challenge={worked.round.challenge.slug}") == shown()
    assert shown("?challenge=another") == []
    Artifact.objects.filter(slug="d2").update(registered_at=timezone.now() - timedelta(days=800))
    assert shown("?newcomers=1") == shown()  # the facts of a posted book stay as they were
    old = timezone.now() - timedelta(days=366)
    before = old - timedelta(days=2)
    Round.objects.filter(pk=worked.round.pk).update(
        published_at=before, opens_at=before, closes_at=old
    )
    assert shown("?window=12m") == []


def test_the_board_of_datasets_is_had_by_topic_as_a_page_and_by_the_api(
    client: Client, worked: Worked
) -> None:
    challenge = worked.round.challenge
    Challenge.objects.filter(pk=challenge.pk).update(topics="Fluid dynamics, solvers")
    make_round(make_challenge(topics="tribology"), slug="bare")
    api = "/api/v1/datasets/"
    whole = [row["slug"] for row in client.get(api).json()["datasets"]]
    assert whole[:3] == ["d1", "d3", "d2"]

    query = "?topic=fluid-dynamics&window=12m"
    page = client.get(f"/datasets/{query}")
    assert [row.artifact.slug for row in page.context["rows"]][:3] == whole[:3]
    text = page.content.decode()
    assert '<option value="fluid-dynamics" selected>Fluid dynamics</option>' in text
    assert '<option value="12m" selected>' in text  # a form keeps what was chosen before
    asked = client.get(api + query).json()
    assert asked["view"] == {"topic": "fluid-dynamics", "window": "12m"}
    assert [row["slug"] for row in asked["datasets"]] == whole
    assert asked["rounds"] == [{"round": f"{challenge.slug}/{worked.round.slug}", "posted": True}]

    page = client.get("/datasets/?topic=tribology").content.decode()
    assert "No dataset has credit from the rounds in this view." in page
    assert client.get(f"{api}?topic=tribology").json()["datasets"] == []
    page = client.get("/datasets/?topic=%3Cb%3Ealchemy").content.decode()
    assert "No round is in this view" in page
    assert "&lt;b&gt;alchemy</option>" in page
    assert (
        '"/datasets/?topic=fluid-dynamics"'
        in client.get("/topics/fluid-dynamics/").content.decode()
    )
    refused = client.get(f"{api}?window=6m")
    assert (refused.status_code, refused.json()["problems"][0]["where"]) == (400, "window")


def test_what_lacks_a_licence_or_makers_earns_nothing_and_its_pages_say_until_when(
    client: Client, worked: Worked
) -> None:
    def earned(slug: str) -> int:
        book = worked.round.credit_books.latest("number")
        return sum(each.micropoints for each in book.entries.filter(account__slug=slug))

    def said(address: str) -> str:
        return client.get(address).content.decode()

    told = "It earns nothing from results that are built on it until this is mended:"
    page = worked.d2.get_absolute_url()
    assert told not in said(page)
    whole = earned("d2")
    Artifact.objects.filter(pk=worked.d2.pk).update(licence="")
    post_book(worked.round, reason="corrected")
    assert (earned("d2"), whole) == (-whole, 70_312_500)  # reversed, and nothing posted again
    assert told in said(page)
    assert "It has no licence." in said(page)
    client.force_login(worked.curator)
    assert reverse("pages:artifact-edit", args=["d2", "1"]) in said(page)
    assert told in said(reverse("pages:artifact-edit", args=["d2", "1"]))
    Artifact.objects.filter(pk=worked.d2.pk).update(licence="CC-BY-4.0")
    assert "it has a licence, and its makers" in said(
        reverse("pages:artifact-edit", args=["d2", "1"])
    )
    post_book(worked.round, reason="corrected")
    assert earned("d2") == whole
    Artifact.objects.filter(pk=worked.m0.pk).update(licence="")
    assert told not in said(worked.m0.get_absolute_url())  # of a model none is asked
    Artifact.objects.filter(pk=worked.d3.pk).update(licence="", is_stub=True)
    assert told not in said(worked.d3.get_absolute_url())


def test_a_target_names_its_makers_and_how_to_cite_it_and_providers_with_the_answers(
    client: Client, worked: Worked
) -> None:
    target = worked.round.targets.get(slug="t1")
    target.providers.add(make_user("finder", display_name="Ada Finder"))
    page = client.get(target.get_absolute_url()).content.decode()
    assert f'href="{worked.round.target_set.get_absolute_url()}"' in page
    assert "1 evaluation unit, however well anyone predicts it" in page
    assert "/people/finder/" in page
    assert f"Ada Finder ({worked.round.published_at.year}). Target t1 of" in page
    assert f'href="{reverse("api:answer", args=[*place(worked), "t1"])}"' in page
    Round.objects.filter(pk=worked.round.pk).update(revealed_at=None)
    page = client.get(target.get_absolute_url()).content.decode()
    assert "told with the answers" in page
    assert "Finder" not in page
    assert "lab (" in page  # the target set's makers are known from the start


def test_a_line_tells_the_versions_and_makers_of_its_inputs_and_leads_on(
    client: Client, worked: Worked
) -> None:
    page = client.get(page_of(worked, f"board/entries/{worked.a.code}/")).content.decode()
    for told in (worked.d1.get_absolute_url(), worked.m0.get_absolute_url(), "provider", "maker"):
        assert told in page
    assert "all targets" in page
    assert worked.a.method.get_absolute_url() in page
    way = client.get(worked.a.method.get_absolute_url()).content.decode()
    assert "through d1" in way  # how the points came to d3
    books = client.get(page_of(worked)).content.decode()
    assert "60.0 %" in books  # the skill that the points follow from


def place(worked: Worked) -> list[str]:
    return [worked.round.challenge.slug, worked.round.slug]


def test_a_row_of_the_board_tells_teams_use_and_statement(client: Client, worked: Worked) -> None:
    row = next(row for row in client.get("/datasets/").context["rows"] if row.artifact.slug == "d1")
    assert round(float(row.effective_teams), 2) == 1.93
    assert row.first_use == row.last_use == worked.round.closes_at
    assert row.best_skill_ppm == 600_000
    assert row.stated is None
    assert ">1.9<" in client.get("/datasets/").content.decode()


def test_a_profile_has_the_data_index_and_a_certificate_of_each_round(
    client: Client, worked: Worked
) -> None:
    page = client.get(worked.provider.get_absolute_url())
    assert page.context["credit"].data_index == 2  # d1 and d3, each used by two teams
    assert "Data index 2" in page.content.decode()
    assert "certificates/" in page.content.decode()
    assert client.get(worked.curator.get_absolute_url()).context["credit"].data_index == 1


def test_a_certificate_says_who_for_what_and_how_to_check(client: Client, worked: Worked) -> None:
    slug = worked.round.challenge.slug
    url = f"/people/provider/certificates/{slug}/{worked.round.slug}/"
    page = client.get(url).content.decode()
    book = worked.round.credit_books.get()
    assert "received 100.00 points" in page
    assert "(data 100.00)" in page
    assert book.facts_sha256 in page
    content = json.loads(client.get(f"{url}?format=json").content)
    assert content["@type"] == "DigitalDocument"
    assert content["identifier"]["value"] == book.facts_sha256
    assert {work["name"] for work in content["mentions"]} == {worked.d1.title, worked.d3.title}
    assert client.get(content["isBasedOn"]).content.decode() == book.export


def test_there_is_no_certificate_of_nothing(client: Client, worked: Worked) -> None:
    make_user("bystander")
    slug = worked.round.challenge.slug
    url = f"/people/bystander/certificates/{slug}/{worked.round.slug}/"
    assert client.get(url).status_code == 404


def test_an_unverified_orcid_is_on_no_certificate(client: Client, worked: Worked) -> None:
    worked.provider.orcid = "0000-0002-1825-0097"
    worked.provider.save()
    slug = worked.round.challenge.slug
    url = f"/people/provider/certificates/{slug}/{worked.round.slug}/"
    assert "0000-0002-1825-0097" not in client.get(url).content.decode()
    worked.provider.orcid_verified_at = timezone.now()
    worked.provider.save()
    content = json.loads(client.get(f"{url}?format=json").content)
    assert content["about"]["@id"] == "https://orcid.org/0000-0002-1825-0097"
