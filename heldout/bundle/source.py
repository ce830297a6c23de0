"""The files of a bundle, from a folder or a zip archive, read without trusting either."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from heldout.bundle.errors import BundleError, BundleProblem
from heldout.bundle.progress import Progress, copy, opened

MAX_FILES = 20_000
MAX_FILE_BYTES = 16 * 1024**3
MAX_TOTAL_BYTES = 64 * 1024**3
MAX_RATIO = 200  # unpacked to packed; scientific arrays stay far below
_FREE_BYTES = 1024**2  # a small file may well consist of zeros
_ENCRYPTED = 0x1

ROOT_FILE = "challenge.yaml"
BUNDLE_FORMAT = 1


class BundleSource(Protocol):
    """Where the files of a bundle are read from, by their name relative to challenge.yaml."""

    def has(self, name: str) -> bool: ...

    def names_in(self, folder: str) -> list[str]: ...

    def open(self, name: str) -> BinaryIO:
        """Open a file of the bundle: binary, seekable; the caller closes it."""


@contextmanager
def open_source(path: Path, *, progress: Progress | None = None) -> Iterator[BundleSource]:
    """Open a bundle; `progress` is told how far the reading of each file has come.

    Raises
    ------
    BundleError
        If there is none, or it is not a folder or a zip archive that is safe to read.
    """
    if path.is_dir():
        yield FolderSource(path, progress=progress)
        return
    if not path.is_file():
        raise refusal(path.name, "there is no such folder or file")
    try:
        with zipfile.ZipFile(path) as archive:
            yield ZipSource(archive, label=path.name, progress=progress)
    except zipfile.BadZipFile:
        raise refusal(path.name, "it is neither a folder nor a readable zip archive") from None


def refusal(file: str, message: str) -> BundleError:
    """Return the error of a bundle as a whole."""
    return BundleError([BundleProblem(file=file, line=None, message=message + ".")])


def is_plain_name(name: str) -> bool:
    """Tell whether a name is a relative path that stays inside the bundle."""
    path = PurePosixPath(name)
    return (
        bool(name)
        and "\\" not in name
        and "\0" not in name
        and not path.is_absolute()
        and ".." not in path.parts
        and ":" not in path.parts[0]
    )


class FolderSource:
    """A bundle in a folder; links are not followed, wherever they lead."""

    def __init__(self, root: Path, *, progress: Progress | None = None) -> None:
        self._root = root
        self._progress = progress

    def has(self, name: str) -> bool:
        return self._file(name) is not None

    def names_in(self, folder: str) -> list[str]:
        if not is_plain_name(folder) or not (self._root / folder).is_dir():
            return []
        names = [f"{folder.rstrip('/')}/{entry}" for entry in os.listdir(self._root / folder)]
        return sorted(name for name in names if self.has(name))

    def open(self, name: str) -> BinaryIO:
        file = self._file(name)
        if file is None:
            raise FileNotFoundError(name)
        return opened(file, name=name, progress=self._progress)

    def _file(self, name: str) -> Path | None:
        if not is_plain_name(name):
            return None
        path = self._root
        for part in PurePosixPath(name).parts:
            path = path / part
            if path.is_symlink():
                return None
        return path if path.is_file() else None


class ZipSource:
    """A bundle in a zip archive; everything that could surprise is refused before reading."""

    def __init__(
        self, archive: zipfile.ZipFile, *, label: str, progress: Progress | None = None
    ) -> None:
        self._archive = archive
        self._progress = progress
        self._label = label
        members = [member for member in archive.infolist() if not member.is_dir()]
        _refuse_unsafe(members, label=label)
        prefix = _top_folder([member.filename for member in members])
        self._members = {member.filename.removeprefix(prefix): member for member in members}

    def has(self, name: str) -> bool:
        return name in self._members

    def names_in(self, folder: str) -> list[str]:
        prefix = f"{folder.rstrip('/')}/"
        inside = [name for name in self._members if name.startswith(prefix)]
        return sorted(name for name in inside if "/" not in name.removeprefix(prefix))

    def open(self, name: str) -> BinaryIO:
        if name not in self._members:
            raise FileNotFoundError(name)
        # Readers move about in a file, which a compressed member can only do by starting anew.
        spool = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the caller closes it
        try:
            member = self._members[name]
            with self._archive.open(member) as packed:
                told = cast(BinaryIO, packed)
                copy(told, spool, name=name, size=member.file_size, progress=self._progress)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
            spool.close()
            raise refusal(self._label, f"the file {name} in it is damaged") from None
        except BaseException:
            spool.close()
            raise
        spool.seek(0)
        return spool


def _refuse_unsafe(members: list[zipfile.ZipInfo], *, label: str) -> None:
    if len(members) > MAX_FILES:
        raise refusal(label, f"it holds {len(members)} files, more than {MAX_FILES}")
    if sum(member.file_size for member in members) > MAX_TOTAL_BYTES:
        raise refusal(label, "its files are too large together")
    seen: set[str] = set()
    for member in members:
        fault = _fault(member)
        name = member.orig_filename
        if member.filename.casefold() in seen:
            fault = "is there twice"
        if fault:
            raise refusal(label, f"the file {ascii(name)[:120]} in it {fault}")
        seen.add(member.filename.casefold())


def _fault(member: zipfile.ZipInfo) -> str:
    if not is_plain_name(member.orig_filename):
        return "has a name that leads out of the bundle"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "is a link or a device, not a file"
    if member.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if member.file_size > MAX_FILE_BYTES:
        return "is too large"
    if member.file_size > max(_FREE_BYTES, MAX_RATIO * member.compress_size):
        return "unpacks to far more than any honest file"
    return ""


def _top_folder(names: list[str]) -> str:
    """Return the one folder that everything is in, as archives of a folder have it."""
    if ROOT_FILE in names:
        return ""
    tops = {name.split("/")[0] for name in names}
    if len(tops) == 1 and f"{next(iter(tops))}/{ROOT_FILE}" in names:
        return f"{next(iter(tops))}/"
    return ""
