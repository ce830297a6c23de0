"""`manage.py bundle_export CHALLENGE[/ROUND] --out DIR|FILE.zip`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from challenges.errors import ChallengeError
from challenges.models import Challenge, Round
from challenges.services.bundles import export_bundle
from challenges.services.bundles.progress import progress_lines
from heldout.bundle.errors import BundleError
from heldout.bundle.sink import open_sink
from leaderboards.services.round_records import (
    add_announcements,
    add_credit,
    add_entries,
    add_scores,
)

# What may be asked for beside the design, and who writes it for a round.
RECORDS = {
    "entries": add_entries,
    "scores": add_scores,
    "credit": add_credit,
    "announcements": add_announcements,
}


class Command(BaseCommand):
    help = "Write a challenge as a bundle that bundle_import reads (docs/bundle.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="CHALLENGE[/ROUND]")
        parser.add_argument("--out", required=True, help="a new folder, or a name ending in .zip")
        parser.add_argument("--with-answers", action="store_true", help="the held-out answers too")
        for name in RECORDS:
            parser.add_argument(f"--with-{name}", action="store_true", help=f"the {name} too")

    def handle(self, *args: Any, **options: Any) -> None:
        challenge, rounds = _found(options["name"])
        try:
            with open_sink(Path(options["out"]), progress=progress_lines(self.stderr)) as sink:
                export_bundle(
                    challenge,
                    sink,
                    rounds=rounds,
                    with_answers=options["with_answers"],
                    subject="manage.py bundle_export",
                )
                for name, add in RECORDS.items():
                    for round_ in rounds if options[f"with_{name}"] else ():
                        add(round_, sink)
        except (BundleError, ChallengeError) as error:
            raise CommandError(str(error)) from None
        except FileNotFoundError:
            raise CommandError(
                "A file of the challenge is not in storage. Restore it from its backup."
            ) from None
        self.stdout.write(f"{challenge.slug}: {len(rounds)} rounds written to {options['out']}")


def _found(name: str) -> tuple[Challenge, list[Round]]:
    slug, _, of_round = name.partition("/")
    challenge = Challenge.objects.filter(slug=slug).first()
    if challenge is None:
        raise CommandError(f"There is no challenge {slug} here.")
    rounds = list(Round.objects.filter(challenge=challenge).select_related("challenge"))
    if of_round:
        rounds = [each for each in rounds if each.slug == of_round]
    if not rounds:
        raise CommandError(f"There is no round {name} here; a bundle has at least one.")
    return challenge, rounds
