"""The process that a rehearsal is held in; started by `rehearsal.launch` only."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from rehearsal.launch import STEP_FILE, keep_copy
from rehearsal.steps import Step, Told, tell_into


def main() -> int:
    """Read the order from stdin, hold the rehearsal, write the report."""
    order = json.load(sys.stdin)
    answer, template = Path(sys.argv[1]), Path(order["template"])
    home = Path(os.environ["HELDOUT_HOME"])
    database = home / "heldout.sqlite3"
    if template.is_file():
        shutil.copyfile(template, database)
    tell = tell_into(home / STEP_FILE)
    tell(Told(Step.START))
    import django
    from django.conf import settings

    django.setup()
    # Nobody signs in here, and a slow hash for each made-up person is most of the time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if not template.is_file():
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        keep_copy(database, template)
    from rehearsal.rehearsal import hold_rehearsal

    report = hold_rehearsal(Path(order["bundle"]), tell=tell)
    answer.write_text(json.dumps(report.to_json(), ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
