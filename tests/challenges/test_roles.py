"""Who sees and decides what: owner, organizer, assessor, target provider."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from challenges.models import ChallengeRole
from challenges.selectors import (
    can_assess,
    can_give_roles,
    can_organize,
    can_provide,
    released_files,
    sees_names,
    visible_rounds,
)
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "organizes", "gives_roles", "assesses"),
    [
        ("owner", True, True, True),
        ("organizer", True, False, True),
        ("assessor", False, False, True),
        ("", False, False, False),
    ],
)
def test_each_role_may_do_its_own(
    role: str, organizes: bool, gives_roles: bool, assesses: bool
) -> None:
    round_, person = factories.make_round(published=False), factories.make_user()
    challenge = round_.challenge
    if role:
        ChallengeRole.objects.create(challenge=challenge, user=person, role=role)
    assert can_organize(person, challenge) is organizes
    assert can_give_roles(person, challenge) is gives_roles
    assert can_assess(person, challenge) is assesses
    assert (round_ in visible_rounds(person)) is assesses


def test_an_assessor_reads_names_from_the_date_that_the_round_sets() -> None:
    round_, person = factories.make_round(), factories.make_user()
    ChallengeRole.objects.create(challenge=round_.challenge, user=person, role="assessor")
    now = timezone.now()
    assert not sees_names(person, round_, now)
    assert sees_names(factories.organizer_of(round_.challenge), round_, now)
    round_.assessors_see_names_at = now + timedelta(days=3)
    round_.revealed_at = now
    assert not sees_names(person, round_, now)  # the date decides, if there is one
    assert sees_names(person, round_, now + timedelta(days=3))
    round_.assessors_see_names_at = None
    assert sees_names(person, round_, now)


def test_a_provider_has_the_files_of_the_own_target_alone() -> None:
    later = timezone.now() + timedelta(hours=2)
    round_, person = factories.make_round(opens_at=later), factories.make_user()
    own, other = round_.targets.all()[:2]
    own.providers.add(person)
    for target in (own, other):
        round_.files.create(name=f"{target.slug}.csv", target=target, size_bytes=1, sha256="0" * 64)
    assert can_provide(person, own)
    assert not can_provide(person, other)
    names = [file.name for file in released_files(round_, person, timezone.now())]
    assert names == [f"{own.slug}.csv"]


def test_a_file_may_come_at_a_later_stage() -> None:
    round_, person, now = factories.make_round(), factories.make_user(), timezone.now()
    round_.files.create(
        name="stage1.csv", released_at=now + timedelta(hours=2), size_bytes=1, sha256="0" * 64
    )
    assert not released_files(round_, person, now)
    assert released_files(round_, person, now + timedelta(hours=3))
