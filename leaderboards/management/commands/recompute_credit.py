"""Recompute all credit from the scores and the books' own exports."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from challenges.models import Round
from leaderboards.models import CreditBook
from leaderboards.services.ledger import check_books, post_book


class Command(BaseCommand):
    help = "Recompute credit; with --check only compare, without it post corrections."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if wrong")
        parser.add_argument("--reason", default="", help="why it is corrected; public")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            self._post(options["reason"])
        differences = check_books()
        for difference in differences:
            self.stdout.write(difference)
        if differences:
            raise CommandError(f"{len(differences)} differences.")
        books = CreditBook.objects.count()
        self.stdout.write(f"{books} book{'s' * (books != 1)} recomputed, no difference.")

    def _post(self, reason: str) -> None:
        if not reason:
            raise CommandError("A correction needs --reason; to compare only, use --check.")
        for round_ in Round.objects.filter(revealed_at__isnull=False):
            book = post_book(round_, reason=reason)
            if book is not None:
                self.stdout.write(f"posted {book}")
