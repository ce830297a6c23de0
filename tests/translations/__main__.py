"""Bring the catalogs up to date with the sources: `python -m tests.translations --write`."""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.translations.catalog import PO, write  # noqa: E402 - needs the settings

if sys.argv[1:] != ["--write"]:
    sys.exit("usage: python -m tests.translations --write")
for singular, _ in write():
    sys.stdout.write(f"{PO}: no translation yet: {singular!r}\n")
