"""Where the files of a bundle are written to: a folder or a zip archive, whole or not at all."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from heldout.bundle.progress import Progress, copy, size_of
from heldout.bundle.source import is_plain_name, refusal

# Fixed, so that equal content gives equal archives.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_OWNER_ONLY = 0o100600 << 16


class BundleSink(Protocol):
    """Takes the files of a bundle one after another, each as a stream."""

    def add(self, name: str, content: BinaryIO) -> None: ...


class FolderSink:
    """A bundle in a folder; its files are for their owner only, since answers may be among them."""

    def __init__(self, root: Path, *, progress: Progress | None = None) -> None:
        self._root = root
        self._progress = progress

    def add(self, name: str, content: BinaryIO) -> None:
        path = self._root / _checked(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            copy(content, file, name=name, size=size_of(content), progress=self._progress)


class ZipSink:
    """A bundle in a zip archive.

    Nothing is compressed: an archive of zeros would look like a zip bomb to the import.
    """

    def __init__(self, archive: zipfile.ZipFile, *, progress: Progress | None = None) -> None:
        self._archive = archive
        self._progress = progress

    def add(self, name: str, content: BinaryIO) -> None:
        member = zipfile.ZipInfo(_checked(name), date_time=_MOMENT)
        member.external_attr = _OWNER_ONLY
        with self._archive.open(member, "w", force_zip64=True) as packed:
            size = size_of(content)
            copy(content, packed, name=name, size=size, progress=self._progress)


@contextmanager
def open_sink(path: Path, *, progress: Progress | None = None) -> Iterator[BundleSink]:
    """Open a bundle to be written: a zip archive if the name ends so, else a folder.

    It stands under its name only when all of it is written.

    Raises
    ------
    BundleError
        If something stands there already.
    """
    if path.exists() or path.is_symlink():
        raise refusal(path.name, "there is something of this name already; choose a new one")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=path.parent) as scratch:
        made = Path(scratch) / "bundle"
        if path.suffix.lower() == ".zip":
            with made.open("xb") as file:
                os.fchmod(file.fileno(), 0o600)
                with zip_sink(file, progress=progress) as sink:
                    yield sink
        else:
            made.mkdir(mode=0o700)
            yield FolderSink(made, progress=progress)
        made.rename(path)


@contextmanager
def zip_sink(file: BinaryIO, *, progress: Progress | None = None) -> Iterator[BundleSink]:
    """Write a bundle as a zip archive into an open, seekable file."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        yield ZipSink(archive, progress=progress)


def _checked(name: str) -> str:
    if not is_plain_name(name):
        raise ValueError(f"{name!r} is no name of a file in a bundle")
    return name
