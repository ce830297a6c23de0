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
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from config import environment
from rehearsal.findings import Report, report_from_json
from rehearsal.steps import Listener, Told

# All that the process gets of this one's environment: no address, no secret, no folder of the
# site. What bounds the scoring of the site bounds it here too.
_PASSED_ON = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
_PASSED_ON_PREFIXES = ("SCORING_", "UPLOAD_LIMIT")
_ENOUGH_S = 1800
_LOOK_EVERY_S = 0.25

STEP_FILE = "steps.jsonl"
SCRATCH = "heldout-rehearsal-"
# Called with each step as it begins, and with nothing again and again; False to have it stopped.
Heard = Callable[[Told | None], bool]


class RehearsalError(Exception):
    """The rehearsal itself could not be held; the message says why."""


def _go_on(told: Told | None) -> bool:
    return True


def rehearse(
    bundle: Path,
    *,
    keep: Path | None = None,
    timeout_s: float = _ENOUGH_S,
    heard: Heard = _go_on,
) -> Report:
    """Hold the rounds of a bundle in a database and folders that are gone afterwards.

    Parameters
    ----------
    keep : Path, optional
        A new folder that the database and files are left in.
    heard : callable, optional
        Told of each step, and several times a second of nothing new.

    Raises
    ------
    RehearsalError
        If the folder is there already, or the process ends without a report.
    """
    if keep is not None:
        if keep.exists():
            raise RehearsalError(f"{keep} is there already; name a new folder.")
        keep.mkdir(parents=True, mode=0o700)
        return _run(bundle, home=keep, timeout_s=timeout_s, heard=heard)
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch:
        return _run(bundle, home=Path(scratch), timeout_s=timeout_s, heard=heard)


def _run(bundle: Path, *, home: Path, timeout_s: float, heard: Heard) -> Report:
    order = {"bundle": str(bundle.resolve()), "template": str(template_path())}
    answer = home / "report.json"
    # Files, not pipes: nobody reads while the process works, and a full pipe would stop it.
    with tempfile.TemporaryFile("w+") as told, tempfile.TemporaryFile("w+") as wrong:
        json.dump(order, told)
        told.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-m", "rehearsal", str(answer)],
            cwd=environment.BASE_DIR,
            env=_environ(home),
            stdin=told,
            stdout=subprocess.DEVNULL,
            stderr=wrong,
        )
        try:
            _wait(process, home / STEP_FILE, timeout_s=timeout_s, heard=heard)
        finally:
            process.kill()
            process.wait()
        wrong.seek(0)
        said = wrong.read().strip().splitlines()[-15:]
    if process.returncode or not answer.is_file():
        raise RehearsalError("The rehearsal ended without a report:\n" + "\n".join(said))
    return report_from_json(json.loads(answer.read_text(encoding="utf-8")))


def _wait(process: subprocess.Popen[bytes], steps: Path, *, timeout_s: float, heard: Heard) -> None:
    until, listener = time.monotonic() + timeout_s, Listener(steps)
    while True:
        if not all(heard(told) for told in (*listener.news(), None)):
            raise RehearsalError("The rehearsal was given up.")
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_EVERY_S)
            return
        if time.monotonic() > until:
            raise RehearsalError(f"The rehearsal took longer than {timeout_s:.0f} s.")


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
