"""Hold the quota's ledger against the submissions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions.models import QuotaEntry
from submissions.services.quota import check_ledger


class Command(BaseCommand):
    help = "Check the quota's ledger; changes nothing; exit 1 if it contradicts the submissions."

    def handle(self, *args: Any, **options: Any) -> None:
        found = check_ledger()
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise CommandError(f"{len(found)} contradictions.")
        self.stdout.write(f"{QuotaEntry.objects.count()} entries, no contradiction.")
