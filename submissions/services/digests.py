"""SHA-256 of files that arrive in several requests, kept in memory between them.

Python cannot write the state of a running hash down. Where another process received the
beginning, the file is read once when it is whole; what it costs is one read from the disk.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

MOST = 256  # a state is some hundred bytes; the one longest untouched goes first

_running: OrderedDict[str, tuple[int, _Hash]] = OrderedDict()
_guard = threading.Lock()


def take(code: str, offset: int) -> _Hash | None:
    """Return the hash of the first `offset` bytes of an upload, or None if it is not known here."""
    with _guard:
        known = _running.pop(code, None)
    if offset == 0:
        return hashlib.sha256()
    return known[1] if known is not None and known[0] == offset else None


def put(code: str, offset: int, digest: _Hash) -> None:
    """Keep the hash of the first `offset` bytes for the request that goes on."""
    with _guard:
        _running[code] = (offset, digest)
        while len(_running) > MOST:
            _running.popitem(last=False)
