"""`manage.py check_rules`: whether the rules of every published round hold, amendments included."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from challenges.models import Round
from challenges.services.amendments import chain_faults


class Command(BaseCommand):
    help = (
        "Work out the hashes of all frozen rules and amendments again, and compare the rules in "
        "force with the last of them. Ends with 1 if anything differs."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        rounds = Round.objects.filter(published_at__isnull=False).select_related("challenge")
        faults = [
            f"{round.challenge.slug}/{round.slug}: {fault}"
            for round in rounds.order_by("pk")
            for fault in chain_faults(round)
        ]
        if faults:
            raise CommandError("\n".join(faults))
        self.stdout.write(f"The rules of {rounds.count()} published rounds hold.")
