"""All that the site says where its sources mark a text has a German translation, up to date."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import polib
import pytest
from django.test import Client
from django.utils import translation
from django.utils.html import strip_tags

from pages.templatetags.marks import percent, points, skill, value, when
from tests.pages.seed import Seed, build
from tests.translations.catalog import MO, PO, key, messages

_PLACE = re.compile(r"%\(\w+\)\w|%[sd%]|</?\w+")


@pytest.fixture
def seed(db: None) -> Seed:
    return build()


def test_no_string_waits_for_its_translation() -> None:
    translated = {key(entry) for entry in polib.pofile(str(PO)) if entry.translated()}
    waiting = [message for message in messages() if message not in translated]
    assert not waiting, f"python -m tests.translations --write, then fill in {PO}: {waiting}"


def test_strings_are_found_wherever_they_are() -> None:
    found = messages()
    assert ("It is switched off.", "") in found  # in an expression of a template
    assert ("Books of the round", "") in found
    assert ("Rehearsal of %(round)s", "") in found  # in a view
    assert ("%(number)s open dispute", "%(number)s open disputes") in found  # in the admin


def test_what_is_compiled_is_what_is_written() -> None:
    catalog = polib.pofile(str(PO))
    compiled = {key(entry): entry for entry in polib.mofile(str(MO))}
    written = {key(entry): entry for entry in catalog if entry.translated()}
    assert {message: (each.msgstr, each.msgstr_plural) for message, each in compiled.items()} == {
        message: (each.msgstr, each.msgstr_plural) for message, each in written.items()
    }


def test_a_translation_keeps_placeholders_and_elements() -> None:
    for entry in polib.pofile(str(PO)):
        texts = list(entry.msgstr_plural.values()) or [entry.msgstr]
        for original, text in zip((entry.msgid, entry.msgid_plural), texts, strict=False):
            if (text and "python-format" in entry.flags) or "<" in original:
                assert sorted(_PLACE.findall(text)) == sorted(_PLACE.findall(original)), original
            assert text[:1].isspace() == original[:1].isspace(), original
            assert text[-1:].isspace() == original[-1:].isspace(), original


def test_pages_speak_the_language_of_the_browser_or_the_one_chosen(
    client: Client, seed: Seed
) -> None:
    german = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}
    address = seed.open.get_absolute_url()
    page = client.get(address, headers=german).content.decode()
    assert '<html lang="de">' in page
    assert "Was vorherzusagen ist" in page
    assert "Regeln" in page
    assert "What to predict" not in page
    assert "0,1" in client.get(seed.final.get_absolute_url(), headers=german).content.decode()
    assert (
        '<html lang="en">'
        in client.get(address, headers={"Accept-Language": "fr"}).content.decode()
    )
    for place, words in [
        (f"{seed.final.get_absolute_url()}credit/", "Bücher der Runde"),
        ("/catalog/", "Katalog der Datensätze und Modelle"),
        ("/metrics/", "Wonach Runden hier bewertet werden können"),
    ]:
        assert words in client.get(place, headers=german).content.decode(), place
    answer = client.post("/language/", {"language": "de", "next": address})
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert "Was vorherzusagen ist" in client.get(address).content.decode()
    away = client.post("/language/", {"language": "en", "next": "https://elsewhere.example/"})
    assert "elsewhere" not in away["Location"]


def test_programs_files_and_the_admin_get_english(client: Client, seed: Seed) -> None:
    german = {"Accept-Language": "de"}
    final = seed.final.get_absolute_url()
    for address in (f"{final}board.csv", f"{final}board.json", "/api/v1/submissions/none/"):
        assert client.get(address, headers=german).content == client.get(address).content, address
    assert "Anmelden" not in client.get("/admin/login/", headers=german).content.decode()


def test_numbers_and_days_are_written_as_the_language_does() -> None:
    moment = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)
    written = [
        lambda: points(1_234_567_890_123),
        lambda: points(35_795_001),
        lambda: points(1),
        lambda: value(-0.00012),
        lambda: skill(723_456),
        lambda: percent(1250),
        lambda: strip_tags(when(moment)),
    ]
    assert [each() for each in written] == [
        "1,234,567.89", "35.80", "< 0.01", "\u22121.200e\u22124", "72.3 %", "12.5 %",
        "4 Dec 2026, 09:30 UTC",
    ]  # fmt: skip
    with translation.override("de"):
        assert [each() for each in written] == [
            "1.234.567,89", "35,80", "< 0,01", "\u22121,200e\u22124", "72,3 %", "12,5 %",
            "4. Dez 2026, 09:30 UTC",
        ]  # fmt: skip
