"""`manage.py serve`: the whole site in one command."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import environment
from config.embedded import serve


class Command(BaseCommand):
    help = "Run broker, web server, worker and scheduler together until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port",
            type=int,
            default=environment.integer("PORT", default=8000),
            help="port of the web server, 0 for any free one (default: PORT or 8000)",
        )
        parser.add_argument(
            "--host",
            default=os.environ.get("HOST", "").strip() or "127.0.0.1",
            help="address to listen on (default: HOST or 127.0.0.1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(serve(port=options["port"], host=options["host"]))
