"""What one running site claims for itself alone: its data folder and its port."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import Self

from config import environment

LOCK_PATIENCE_S = 5.0
SOCKETS_PREFIX = "heldout-site-"


class EmbeddedError(Exception):
    """The site cannot start or go on; the message says why and what to do."""


class FolderLock:
    """The lock of a data folder, and the note in it that says who holds it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.descriptor = -1

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.home / environment.LOCK_NAME
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        # A site that was killed needs a moment until its last process has let go.
        deadline = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return self
            except BlockingIOError:
                if _is_alive(self._holder()) or time.monotonic() > deadline:
                    message = self._busy()
                    os.close(self.descriptor)
                    raise EmbeddedError(message) from None
                time.sleep(0.1)

    def __exit__(self, *error: object) -> None:
        os.ftruncate(self.descriptor, 0)
        os.close(self.descriptor)

    def write(self, **note: str) -> None:
        """Say who holds the folder and where the site is reached."""
        text = json.dumps(note).encode()
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, text, 0)

    def clear_leftovers(self) -> None:
        """Remove the socket folder of a site that was killed."""
        left = Path(self._note().get("sockets", ""))
        if left.name.startswith(SOCKETS_PREFIX) and left.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(left, ignore_errors=True)

    def _note(self) -> dict[str, str]:
        try:
            note: dict[str, str] = json.loads(os.pread(self.descriptor, 4096, 0))
            return note
        except ValueError:
            return {}

    def _holder(self) -> int:
        return int(self._note().get("pid", 0))

    def _busy(self) -> str:
        note = self._note()
        where = f", serving {note['url']}" if note.get("url") else ""
        return (
            f"The site on {self.home} is already running (process {note.get('pid', '?')}{where}). "
            "Stop it first, or choose another folder: HELDOUT_HOME=/path/to/folder."
        )


class Listener:
    """The web server's listening socket, bound before anything is started."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.wanted = port
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    @property
    def url(self) -> str:
        """Return the address for a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def descriptor(self) -> int:
        return self.socket.fileno()

    def __enter__(self) -> Self:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind((self.host, self.wanted))
            self.socket.listen(2048)
        except OSError as error:
            self.socket.close()
            raise EmbeddedError(
                f"Port {self.wanted} on {self.host} cannot be used ({error.strerror}). "
                f"Choose another one: PORT={self.wanted % 65535 + 1}."
            ) from None
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()


def _is_alive(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
