"""Tracks, models and roles come along into a bundle and a clone, and change by amendments."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from challenges.errors import AmendmentRefused
from challenges.models import ChallengeRole, Round, TargetWindow, Track
from challenges.services.amendments import amend_round, chain_faults
from challenges.services.bundles import export_bundle, import_whole_bundle
from challenges.services.clone import CloneWish, clone_round
from challenges.services.rounds import publish_round
from heldout.bundle.sink import open_sink
from tests.admin.forms import client_of, of_form, organizer
from tests.challenges.builders import draft_round, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return organizer("ada")


@pytest.fixture
def draft(ada: User) -> Round:
    """Servers have three days for a target, humans until the round closes."""
    made = draft_round(
        ada,
        models_per_target=3,
        model_basis="best",
        opens_at=timezone.now() - timedelta(hours=1),
        upload_replaces="answers",
    )
    servers = Track.objects.create(round=made, slug="server", title="Servers", target_hours=72)
    humans = Track.objects.create(round=made, slug="human", title="Humans", position=1)
    targets = list(made.targets.all())
    early = made.closes_at - timedelta(hours=2)
    TargetWindow.objects.create(target=targets[0], track=humans, closes_at=early)
    TargetWindow.objects.create(target=targets[1], track=servers, closes_at=early)
    targets[2].providers.add(person("pia"))
    ChallengeRole.objects.create(challenge=made.challenge, user=person("ash"), role="assessor")
    return made


def written(round_: Round, folder: Path) -> dict[str, bytes]:
    with open_sink(folder) as sink:
        export_bundle(round_.challenge, sink, rounds=[round_], with_answers=True)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_bundle_carries_them_there_and_back_bit_for_bit(
    draft: Round, ada: User, tmp_path: Path
) -> None:
    first = written(draft, tmp_path / "first")
    text = first["challenge.yaml"].decode()
    for told in ("target_hours: 72", "windows:", "providers: [pia]", "role: assessor",
                 "models_per_target: 3", "model_basis: best"):  # fmt: skip
        assert told in text, told
    # To another address, so that nothing of it is there already.
    moved = text.replace("slug: numbers\n", "slug: elsewhere\n", 1)
    (tmp_path / "first" / "challenge.yaml").write_text(moved)
    made = import_whole_bundle(tmp_path / "first", by=ada).rounds[0].round
    second = written(made, tmp_path / "second")
    assert second.pop("challenge.yaml").decode() == moved
    assert second == {name: content for name, content in first.items() if name != "challenge.yaml"}


def test_a_clone_takes_them_along_with_dates_moved(draft: Round, ada: User) -> None:
    year = timedelta(days=365)
    wish = CloneWish("second", "Second", draft.opens_at + year, targets=True)
    made = clone_round(draft, wish, by=ada)
    assert (made.models_per_target, made.model_basis) == (3, "best")
    assert list(made.tracks.values_list("slug", "target_hours")) == [
        ("server", 72),
        ("human", None),
    ]
    windows = TargetWindow.objects.order_by("track__slug").values_list(
        "track__slug", "target__slug", "closes_at"
    )
    old = windows.filter(track__round=draft)
    assert list(windows.filter(track__round=made)) == [
        (track, target, closes_at + year) for track, target, closes_at in old
    ]
    assert [each.username for each in made.targets.last().providers.all()] == ["pia"]


def test_the_form_of_a_clone_asks_for_tracks_and_providers_by_name(draft: Round, ada: User) -> None:
    client, address = client_of(ada), f"/admin/challenges/round/{draft.pk}/clone/"
    page = client.get(address).content.decode()
    assert "Servers, Humans; their dates move too." in page
    assert "pia: with their targets" in page
    facts = {"title": "Next", "slug": "next", "opens_at_0": "2099-01-01", "opens_at_1": "12:00"}
    # Who provided a target knows its answer, and would be ranked on it.
    refused = client.post(address, {**facts, "targets": "on", "answers": "on"})
    assert "Take the providers along with the answers" in refused.content.decode()
    assert client.post(address, {**facts, "targets": "on"}).status_code == 302
    made = Round.objects.get(slug="next")
    assert not made.tracks.exists()
    assert not TargetWindow.objects.filter(target__round=made).exists()
    assert not any(target.providers.exists() for target in made.targets.all())
    all_ = {**facts, "slug": "all", "targets": "on", "tracks": "on", "providers": "on"}
    assert client.post(address, all_).status_code == 302
    made = Round.objects.get(slug="all")
    assert made.tracks.count() == 2
    assert made.targets.last().providers.get().username == "pia"
    # A round without any asks nothing.
    bare = client.get(f"/admin/challenges/round/{Round.objects.get(slug='next').pk}/clone/")
    assert "Providers of targets" not in bare.content.decode()


def test_the_design_in_words_is_amended_box_by_box_before_the_opening(
    draft: Round, ada: User
) -> None:
    draft.design_items = {"mission": "To choose a method.", "awards": "None."}
    draft.opens_at = timezone.now() + timedelta(hours=1)
    draft.save()
    publish_round(draft, by=ada)
    client, address = client_of(ada), f"/admin/challenges/round/{draft.pk}/amend/"
    page = client.get(address)
    assert [each.name for each in page.context["form"]].count("design_items") == 0
    facts = form_facts(page)
    assert facts["design_mission"] == "To choose a method."
    unchanged = client.post(address, facts | {"reason": "Nothing."})
    assert "Nothing is changed" in unchanged.content.decode()
    told = {
        "design_mission": "To choose two methods.",
        "design_awards": "",
        "design_cohort": "All.",
    }
    response = client.post(address, facts | told | {"reason": "Said better."})
    assert response.status_code == 302, response.context["form"].errors
    draft.refresh_from_db()
    assert draft.design_items == {"mission": "To choose two methods.", "cohort": "All."}
    changes = {each["path"]: each["after"] for each in draft.amendments.get().changes}
    assert changes == {
        "design_items / awards": None,
        "design_items / cohort": "All.",
        "design_items / mission": "To choose two methods.",
    }
    assert chain_faults(draft) == []


def form_facts(page: HttpResponse) -> dict[str, Any]:
    """Return what a browser would send of a form if nothing were typed."""
    return of_form(page.context["form"])  # type: ignore[attr-defined]


def test_the_deadline_of_a_track_moves_by_an_amendment_with_a_diff(draft: Round, ada: User) -> None:
    publish_round(draft, by=ada)
    sooner = (draft.closes_at - timedelta(hours=1)).replace(microsecond=0)
    address = f"/admin/challenges/round/{draft.pk}/amend/"
    client = client_of(ada)
    page = client.get(address)
    facts = form_facts(page) | {
        "track:human:closes_at_0": f"{sooner:%Y-%m-%d}",
        "track:human:closes_at_1": f"{sooner:%H:%M:%S}",
        "reason": "The hall closes.",
    }
    response = client.post(address, facts)
    assert response.status_code == 302, response.context["form"].errors
    (change,) = draft.amendments.get().changes
    assert change["path"] == "tracks / human / closes_at"
    assert chain_faults(Round.objects.get(pk=draft.pk)) == []
    past = timezone.now() - timedelta(minutes=1)
    for slug, name in (("human", "closes_at"), ("human", "opens_at"), ("nobody", "closes_at")):
        with pytest.raises(AmendmentRefused):
            amend_round(draft, {}, by=ada, reason="No.", tracks={slug: {name: past}})
    assert draft.amendments.count() == 1
