"""`manage.py healthcheck web|worker|beat`: what a container asks of itself."""

from __future__ import annotations

import os
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.celery import app

WORKER_ANSWERS_WITHIN_S = 5.0
# Beat writes its schedule at the latest every three minutes.
BEAT_WRITES_WITHIN_S = 600.0


def check_web() -> None:
    """Refuse a web server on this machine that does not answer /healthz."""
    port = os.environ.get("PORT", "").strip() or "8000"
    url = f"http://127.0.0.1:{port}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            answer.read()
    except (urllib.error.URLError, OSError) as error:
        raise CommandError(f"{url} does not answer: {error}") from None


def check_worker() -> None:
    """Refuse a silent worker on this machine."""
    name = f"celery@{socket.gethostname()}"
    if not app.control.inspect([name], timeout=WORKER_ANSWERS_WITHIN_S).ping():
        raise CommandError(f"worker {name} does not answer")


def check_beat() -> None:
    """Refuse a scheduler that has not written its schedule for long."""
    path = Path(settings.CELERY_BEAT_SCHEDULE_FILENAME)
    written = [file.stat().st_mtime for file in path.parent.glob(f"{path.name}*")]
    if not written or time.time() - max(written) > BEAT_WRITES_WITHIN_S:
        raise CommandError("the scheduler has not written its schedule for ten minutes")


CHECKS = {"web": check_web, "worker": check_worker, "beat": check_beat}


class Command(BaseCommand):
    help = "Exit with 0 when the part of the site on this machine is well."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("part", choices=sorted(CHECKS))

    def handle(self, *args: Any, **options: Any) -> None:
        CHECKS[options["part"]]()
        self.stdout.write("ok")
