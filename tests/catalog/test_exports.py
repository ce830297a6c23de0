"""What leaves the catalog passes the validators that the standards themselves give out."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.test import Client

from catalog.exports import FORMATS, describe, formats_of
from catalog.exports.cards import card, card_data
from catalog.exports.citation_files import bibtex, cff_file
from catalog.exports.croissant import croissant
from catalog.exports.datacite import datacite
from catalog.exports.described import Described
from catalog.exports.eu_summary import OPEN, eu_summary, eu_summary_markdown
from catalog.exports.signposting import links
from catalog.models import Artifact
from catalog.services import create_artifact
from tests.catalog.described import RELEASED, full_dataset, full_model
from tests.conftest import absent
from tests.factories import make_artifact, make_user

pytestmark = pytest.mark.django_db
CFF_SCHEMA = Path(__file__).parent / "schemas" / "cff-1.2.0.schema.json"
PEERS = "is not installed: it is in the group of peers (make peers)"


@pytest.fixture
def data() -> Artifact:
    return full_dataset()


@pytest.fixture
def bare() -> Artifact:
    """Make a dataset that says as little as may be."""
    return create_artifact(
        kind="dataset", title="Bare", summary="Nothing.", by=make_user(), origin="original"
    )


def described(artifact: Artifact) -> Described:
    artifact.refresh_from_db()
    return describe(artifact, root="https://heldout.example.org", site="Heldout")


def library(name: str) -> Any:
    """Import one of the peers, or skip the test, saying so."""
    try:
        return __import__(name)
    except ImportError:
        absent(f"{name} {PEERS}")


def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("a validator asks the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("which", ["full", "bare", "model"])
@pytest.mark.filterwarnings("ignore")
def test_croissant_is_valid_to_mlcroissant(
    data: Artifact, bare: Artifact, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlcroissant = library("mlcroissant")
    no_network(monkeypatch)
    chosen = {"full": lambda: data, "bare": lambda: bare, "model": lambda: full_model(data)}
    content = croissant(described(chosen[which]()))
    found = mlcroissant.Dataset(jsonld=json.loads(json.dumps(content)))
    issues = found.metadata.ctx.issues
    assert not issues.errors, issues.report()
    assert str(found.metadata.ctx.conforms_to) == "CroissantVersion.V_1_1"
    if which == "full":
        assert not issues.warnings, issues.report()
        written = found.metadata.to_json()
        assert written["rai:dataLimitations"]
        assert written["recordSet"][0]["field"][1]["name"] == "density"
        assert written["distribution"][0]["sha256"] == data.files.get().sha256


@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_refuses_what_is_not_croissant(data: Artifact) -> None:
    mlcroissant = library("mlcroissant")
    content = json.loads(json.dumps(croissant(described(data))))
    content["recordSet"][0]["field"][0]["dataType"] = "sc:Nonsense"
    del content["distribution"][0]["contentUrl"]
    with pytest.raises(mlcroissant.ValidationError):
        mlcroissant.Dataset(jsonld=content)


@pytest.mark.parametrize("which", ["full", "bare", "model"])
def test_datacite_is_valid_to_the_schema_of_datacite(
    data: Artifact, bare: Artifact, which: str
) -> None:
    library("datacite")
    from datacite import schema45

    chosen = {"full": lambda: data, "bare": lambda: bare, "model": lambda: full_model(data)}
    content = datacite(described(chosen[which]()))
    schema45.validator.validate(content)
    with pytest.raises(jsonschema.ValidationError):
        schema45.validator.validate({**content, "publicationYear": "lately"})


@pytest.mark.parametrize("which", ["full", "bare", "model"])
def test_citation_cff_is_valid_to_its_schema(data: Artifact, bare: Artifact, which: str) -> None:
    chosen = {"full": lambda: data, "bare": lambda: bare, "model": lambda: full_model(data)}
    content = yaml.safe_load(cff_file(described(chosen[which]())))
    schema = json.loads(CFF_SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    # The schema wants dates as strings; YAML reads ours as strings too, being quoted.
    assert [error.message for error in validator.iter_errors(content)] == []
    assert list(validator.iter_errors({**content, "authors": []}))


def test_bibtex_has_balanced_braces_and_keeps_no_sign_that_tex_would_act_on(
    data: Artifact,
) -> None:
    text = bibtex(described(data))
    assert text.startswith("@misc{crystal_densities_more_1_0_0,\n")
    bare_text = re.sub(r"\\[{}]", "", text)
    depth = 0
    for letter in bare_text:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0
    assert depth == 0
    assert "title = {{Crystal densities \\& more}}" in text
    assert "author = {{Ada Lovelace} and {Bo}}" in text
    assert f"year = {{{RELEASED.year}}}" in text


@pytest.mark.parametrize("which", ["dataset", "model"])
def test_the_card_is_valid_to_the_library_of_the_hub(data: Artifact, which: str) -> None:
    hub = library("huggingface_hub")
    if which == "dataset":
        read: Any = hub.DatasetCard(card(described(data)), ignore_metadata_errors=False)
        assert read.data.license == "cc-by-4.0"
        assert read.data.size_categories == ["100K<n<1M"]
        assert read.data.source_datasets == ["raw-crystals"]
    else:
        read = hub.ModelCard(card(described(full_model(data))), ignore_metadata_errors=False)
        assert read.data.base_model == ["some/base"]
        assert read.data.datasets == ["crystal-densities-more"]
        assert read.data.license_name == "apache-2.0 or mit"
    assert "bibtex" in read.text


def test_size_classes_are_those_of_the_hub() -> None:
    from catalog.exports.cards import _size_class

    assert [_size_class(n) for n in (0, 999, 1000, 10**4, 10**12 - 1, 10**12)] == [
        "n<1K",
        "n<1K",
        "1K<n<10K",
        "10K<n<100K",
        "100B<n<1T",
        "n>1T",
    ]


def test_the_eu_summary_has_every_heading_and_says_what_is_open(data: Artifact) -> None:
    model = described(full_model(data))
    numbers = [line.label[:3] for part in eu_summary(model) for line in part.lines]
    assert sorted(set(numbers)) == [
        "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "3.1", "3.2", "3.3",
    ]  # fmt: skip
    text = eu_summary_markdown(model)
    assert OPEN not in text
    assert "Crystal densities & more, version 1.0.0, for training" in text
    empty = described(make_artifact(kind="model"))
    assert eu_summary_markdown(empty).count(OPEN) > 10


def test_what_is_not_disclosed_is_said_and_a_draft_is_not(data: Artifact) -> None:
    from catalog.services import publish_statement, save_answers

    save_answers(
        data, {"limits": "not disclosed", "biases": "A secret draft."}, by=data.registered_by
    )
    content = json.dumps(croissant(described(data)))
    assert "secret draft" not in content
    publish_statement(data, by=data.registered_by)
    found = croissant(described(data))
    assert found["rai:dataLimitations"] == ["Not disclosed."]
    assert found["cr:sdVersion"] == "2.0.0"


def test_lineage_is_told_with_its_use(data: Artifact) -> None:
    (parent,) = croissant(described(data))["prov:wasDerivedFrom"]
    assert parent["@id"] == "https://doi.org/10.5281/zenodo.42"
    related = datacite(described(full_model(data)))["relatedIdentifiers"]
    assert [each["relationType"] for each in related][:2] == ["IsDerivedFrom", "IsDerivedFrom"]


def test_signposts_lead_to_every_description_and_file(data: Artifact) -> None:
    told = links(described(data))
    for relation in ("cite-as", "type", "author", "license", "describedby", "item"):
        assert f'rel="{relation}"' in told
    data.files.update(media_type='text/x"\r\nSet-Cookie: a=b')
    assert "\n" not in links(described(data))
    assert told.count('rel="describedby"') == len([each for each in FORMATS if each.describes])


def test_every_export_of_every_kind_can_be_written(data: Artifact, bare: Artifact) -> None:
    for artifact in (data, bare, full_model(data), make_artifact(kind="target-set")):
        for each in formats_of(artifact):
            assert each.write(described(artifact)).strip()


def test_the_card_data_of_a_bare_dataset_is_small(bare: Artifact) -> None:
    assert card_data(described(bare)) == {
        "pretty_name": "Bare",
        "source_datasets": ["original"],
        "annotations_creators": ["no-annotation"],
    }


def test_a_visitor_reads_every_export(client: Client, data: Artifact) -> None:
    for each in formats_of(data):
        answer = client.get(f"/artifacts/{data.slug}/{data.version}/export/{each.name}")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith(each.media_type)
    assert client.get(f"/artifacts/{data.slug}/1.0.0/export/nothing").status_code == 404
