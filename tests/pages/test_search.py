"""Search finds what the visitor may see, and nothing else."""

from __future__ import annotations

from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.pages.seed import Seed


def found(client: Client, text: str) -> str:
    return client.get("/search/", {"q": text}).content.decode()


def test_every_kind_is_found_by_its_name(client: Client, seed: Seed) -> None:
    for thing, name in [
        (seed.challenge, seed.challenge.title),
        (seed.open, seed.open.title),
        (seed.data["D1"], seed.data["D1"].title),
        (seed.methods["A"], seed.methods["A"].title),
        (seed.teams["B"], seed.teams["B"].name),
        (seed.ann, seed.ann.public_name),
    ]:
        assert f'href="{thing.get_absolute_url()}"' in found(client, name), name
    assert 'href="/metrics/nrmse/"' in found(client, "nrmse")


def test_all_words_must_occur_in_any_order_and_case(client: Client, seed: Seed) -> None:
    words = seed.challenge.title.split()
    address = f'<a href="{seed.challenge.get_absolute_url()}">'
    assert address in found(client, " ".join(reversed(words)).upper())
    assert address not in found(client, f"{seed.challenge.title} zzz")


def test_a_draft_is_found_by_its_organizer_only(client: Client, seed: Seed) -> None:
    seed.upcoming.published_at = None
    seed.upcoming.title = "Quokka forecast"
    seed.upcoming.save()
    assert "Quokka forecast</a>" not in found(client, "quokka")
    client.force_login(seed.organizer)
    assert "Quokka forecast</a>" in found(client, "quokka")


def test_what_a_person_types_is_shown_as_text(client: Client, seed: Seed) -> None:
    assert "<script>alert(1)" not in found(client, "<script>alert(1)</script>")
    assert client.get("/search/", {"q": "a\x00b" + "%_" * 200}).status_code == 200


def test_the_number_of_queries_does_not_grow(
    client: Client, seed: Seed, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(12):
        client.get("/search/?q=e")
