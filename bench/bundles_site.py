"""What `bench.bundles` does on a site beside the commands: begin, hand in, read what is there."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import django

PIECE = 2**20
PASSWORD = "correct horse"  # noqa: S105 - of a site that is gone in a minute


def begin() -> None:
    """Make the database and the one person."""
    from django.core.management import call_command

    from accounts.services import create_person

    call_command("migrate", verbosity=0, interactive=False)
    create_person(username="ada", password=PASSWORD, is_staff=True)


def enter(path: str) -> None:
    """Publish the round and hand a file in as a team does."""
    from django.utils import timezone

    from accounts.models import User
    from accounts.services import create_person, create_team
    from catalog.services import method_of_team
    from challenges.models import Round
    from challenges.services.rounds import publish_round
    from submissions.services.submit import submit

    round_ = publish_round(Round.objects.get(), by=User.objects.get())
    bob = create_person(username="bob", password=PASSWORD)
    team = create_team(name="Still water", slug="still-water", members=[bob])
    submit(
        round=round_,
        team=team,
        by=bob,
        chunks=_pieces(Path(path)),
        file_name="entry.npz",
        received_at=timezone.now(),
        method=lambda: method_of_team(
            team=team, title="Zeros", summary="Made.", by=bob, disclosure="full"
        ),
    )


def digests() -> None:
    """Print the digest of each stored answer, of the bytes that are there now."""
    from challenges.models import Round
    from challenges.services.references import open_references

    found = {}
    with open_references(round=Round.objects.get(), purpose="verify", subject="bench") as handles:
        for slug, handle in handles.items():
            found[slug] = hashlib.file_digest(handle, "sha256").hexdigest()  # type: ignore[arg-type]
    print(json.dumps(found))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


if __name__ == "__main__":
    django.setup()
    {"begin": begin, "enter": enter, "digests": digests}[sys.argv[1]](*sys.argv[2:])
