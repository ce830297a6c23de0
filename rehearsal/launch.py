"""Starting a rehearsal: a process of its own, which knows nothing of the site."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from config import environment
from rehearsal.findings import Report, report_from_json

# All that the process gets of this one's environment: no address, no secret, no folder of the
# site. What bounds the scoring of the site bounds it here too.
_PASSED_ON = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
_PASSED_ON_PREFIXES = ("SCORING_", "UPLOAD_LIMIT")
_ENOUGH_S = 1800

Say = Callable[[str], None]


class RehearsalError(Exception):
    """The rehearsal itself could not be held; the message says why."""


def rehearse(bundle: Path, *, keep: Path | None = None, timeout_s: float = _ENOUGH_S) -> Report:
    """Hold the rounds of a bundle in a database and folders that are gone afterwards.

    Parameters
    ----------
    keep : Path, optional
        A new folder that the database and files are left in.

    Raises
    ------
    RehearsalError
        If the folder is there already, or the process ends without a report.
    """
    if keep is not None:
        if keep.exists():
            raise RehearsalError(f"{keep} is there already; name a new folder.")
        keep.mkdir(parents=True, mode=0o700)
        return _run(bundle, home=keep, timeout_s=timeout_s)
    with tempfile.TemporaryDirectory(prefix="heldout-rehearsal-") as scratch:
        return _run(bundle, home=Path(scratch), timeout_s=timeout_s)


def _run(bundle: Path, *, home: Path, timeout_s: float) -> Report:
    order = {"bundle": str(bundle.resolve()), "template": str(template_path())}
    answer = home / "report.json"
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "rehearsal", str(answer)],
            cwd=environment.BASE_DIR,
            env=_environ(home),
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RehearsalError(f"The rehearsal took longer than {timeout_s:.0f} s.") from None
    if ended.returncode or not answer.is_file():
        said = ended.stderr.strip().splitlines()[-15:]
        raise RehearsalError("The rehearsal ended without a report:\n" + "\n".join(said))
    return report_from_json(json.loads(answer.read_text(encoding="utf-8")))


def _environ(home: Path) -> dict[str, str]:
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    return passed | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HELDOUT_HOME": str(home),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "HTTPS": "0",
        "BROKER_URL": "memory://",
        "LOG_LEVEL": "ERROR",
        "STORAGE_FREE_BYTES_MIN": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def keep_copy(database: Path, target: Path) -> None:
    """Keep a copy of a database that is in use; without it the next start only takes longer."""
    made = target.with_suffix(f".{os.getpid()}")
    with suppress(OSError, sqlite3.Error):
        target.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(database) as connection:
            connection.execute("VACUUM INTO ?", [str(made)])
        made.rename(target)


def template_path() -> Path:
    """Return where an empty, migrated database of exactly these migrations is kept.

    Making one takes longer than a rehearsal, copying it a moment.
    """
    digest = hashlib.sha256(version("django").encode())
    for path in sorted(environment.BASE_DIR.glob("*/migrations/*.py")):
        digest.update(str(path.relative_to(environment.BASE_DIR)).encode() + path.read_bytes())
    return environment.home() / "cache" / f"empty-{digest.hexdigest()[:16]}.sqlite3"
