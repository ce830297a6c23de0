"""A strict way into a zip file: what it says of itself is checked before it is believed."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import BinaryIO

from scoring.readers.base import ProblemLog
from scoring.readers.checks import shown

_END = struct.Struct("<4sHHHHIIH")
_LOCATOR = struct.Struct("<4sIQI")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_ENTRY_BYTES = 46 + 512  # a central entry with a name and extra fields of sane length
_ENCRYPTED_OR_PATCHED = 0x1 | 0x20 | 0x40
_SAVEZ = "write it with numpy.savez or numpy.savez_compressed and upload it unchanged"
ALLOWED_COMPRESSION = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    ValueError,
    struct.error,
)


def open_archive(
    handle: BinaryIO, log: ProblemLog, *, max_members: int, remedy: str = _SAVEZ
) -> zipfile.ZipFile | None:
    """Open a zip file, or return None after noting why it is not opened.

    The directory must end exactly at the end of the file, with no comment and nothing between,
    so that two programs cannot see two different archives in it; and it must be small enough
    for `max_members`, because opening an archive already costs memory for every member.
    """
    span = _directory(handle)
    if span is None:
        log.add(
            "NOT_ZIP",
            "the file is not a plain zip archive",
            remedy=remedy,
        )
        return None
    entries, length = span
    if entries > max_members or length > max_members * _ENTRY_BYTES:
        log.add(
            "TOO_MANY_MEMBERS",
            f"the archive has more than {max_members} members",
            remedy="save one array for each target of the round and nothing else",
        )
        return None
    try:
        return zipfile.ZipFile(handle)
    except UNREADABLE:
        log.add(
            "NOT_ZIP",
            "the archive's directory cannot be read",
            remedy="save the file again and upload the new one",
        )
        return None


def check_member(log: ProblemLog, member: zipfile.ZipInfo, *, where: str) -> bool:
    """Note an encrypted or unusually packed member; return whether it may be opened."""
    if member.flag_bits & _ENCRYPTED_OR_PATCHED:
        log.add(
            "ENCRYPTED",
            f"{where} is encrypted",
            where=where,
            remedy="save the archive without a password",
        )
        return False
    if member.compress_type not in ALLOWED_COMPRESSION:
        log.add(
            "BAD_COMPRESSION",
            f"{where} is packed by a method that is not accepted",
            where=where,
            remedy="use numpy.savez (stored) or numpy.savez_compressed (deflate)",
        )
        return False
    return True


def member_label(name: str) -> str:
    """Return how a member is called in messages."""
    return f"array {shown(name.removesuffix('.npy'))[1:-1]}"


def _directory(handle: BinaryIO) -> tuple[int, int] | None:
    """Return (number of entries, length in bytes) of the central directory, if it adds up."""
    size = handle.seek(0, 2)
    end = size - _END.size
    if end < 0:
        return None
    fields = _END.unpack(_read_at(handle, end, length=_END.size))
    signature, disk, start_disk, here, entries, length, offset, comment = fields
    if signature != b"PK\x05\x06" or disk or start_disk or comment or here != entries:
        return None
    wide = _wide_directory(handle, end)
    if wide is not None:
        entries, length, offset, end = wide
    return (entries, length) if offset + length == end else None


def _wide_directory(handle: BinaryIO, end: int) -> tuple[int, int, int, int] | None:
    """Return entries, length, offset and end of the directory of a large (zip64) archive."""
    place = end - _LOCATOR.size
    if place < _END64.size:
        return None
    signature, _, where, _ = _LOCATOR.unpack(_read_at(handle, place, length=_LOCATOR.size))
    record = place - _END64.size
    if signature != b"PK\x06\x07":
        return None
    fields = _END64.unpack(_read_at(handle, record, length=_END64.size))
    if fields[0] != b"PK\x06\x06" or where != record:
        return 0, 0, -1, 0  # an archive that contradicts itself never adds up
    return fields[7], fields[8], fields[9], record


def _read_at(handle: BinaryIO, offset: int, *, length: int) -> bytes:
    handle.seek(offset)
    return handle.read(length)
