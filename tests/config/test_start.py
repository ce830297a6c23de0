"""What every process of the site loads when it starts."""

from __future__ import annotations

import subprocess
import sys

from tests.docs.places import ROOT

LOADED = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
import config.urls
print(*sorted({"scipy", "numba", "pandas", "h5py", "pyarrow"} & set(sys.modules)))
"""


def test_pages_and_commands_start_without_the_libraries_that_only_scoring_uses() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
