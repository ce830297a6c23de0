"""Write docs/permissions.md from the table: `--write`."""

from __future__ import annotations

import sys

from tests.permissions.table import PAGE, markdown, read

if sys.argv[1:] == ["--write"]:
    PAGE.write_text(markdown(read()), encoding="utf-8")
else:
    sys.exit("usage: python -m tests.permissions --write")
