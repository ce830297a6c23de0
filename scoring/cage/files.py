"""Files on their way into the cage: as descriptors where they have one, else packed into one.

A round may have hundreds of references of eight bytes each, a process only so many descriptors;
and a bucket's object has no descriptor at all. So the largest files go as they are and the
rest is packed into one nameless temporary file.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO, cast

DIRECT = 32
# name, index of the descriptor, first byte, length
Place = tuple[str, int, int, int]


@contextmanager
def packed(files: Mapping[str, BinaryIO]) -> Iterator[tuple[list[Place], list[int]]]:
    """Yield where each file is, and the descriptors to send; they stay open inside the block."""
    sizes = {name: _descriptor_and_size(handle) for name, handle in files.items()}
    with_descriptor = [(name, *found) for name, found in sizes.items() if found]
    direct = sorted(with_descriptor, key=lambda one: -one[2])[:DIRECT]
    places: list[Place] = [(name, at, 0, size) for at, (name, _, size) in enumerate(direct)]
    descriptors = [descriptor for _, descriptor, _ in direct]
    rest = files.keys() - {name for name, _, _ in direct}
    if not rest:
        yield places, descriptors
        return
    with tempfile.TemporaryFile(prefix="heldout-") as together:
        for name in rest:
            start = together.tell()
            files[name].seek(0)
            shutil.copyfileobj(files[name], together)
            places.append((name, len(descriptors), start, together.tell() - start))
        together.flush()
        yield places, [*descriptors, together.fileno()]


def unpacked(places: Sequence[Place], descriptors: Sequence[int]) -> dict[str, BinaryIO]:
    """Open the files again on the other side."""
    return {
        name: cast(BinaryIO, io.BufferedReader(DescriptorSlice(descriptors[index], start, size)))
        for name, index, start, size in places
    }


def _descriptor_and_size(handle: BinaryIO) -> tuple[int, int] | None:
    try:
        descriptor = handle.fileno()
    except (AttributeError, OSError):
        return None
    return descriptor, os.fstat(descriptor).st_size


class DescriptorSlice(io.RawIOBase):
    """A read-only, seekable part of an open file that leaves the file's own position alone.

    The position of a descriptor is shared by all processes that hold it.
    """

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self._descriptor = descriptor
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # any writable buffer
        wanted = max(0, min(len(view), self._size - self._position))
        content = os.pread(self._descriptor, wanted, self._start + self._position)
        view[: len(content)] = content
        self._position += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the first byte")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position
