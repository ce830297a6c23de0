"""Statements, versions, claims and inputs: the rules of the services."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.identifiers import validate_ror
from accounts.models import User
from catalog.errors import (
    ArtifactRefused,
    ClaimRefused,
    FileRefused,
    LineageRefused,
    NotYours,
    StatementRefused,
)
from catalog.identifiers import next_version, normal_doi
from catalog.models import Artifact, LineageEdge, ShareClaim, Statement
from catalog.selectors import artifact_called, can_edit, same_files, search_artifacts
from catalog.services import (
    Share,
    change_facts,
    check_method,
    claim_share,
    confirm_claim,
    create_artifact,
    declare_input,
    decline_claim,
    method_of_team,
    new_version,
    publish_statement,
    read_inputs,
    register_stub,
    save_answers,
    set_shares,
    settle_inputs,
    upload_file,
)
from catalog.statements import NOT_DISCLOSED, check, completeness, fields_of, json_schema
from tests.catalog.described import answers_for, full_dataset
from tests.factories import make_submission, make_team, make_user

pytestmark = pytest.mark.django_db
ALL = Artifact.objects.all


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def steward() -> User:
    return make_user("steward", is_superuser=True)


def make(by: User, title: str = "Rocks", **facts: Any) -> Artifact:
    given = {"kind": "dataset", "summary": "Of rocks.", "origin": "original", "licence": "MIT"}
    return create_artifact(title=title, by=by, **(given | facts))


def stub(by: User, address: str = "10.5281/zenodo.7") -> Artifact:
    return register_stub(title="Far data", address=address, by=by)


def test_a_full_set_of_answers_fits_and_is_complete() -> None:
    for kind in ("dataset", "model", "target-set"):
        answers = answers_for(kind)
        assert check(answers, kind) == []
        assert completeness(answers, kind).percent == 100


def test_not_disclosed_answers_every_question_and_is_counted_apart() -> None:
    answers = dict.fromkeys([each.key for each in fields_of("model")], NOT_DISCLOSED)
    assert check(answers, "model") == []
    whole = completeness(answers, "model")
    assert (whole.percent, len(whole.not_disclosed)) == (100, whole.asked)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("purpose", "", "empty"),
        ("purpose", "a" * 2001, "longer than 2000"),
        ("purpose", "a\x00b", "not text"),
        ("purpose", "\ud800", "not text"),
        ("contact", "a\nb", "more than one line"),
        ("row_count", 1.5, "not of type"),
        ("row_count", True, "not of type"),
        ("harmonisation_hours", float("nan"), "not text, or a number that is none"),
        ("time_from", "2026-02-30", "not a date"),
        ("time_from", "20260228", "not a date"),
        ("modalities", ["text", "smell"], "At 2: It is none of"),
        ("columns", [{"name": "a"}], "At 1: A column has a name and a type"),
        ("nonsense", "x", "no field"),
        ("training_cutoff", "2026-01-01", "no field"),
    ],
)
def test_an_answer_that_does_not_fit_is_told(key: str, value: object, told: str) -> None:
    (problem,) = check({key: value}, "dataset")
    assert problem.field == key
    assert told in problem.message


def test_the_schema_is_one_that_jsonschema_takes() -> None:
    import jsonschema

    for kind in ("dataset", "model", "target-set"):
        schema = json_schema(kind)
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(answers_for(kind), schema)


def test_a_statement_is_published_when_everything_needed_is_there(ada: User) -> None:
    data = make(ada, licence="")
    save_answers(data, {"purpose": "To know."}, by=ada)
    with pytest.raises(StatementRefused) as refused:
        publish_statement(data, by=ada)
    assert {"licence", "files", "limits"} <= refused.value.fields.keys()
    change_facts(data, {"licence": "CC0-1.0"}, by=ada)
    upload_file(data, name="a.csv", content=io.BytesIO(b"a"), by=ada)
    save_answers(data, answers_for("dataset") | {"limits": NOT_DISCLOSED}, by=ada)
    assert publish_statement(data, by=ada).published_at is not None


def test_a_published_version_is_what_it_is_and_its_statement_has_a_history() -> None:
    data = full_dataset()
    ada = data.registered_by
    with pytest.raises(FileRefused, match="published"):
        upload_file(data, name="b.csv", content=io.BytesIO(b"b"), by=ada)
    with pytest.raises(ArtifactRefused, match="new version"):
        change_facts(data, {"title": "Other"}, by=ada)
    draft = save_answers(data, {"biases": "Some.", "funding": None}, by=ada)
    assert draft.number == 2
    first = data.statements.get(number=1)
    assert "funding" in first.answers
    assert "funding" not in draft.answers


def test_the_database_keeps_one_draft_and_each_number_once(ada: User) -> None:
    data = make(ada)
    Statement.objects.create(artifact=data, number=1, saved_by=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Statement.objects.create(artifact=data, number=2, saved_by=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Statement.objects.create(artifact=data, number=1, saved_by=ada, published_at=timezone.now())


def test_strangers_change_nothing_and_makers_do(ada: User) -> None:
    data, eve, bob = make(ada), make_user("eve"), make_user("bob")
    for act in (
        lambda: save_answers(data, {}, by=eve),
        lambda: publish_statement(data, by=eve),
        lambda: change_facts(data, {"title": "Mine"}, by=eve),
        lambda: new_version(data, change="major", changes="All.", by=eve),
        lambda: upload_file(data, name="a", content=io.BytesIO(b""), by=eve),
        lambda: declare_input(data, make(ada, "Other"), relation="derived-from", use="", by=eve),
    ):
        with pytest.raises(NotYours):
            act()
    set_shares(data, [Share(person=ada, confirmed=True), Share(person=bob)])
    assert not can_edit(bob, data)
    data.contributions.filter(person=bob).update(confirmed_at=timezone.now())
    assert can_edit(bob, data)


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ("1", "patch", "1.0.1"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "major", "2.0.0"),
        ("draft", "patch", "0.0.1"),
    ],
)
def test_versions_follow_the_semver_rule(before: str, change: str, after: str) -> None:
    assert next_version(before, change) == after


def test_a_new_version_copies_people_lineage_and_answers_but_no_files() -> None:
    data = full_dataset()
    new = new_version(data, change="minor", changes="More rows.", by=data.registered_by)
    assert (new.version, new.files.count()) == ("1.1.0", 0)
    assert [row.share_bp for row in new.contributions.all()] == [7000, 3000]
    assert new.contributions.get(name="Bo").confirmed_at is None
    assert new.contributions.get(share_bp=7000).ror == "https://ror.org/05dxps055"
    assert new.parent_edges.get().parent.slug == "raw-crystals"
    assert new.statements.get().answers["changes"] == "More rows."
    later = new_version(data, change="patch", changes="Zip.", by=data.registered_by)
    assert later.version == "1.1.1"  # after the newest, wherever one begins


def test_outside_data_has_one_page_whoever_names_it(ada: User) -> None:
    first = stub(ada, "https://doi.org/10.5281/ZENODO.7")
    assert stub(make_user(), "doi:10.5281/zenodo.7") == first
    assert not first.contributions.exists()
    with pytest.raises(ArtifactRefused, match="stands for this DOI already"):
        make(ada, doi="10.5281/zenodo.7")
    with pytest.raises(ArtifactRefused, match="https"):
        stub(ada, "ftp://example.org/x")
    assert normal_doi("https://example.org/10.5281/x") == ""


def test_a_claim_is_confirmed_by_a_steward_and_never_by_oneself(ada: User, steward: User) -> None:
    data, bob = stub(ada), make_user("bob")
    claim = claim_share(data, by=bob, evidence="My name is on it.", roles=["investigation"])
    with pytest.raises(ClaimRefused, match="waiting"):
        claim_share(data, by=bob, evidence="Again.")
    with pytest.raises(ClaimRefused, match="steward"):
        confirm_claim(claim, by=ada, reason="")
    assert confirm_claim(claim, by=steward, reason="It is.")
    assert not decline_claim(claim, by=steward, reason="Late.")
    row = data.contributions.get()
    assert (row.person, row.share_bp, row.roles) == (bob, 10_000, ["investigation"])
    assert row.confirmed_at is not None
    assert can_edit(bob, data)
    own = claim_share(stub(ada, "10.5281/zenodo.8"), by=steward, evidence="Me.")
    with pytest.raises(ClaimRefused, match="own"):
        confirm_claim(own, by=steward, reason="")


def test_a_claim_takes_over_the_named_share_or_a_new_equal_one(ada: User, steward: User) -> None:
    data, bob, cy = stub(ada), make_user("bob"), make_user("cy")
    set_shares(data, [Share(name="Bob B", share_bp=8000), Share(name="Dee", share_bp=2000)])
    confirm_claim(claim_share(data, by=bob, name="Bob B", evidence="x"), by=steward, reason="y")
    assert data.contributions.get(person=bob).share_bp == 8000
    confirm_claim(claim_share(data, by=cy, evidence="x"), by=steward, reason="y")
    assert sorted(data.contributions.values_list("share_bp", flat=True)) == [3333, 3333, 3334]
    assert data.contributions.get(person=bob).confirmed_at is None  # the new share is smaller
    with pytest.raises(ClaimRefused, match="elsewhere"):
        claim_share(make(ada), by=bob, evidence="x")


def test_a_claim_is_open_or_says_when_it_was_decided(ada: User) -> None:
    claim = claim_share(stub(ada), by=make_user(), evidence="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        ShareClaim.objects.filter(pk=claim.pk).update(state="declined")


def test_lineage_names_a_use_and_stays_once_results_stand_on_it(ada: User) -> None:
    team, data = make_team(ada), make(ada)
    model = create_artifact(
        kind="model", title="M", summary="M.", by=ada, origin="derived", team=team
    )
    with pytest.raises(LineageRefused, match="used for"):
        declare_input(model, data, relation="trained-on", use="fun", by=ada)
    edge = declare_input(model, data, relation="trained-on", use="features", by=ada)
    assert edge.use_label == "features"
    make_submission(team=team, method=model)
    with pytest.raises(LineageRefused, match="Results stand"):
        declare_input(model, make(ada, "More"), relation="trained-on", use="train", by=ada)


def test_what_is_built_on_gets_no_younger_input_and_all_else_is_registered_after_it(
    ada: User,
) -> None:
    derived, user = make(ada, origin="derived"), make(ada, "User", origin="derived")
    younger = make(ada, "Younger")
    declare_input(derived, younger, relation="derived-from", use="", by=ada)
    derived.refresh_from_db()
    assert derived.registered_at > younger.registered_at
    declare_input(user, derived, relation="derived-from", use="", by=ada)
    with pytest.raises(LineageRefused, match="registered after"):
        declare_input(derived, make(ada, "Youngest"), relation="derived-from", use="", by=ada)
    with pytest.raises(LineageRefused, match=r"circle|registered after"):
        declare_input(derived, user, relation="derived-from", use="", by=ada)


def test_the_same_bytes_elsewhere_are_shown_until_they_are_declared(ada: User) -> None:
    first, second = make(ada), make(ada, "Copy", origin="copy")
    for each in (first, second):
        upload_file(each, name=f"{each.slug}.bin", content=io.BytesIO(b"same"), by=ada)
    (found,) = same_files(second, ALL())
    assert (found.other.artifact, found.is_declared) == (first, False)
    declare_input(second, first, relation="identical-to", use="", by=ada)
    assert same_files(second, ALL())[0].is_declared
    assert same_files(make(ada, "Alone"), ALL()) == []


def test_inputs_are_read_with_their_use_and_unknown_ones_registered(ada: User) -> None:
    data = make(ada)
    named = read_inputs(["rocks:features", "rocks@1.0.0", " ", "10.1/x", ""][:3], ALL())
    assert [(each.artifact, each.use) for each in named] == [(data, "features"), (data, "")]
    outside = read_inputs(["10.5281/zenodo.9:pretrain", "https://example.org/d"], ALL())
    settled = settle_inputs(outside, by=ada)
    assert [(each.doi, each.is_stub, use) for each, use in settled.items()] == [
        ("10.5281/zenodo.9", True, "pretrain"),
        ("", True, ""),
    ]
    with pytest.raises(LineageRefused, match="no nothing@3"):
        read_inputs(["nothing@3", "rocks"], ALL())


def test_a_method_with_the_same_uses_is_the_same_and_with_others_the_next(ada: User) -> None:
    team, data = make_team(ada), make(ada)
    given: dict[str, Any] = {"team": team, "title": "M", "summary": "M.", "by": ada}
    given |= {"disclosure": "full", "inputs": [data]}
    first = method_of_team(**given)
    assert first.parent_edges.get().use == LineageEdge.Use.TRAIN
    assert method_of_team(**given, uses={data: ""}) == first
    second = method_of_team(**given, uses={data: "features"})
    assert (second.version, second.parent_edges.get().use) == ("2", "features")
    assert check_method(first, team) == first
    with pytest.raises(ArtifactRefused, match="no model of"):
        check_method(first, make_team())


def test_an_edge_from_before_uses_were_asked_for_fits_any(ada: User) -> None:
    team, data = make_team(ada), make(ada)
    given: dict[str, Any] = {"team": team, "title": "M", "summary": "M.", "by": ada}
    first = method_of_team(**given, disclosure="full", inputs=[data])
    first.parent_edges.update(use="")
    assert method_of_team(**given, disclosure="full", inputs=[data]) == first


def test_artifacts_are_found_by_words_name_doi_and_url(ada: User) -> None:
    data = make(ada, "Red rocks", doi="10.5281/zenodo.5", url="https://example.org/rocks")
    assert list(search_artifacts("rocks RED", ALL())) == [data]
    assert not search_artifacts("rocks blue", ALL())
    for name in (
        "red-rocks",
        "red-rocks@1.0.0",
        "doi:10.5281/ZENODO.5",
        "https://example.org/rocks",
    ):
        assert artifact_called(name, ALL()) == data
    assert artifact_called("red-rocks@9", ALL()) is None


def test_nobody_floods_the_catalog(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.services.curation.REGISTRATIONS_PER_DAY", 2)
    make(ada, "One")
    make(ada, "Two")
    with pytest.raises(ArtifactRefused, match="tomorrow"):
        make(ada, "Three")


def test_a_ror_id_with_a_typing_error_is_refused() -> None:
    from django.core.exceptions import ValidationError

    validate_ror("https://ror.org/02mhbdp94")
    for wrong in ("https://ror.org/02mhbdp95", "02mhbdp94", "https://ror.org/12mhbdp94"):
        with pytest.raises(ValidationError):
            validate_ror(wrong)
