"""`manage.py bundle_schema`: the JSON Schema of challenge.yaml, for editors."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from challenges.services.bundles.schema import bundle_schema


class Command(BaseCommand):
    help = "Print the JSON Schema of challenge.yaml (docs/bundle.md tells how editors use it)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(bundle_schema(), ensure_ascii=False, indent=1))
