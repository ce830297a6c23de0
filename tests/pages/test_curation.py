"""A curator describes a dataset with forms alone, and everybody reads it."""

from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from catalog.models import Artifact, ShareClaim
from catalog.services import create_artifact, register_stub, save_answers
from catalog.statements import SECTIONS, fields_of
from pages.statement_forms import SectionForm
from tests.catalog.described import answers_for, full_dataset, full_model
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def curator(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def fields_sent(kind: str, section: str) -> dict[str, object]:
    """Return what a browser sends of a section in which everything is answered."""
    form = SectionForm(kind=kind, section=section, answers=answers_for(kind))
    return {each.key: form[each.key].value() for each in fields_of(kind, section)}


def test_a_dataset_is_described_from_nothing_to_published(curator: Client) -> None:
    sent = {
        "kind": "dataset",
        "origin": "original",
        "title": "Rocks & stones",
        "summary": "Of rocks.",
        "licence": "CC-BY-4.0",
        "disclosure": "full",
    }
    answer = curator.post("/catalog/new/", sent)
    assert answer["Location"] == "/artifacts/rocks-stones/1.0.0/edit/"
    data = Artifact.objects.get(slug="rocks-stones")
    base = answer["Location"]
    for section in SECTIONS:
        url = f"{base}statement/{section.key}/"
        assert curator.get(url).status_code == 200
        assert curator.post(url, fields_sent("dataset", section.key)).status_code == 302
    assert data.statements.get().answers == answers_for("dataset")
    for section in SECTIONS:  # shown again and saved again, nothing changes
        form = curator.get(f"{base}statement/{section.key}/").context["form"]
        shown = {field.key: form[field.key].value() for field in form.questions}
        curator.post(f"{base}statement/{section.key}/", shown)
    assert data.statements.get().answers == answers_for("dataset")
    file = SimpleUploadedFile("rows.csv", b"a,b\n1,2\n")
    assert curator.post(f"{base}files/", {"file": file, "description": "Rows"}).status_code == 302
    assert data.files.get().media_type == "text/csv"
    assert curator.post(f"{base}publish/")["Location"] == "/artifacts/rocks-stones/1.0.0/statement/"
    curator.logout()
    page = curator.get("/artifacts/rocks-stones/1.0.0/statement/").content.decode()
    assert "100 % complete" in page
    assert "g/cm3" in page
    assert "<b>signs</b>" not in page


def test_not_disclosed_is_ticked_kept_and_shown(curator: Client, ada: User) -> None:
    data = create_artifact(kind="dataset", title="X", summary="X.", by=ada, origin="original")
    url = f"/artifacts/{data.slug}/1.0.0/edit/statement/uses/"
    curator.post(url, {"limits": "Typed but then hidden", "limits-silent": "on"})
    assert data.statements.get().answers == {"limits": "not disclosed"}
    form = curator.get(url).context["form"]
    assert (form["limits"].value(), form["limits-silent"].value()) == (None, True)
    assert (
        "not disclosed" in curator.get(f"/artifacts/{data.slug}/1.0.0/statement/").content.decode()
    )


def test_a_wrong_column_is_told_with_its_line(curator: Client, ada: User) -> None:
    data = create_artifact(kind="dataset", title="X", summary="X.", by=ada, origin="original")
    url = f"/artifacts/{data.slug}/1.0.0/edit/statement/composition/"
    answer = curator.post(url, {"columns": "a | text\nb | colour\n| text"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Line 2: the type is one of" in page
    assert "Line 3: write name" in page
    assert "b | colour" in page


def test_people_are_saved_with_shares_in_percent(curator: Client, ada: User) -> None:
    make_user("bob")
    data = create_artifact(kind="dataset", title="X", summary="X.", by=ada, origin="original")
    sent = {
        "form-TOTAL_FORMS": "3",
        "form-INITIAL_FORMS": "1",
        "form-0-username": "ada",
        "form-0-share": "33.33",
        "form-0-roles": ["software"],
        "form-1-username": "bob",
        "form-1-share": "66.67",
        "form-1-affiliation": "Caltech",
        "form-1-ror": "https://ror.org/05dxps055",
    }
    url = f"/artifacts/{data.slug}/1.0.0/edit/people/"
    assert curator.post(url, sent).status_code == 302
    rows = {row.public_name: row for row in data.contributions.all()}
    assert (rows["ada"].share_bp, rows["bob"].share_bp) == (3333, 6667)
    assert rows["ada"].confirmed_at is not None
    assert rows["bob"].confirmed_at is None
    answer = curator.post(url, sent | {"form-1-share": "60"})
    assert answer.status_code == 422
    assert "sum to 9333" in answer.content.decode()


def test_lineage_is_searched_declared_and_shown(curator: Client, ada: User) -> None:
    source = create_artifact(
        kind="dataset", title="Old rocks", summary="X", by=ada, origin="original"
    )
    data = create_artifact(kind="dataset", title="X", summary="X.", by=ada, origin="derived")
    url = f"/artifacts/{data.slug}/1.0.0/edit/lineage/"
    page = curator.get(url, {"q": "rocks"}).content.decode()
    (link,) = re.findall(r'href="(\?parent=[^"]+)"', page)
    form = curator.get(url + link).context["form"]
    assert form["parent"].value() == "old-rocks@1.0.0"
    curator.post(url, {"parent": "old-rocks@1.0.0", "relation": "derived-from"})
    curator.post(
        url, {"parent": "10.5281/zenodo.3", "title": "Outside", "relation": "derived-from"}
    )
    assert [edge.parent.title for edge in data.parent_edges.all()] == ["Old rocks", "Outside"]
    assert data.parent_edges.last().parent.is_stub
    assert curator.post(url, {"parent": source.slug, "relation": "x"}).status_code == 422


def test_a_claim_is_made_on_the_page_and_decided_in_the_admin(client: Client, ada: User) -> None:
    data = register_stub(title="Far", address="10.5281/zenodo.3", by=make_user())
    client.force_login(ada)
    url = f"/artifacts/{data.slug}/1.0.0/claim/"
    assert client.get(url).status_code == 200
    assert client.post(url, {"evidence": "It is mine."}).status_code == 302
    claim = ShareClaim.objects.get()
    client.force_login(make_user("steward", is_staff=True, is_superuser=True))
    place = f"/admin/catalog/shareclaim/{claim.pk}/change/"
    assert "Decline it" in client.get(place).content.decode()
    client.post(place, {"reason": "Seen.", "_confirm": "1"})
    claim.refresh_from_db()
    assert (claim.state, claim.reason) == ("confirmed", "Seen.")
    assert data.contributions.get().person == ada
    own = create_artifact(kind="dataset", title="X", summary="X.", by=ada, origin="original")
    assert client.get(f"/artifacts/{own.slug}/1.0.0/claim/").status_code == 404


def test_a_description_is_imported_and_registered(curator: Client) -> None:
    text = (
        "---\npretty_name: Rocks\nlicense: mit\n---\n# Rocks\n\nOf rocks.\n\n## Limitations\n\nFew."
    )
    page = curator.post(
        "/catalog/import/", {"file": SimpleUploadedFile("README.md", text.encode())}
    )
    form = page.context["prefilled"]
    sent = {name: form[name].value() or "" for name in form.fields if form[name].value()}
    sent |= {"answers": page.context["answers"]}
    sent.pop("is_stub", None)
    answer = curator.post("/catalog/new/", sent)
    assert answer["Location"] == "/artifacts/rocks/1.0.0/edit/"
    data = Artifact.objects.get(slug="rocks")
    assert data.statements.get().answers == {"limits": "Few."}
    refused = curator.post("/catalog/new/", sent | {"answers": '{"limits": 5}', "title": "B"})
    assert refused.status_code == 422
    assert not Artifact.objects.filter(title="B").exists()
    wrong = curator.post("/catalog/import/", {"file": SimpleUploadedFile("a", b"\xff")})
    assert wrong.status_code == 422


def test_a_draft_is_seen_by_its_makers_only(client: Client, ada: User) -> None:
    data = create_artifact(kind="dataset", title="X", summary="X.", by=ada, origin="original")
    save_answers(data, {"purpose": "Secret plan."}, by=ada)
    url = f"/artifacts/{data.slug}/1.0.0/statement/"
    assert client.get(url).status_code == 404
    client.force_login(ada)
    assert "Secret plan." in client.get(url).content.decode()


def test_the_page_holds_its_description_for_machines(client: Client) -> None:
    data = full_dataset()
    answer = client.get(data.get_absolute_url())
    page = answer.content.decode()
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    content = json.loads(text)
    assert content["rai:dataLimitations"] == [
        'Said at length, with <b>signs</b> & "quotes" </script>.'
    ]
    assert 'rel="describedby"; type="application/ld+json"' in answer["Link"]
    file = client.get(f"/artifacts/{data.slug}/1.0.0/files/rows.csv")
    assert (
        file["Link"]
        == f'<http://testserver{data.get_absolute_url()}>; rel="collection"; type="text/html"'
    )
    b"".join(file.streaming_content)  # type: ignore[attr-defined]


def test_the_training_summary_is_a_page_of_models(client: Client) -> None:
    model = full_model(full_dataset())
    page = client.get(f"/artifacts/{model.slug}/1.0.0/training-summary/").content.decode()
    assert "2.1 Publicly available datasets" in page
    assert client.get("/artifacts/raw-crystals/1.0.0/training-summary/").status_code == 404


def test_the_catalog_is_searched(client: Client) -> None:
    full_dataset()
    page = client.get("/catalog/", {"q": "densities", "kind": "dataset"}).content.decode()
    assert "crystal-densities-more@1.0.0" in page
    assert "raw-crystals@" not in page
