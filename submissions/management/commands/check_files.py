"""`manage.py check_files`: read every stored file again and compare it with its row."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions.models import FileCheck
from submissions.services.fixity import check_all_files


class Command(BaseCommand):
    help = "Compare every stored file with its SHA-256; exit 1 if one is damaged or missing."

    def handle(self, *args: Any, **options: Any) -> None:
        found: Counter[str] = Counter()
        for check in check_all_files():
            found[check.state] += 1
            if check.state != FileCheck.State.SOUND:
                self.stdout.write(str(check))
        bad = found.total() - found[FileCheck.State.SOUND]
        if bad:
            raise CommandError(f"{bad} of {found.total()} files are not sound.")
        self.stdout.write(f"{found.total()} files read, all sound.")
