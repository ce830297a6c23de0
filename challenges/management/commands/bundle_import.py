"""`manage.py bundle_import PATH --by USERNAME`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from challenges.errors import ChallengeError
from challenges.services.bundles import import_whole_bundle
from challenges.services.bundles.progress import progress_lines
from heldout.bundle.errors import BundleError


class Command(BaseCommand):
    help = "Import a challenge from a folder or zip archive with challenge.yaml (docs/bundle.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", help="the folder or the zip archive")
        parser.add_argument("--by", required=True, metavar="USERNAME", help="who imports it")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["by"]).first()
        if user is None:
            raise CommandError(f"Nobody here has the username {options['by']}.")
        try:
            report = import_whole_bundle(
                options["path"], by=user, progress=progress_lines(self.stderr)
            )
        except (BundleError, ChallengeError) as error:
            raise CommandError(str(error)) from None
        for item in report.rounds:
            self.stdout.write(f"{report.challenge.slug}/{item.round.slug}: {item.outcome}")
