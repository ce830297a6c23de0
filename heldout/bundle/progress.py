"""How far the files of a bundle have come, for whoever wants to know."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

# Called with a file's name in the bundle, how many of its bytes are done, and its size; a size of
# 0 is not known. A file that is read twice begins anew.
Progress = Callable[[str, int, int], None]
_COPY_BYTES = 2**20


def opened(path: Path, *, name: str, progress: Progress | None) -> BinaryIO:
    """Open a file for reading, telling how much of it has been read."""
    if progress is None:
        return path.open("rb")
    return cast(BinaryIO, io.BufferedReader(_CountedFile(path, name, progress), _COPY_BYTES))


def copy(
    content: BinaryIO, out: Any, *, name: str, size: int = 0, progress: Progress | None
) -> None:
    """Copy a stream piece by piece, telling how much of it is written."""
    done = 0
    while piece := content.read(_COPY_BYTES):
        out.write(piece)
        done += len(piece)
        if progress is not None:
            progress(name, done, size)


def size_of(content: BinaryIO) -> int:
    """Return how much is left to read of a stream; 0 where it cannot tell."""
    try:
        at = content.tell()
        size = content.seek(0, io.SEEK_END) - at
        content.seek(at)
    except (OSError, AttributeError):
        return 0
    return size


class _CountedFile(io.FileIO):
    """A file that tells how far its reading has come."""

    def __init__(self, path: Path, name: str, progress: Progress) -> None:
        super().__init__(path, "rb")
        self._label = name
        self._size = path.stat().st_size
        self._progress = progress

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self._progress(self._label, self.tell(), self._size)
        return count

    def readall(self) -> bytes:
        content = super().readall()
        self._progress(self._label, self.tell(), self._size)
        return content
