"""`manage.py doctor`: names the cause when workers get nothing, and what to do about it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.doctor import Finding, Verdict, examine


class Command(BaseCommand):
    help = "Examine the site; exit 1 if something keeps it from its work."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        found = examine()
        is_well = not any(finding.verdict is Verdict.BAD for finding in found)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": is_well, "findings": [asdict(f) for f in found]}))
        else:
            for finding in found:
                self._tell(finding)
        if not is_well:
            sys.exit(1)

    def _tell(self, finding: Finding) -> None:
        self.stdout.write(f"{finding.verdict:8} {finding.part}: {finding.told}")
        if finding.remedy:
            self.stdout.write(f"{'':8} -> {finding.remedy}")
