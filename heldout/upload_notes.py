"""Notes on uploads that are under way, so that the next process goes on where one was cut off.

A note holds no token and no content: the code of the upload, and what it was begun for.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path


def notes_folder() -> Path:
    """Return the folder, under $XDG_STATE_HOME or ~/.local/state."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "heldout" / "uploads"


class UploadNote:
    """The note on one upload: the same server, person, purpose and content find it again."""

    def __init__(self, *about: str) -> None:
        self._key = hashlib.sha256("\0".join(about).encode()).hexdigest()
        self._path = notes_folder() / f"{self._key[:32]}.json"

    def read(self) -> str:
        """Return the code of the upload, or "" if there is none; a damaged note is none."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return str(content["code"]) if content["key"] == self._key else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def write(self, code: str) -> None:
        """Keep the code; a place that cannot be written to costs the resuming, not the upload."""
        fresh = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"code": code, "key": self._key}, file)
            fresh.replace(self._path)
        except OSError:
            return

    def forget(self) -> None:
        """Remove the note."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return
