"""`manage.py rehearse BUNDLE`: exit code 0 when nothing must be mended, 1 otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rehearsal.findings import report_text
from rehearsal.launch import RehearsalError, rehearse


class Command(BaseCommand):
    help = "Hold the rounds of a bundle in seconds, with made-up teams, to find mistakes in it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("bundle", help="the folder or the zip archive")
        parser.add_argument("--keep", metavar="FOLDER", help="leave database and files there")
        parser.add_argument("--json", action="store_true", help="write the report as JSON")
        parser.add_argument("--strict", action="store_true", help="warnings count as errors")

    def handle(self, *args: Any, **options: Any) -> None:
        bundle = Path(options["bundle"])
        if not bundle.exists():
            raise CommandError(f"There is no {bundle}.", returncode=2)
        try:
            report = rehearse(bundle, keep=Path(options["keep"]) if options["keep"] else None)
        except RehearsalError as error:
            raise CommandError(str(error), returncode=2) from None
        told = json.dumps(report.to_json(), indent=1) if options["json"] else report_text(report)
        self.stdout.write(told)
        if not report.ok or (options["strict"] and report.findings):
            raise SystemExit(1)
