"""Reading descriptions that others wrote, kindly meant or not."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from django.utils import translation

from catalog.errors import ImportRefused
from catalog.exports import describe
from catalog.exports.cards import card
from catalog.exports.croissant import croissant
from catalog.importing import IMPORT_BYTES, read_description
from catalog.statements import check
from tests.catalog.described import full_dataset

CROISSANT: dict[str, Any] = {
    "@type": "sc:Dataset",
    "sc:name": {"@value": "Titanic"},
    "description": "Who was aboard.\n\nMore words.",
    "license": ["https://creativecommons.org/licenses/by/4.0/"],
    "sameAs": ["https://doi.org/10.5281/zenodo.77"],
    "url": "https://example.org/titanic",
    "datePublished": "2024-05-01T12:00:00",
    "rai:dataBiases": ["One.", "Two."],
    "rai:dataCollectionTimeFrame": ["1912-04-10", "1912-04-15"],
    "recordSet": [
        {"field": [{"name": "age", "dataType": "sc:Float", "description": "In years"}, {"no": 1}]}
    ],
    "strange": 1,
}
CARD = """---
license: cc-by-4.0
language: [en, de]
tags: [a, b]
pretty_name: Rocks
size_categories: 1K<n<10K
source_datasets: [other/rocks]
dataset_info:
  features: [{name: mass, dtype: float64}, {name: label, dtype: string}]
  splits: [{name: train, num_examples: 10}, {name: test, num_examples: 5}]
---
# Rocks

![badge](x)

Rocks of a mountain.

## Limitations

Only one mountain. <!-- hint -->

## Curation Rationale

[More Information Needed]
"""


def test_a_croissant_file_fills_in_what_it_says() -> None:
    found = read_description(json.dumps(CROISSANT).encode())
    assert found.facts == {
        "title": "Titanic",
        "summary": "Who was aboard.",
        "description": "Who was aboard.\n\nMore words.",
        "licence": "CC-BY-4.0",
        "url": "https://example.org/titanic",
        "doi": "10.5281/zenodo.77",
    }
    assert found.answers == {
        "biases": "One.\n\nTwo.",
        "released": "2024-05-01",
        "time_from": "1912-04-10",
        "time_to": "1912-04-15",
        "columns": [{"name": "age", "type": "number", "meaning": "In years"}],
    }
    assert found.ignored == ("strange",)
    assert "Limits" in found.missing


def test_a_card_fills_in_what_it_says() -> None:
    found = read_description(CARD.encode())
    assert (found.kind, found.source) == ("dataset", "card")
    assert found.facts == {
        "title": "Rocks",
        "summary": "Rocks of a mountain.",
        "licence": "CC-BY-4.0",
    }
    assert found.answers["row_count"] == 15
    assert found.answers["columns"][1] == {"name": "label", "type": "text"}
    assert found.answers["limits"] == "Only one mountain."
    assert "purpose" not in found.answers
    assert "other/rocks" in found.problems[0]


@pytest.mark.django_db
def test_what_we_write_is_read_back() -> None:
    data = full_dataset()
    told = describe(data, root="https://heldout.example.org", site="Heldout")
    back = read_description(json.dumps(croissant(told)).encode())
    for key in ("limits", "collection_method", "time_from", "keywords", "languages", "citation"):
        assert back.answers[key] == told.answers[key], key
    assert back.answers["columns"][0]["name"] == "id"
    assert back.facts["licence"] == "CC-BY-4.0"
    written = card(told).encode()
    again = read_description(written)
    with translation.override("de"):  # who reads it in German gets the same answers
        assert read_description(written).answers == again.answers
    assert again.facts["title"] == data.title
    assert again.answers["limits"] == told.answers["limits"]
    assert check(back.answers, "dataset") == check(again.answers, "dataset") == []


def test_a_model_is_told_by_its_keys_or_by_the_person() -> None:
    assert read_description(b"---\nlibrary_name: x\n---\n").kind == "model"
    assert read_description(b"---\ntags: [x]\n---\n", kind="model").kind == "model"


HOSTILE: dict[str, bytes] = {
    "too large": b"{" + b" " * IMPORT_BYTES,
    "no text": b"\xff\xfe\x00",
    "no description": b"hello",
    "not an object": b"[1]",
    "broken JSON": b'{"a": ',
    "deep JSON": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "no number": b'{"name": NaN}',
    "open card": b"---\ntitle: x\n",
    "code in YAML": b"---\na: !!python/object/apply:os.system ['true']\n---\n",
    "a bomb of aliases": b"---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\n",
    "deep YAML": b"---\na: " + b"[" * 50_000 + b"\n---\n",
    "a list on top": b"---\n- x\n---\n",
    "a wrong date": b"---\na: 2026-02-31\n---\n",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_in_words(what: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_description(HOSTILE[what])
    assert len(str(refused.value)) < 500


ODD: list[dict[str, Any]] = [
    {"name": ["a"], "description": 5, "license": {"@id": "x"}, "recordSet": "no"},
    {"name": None, "sameAs": [[["x"]]], "recordSet": [{"field": [1, None, {"name": {}}]}]},
    {"name": "a" * 5000, "keywords": ["x" * 900] * 900, "rai:dataBiases": [{"a": {"b": 1}}] * 99},
    {"name": "\x00\ud800b", "license": "GPL-99", "inLanguage": {"@type": "sc:Language"}},
    {"datePublished": "2026-99-99", "url": "javascript:alert(1)", "isLiveDataset": "yes"},
]


@pytest.mark.parametrize("content", ODD)
def test_odd_values_never_become_answers_that_do_not_fit(
    content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("an import asks the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    found = read_description(json.dumps(content).encode())
    assert check(found.answers, found.kind) == []
    assert len(found.facts.get("title", "")) <= 200
    assert "javascript" not in str(found.facts)
    assert "licence" not in found.facts


def test_many_unclosed_comments_are_read_in_one_pass() -> None:
    body = "## Limitations\n" + "<!--" * 200_000
    assert "limits" not in read_description(f"---\n---\n{body}".encode()).answers
