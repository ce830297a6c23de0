"""`manage.py audit_verify`: is the audit trail whole, and does it still hold an earlier head?"""

from __future__ import annotations

import argparse
import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit

_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


def noted_head(text: str) -> tuple[int, str]:
    """Read NUMBER:HASH as this command prints it."""
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError("write it as it was printed: a number, a colon, a hash")
    return int(found[1]), found[2]


class Command(BaseCommand):
    help = "Check every event of the audit trail. Keep the head it prints outside this site."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--head", type=noted_head, metavar="NUMBER:HASH", help="a head noted earlier"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        faults = audit.faults(noted=options["head"])
        if faults:
            raise CommandError("The audit trail is broken: " + "; ".join(faults) + ".")
        end = audit.head()
        self.stdout.write(f"The audit trail is whole: {end.seq} events. Its head is\n{end}")
