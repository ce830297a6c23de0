"""Reader `zarr`: a Zarr v3 group in a zip archive, with one array for each target."""

from __future__ import annotations

import math
import re
import stat
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from typing import BinaryIO, cast

import numpy as np

from scoring.contract import JsonValue, TargetSpec
from scoring.readers.archive import UNREADABLE, check_member, open_archive
from scoring.readers.array_paths import check_path
from scoring.readers.array_tree import ATTRIBUTE_LENGTH, TREE_OPTIONS, read_tree
from scoring.readers.base import AnyArray, ArraySource, Prediction, ProblemLog, Reader
from scoring.readers.byte_codecs import CodecError
from scoring.readers.checks import shown
from scoring.readers.chunk_grid import ChunkedSource, ChunkGrid, check_bands
from scoring.readers.npy_format import ByteStream, raise_damage, read_exactly
from scoring.readers.number_text import NumberError
from scoring.readers.strict_json import JsonFaultError, parse_json
from scoring.readers.zarr_codecs import KNOWN, Chain, CodecChoiceError, chain_from
from scoring.readers.zarr_metadata import ArrayMetadata, MetadataError, metadata_from

MAX_MEMBERS = 50_000
MAX_CHUNKS = 2**20
METADATA = "zarr.json"
_METADATA_BYTES = 2**20
_NAME = re.compile(r"(?!/)(?:(?!\.\.?/)[^/\\\x00-\x1f]{1,255}/)*(?!\.\.?$)[^/\\\x00-\x1f]{0,255}")
_UNREADABLE_TEXT = (UnicodeDecodeError, JsonFaultError, NumberError)
_HOW = "zip the content of the store's folder, without the folder itself: zip -0 -r ../p.zip ."


def read_zarr(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a zipped Zarr store; see `READER` for what may be in it."""
    log = ProblemLog()
    archive = open_archive(handle, log, max_members=MAX_MEMBERS, remedy=_HOW)
    log.raise_if_any()
    tree = ZarrTree(cast(zipfile.ZipFile, archive), log)
    log.raise_if_any()
    return read_tree(tree, log, options=options, targets=targets)


class ZarrTree:
    """The arrays of a zipped store, by their path."""

    def __init__(self, archive: zipfile.ZipFile, log: ProblemLog) -> None:
        self._archive = archive
        self._members = _members(archive, log)
        self._children: dict[str, list[str]] = {}
        for name in self._members:
            path, _, last = name.rpartition("/")
            if last == METADATA and path:
                group, _, child = path.rpartition("/")
                self._children.setdefault(group, []).append(child)
        if not len(log) and METADATA not in self._members:
            log.add("NOT_ZARR", f"the archive has no {METADATA} at its top", remedy=_HOW)

    def names(self, group: tuple[str, ...], log: ProblemLog, *, limit: int) -> Sequence[str]:
        found = self._children.get("/".join(group), [])
        if len(found) <= limit:
            return sorted(found)
        log.add(
            "TOO_MANY_MEMBERS",
            f"there are more than {limit} names where the arrays should stand",
            remedy="save one array for each target of the round and nothing else",
        )
        return ()

    def holds(self, path: tuple[str, ...]) -> bool:
        return "/".join((*path, METADATA)) in self._members

    def find(self, path: tuple[str, ...], log: ProblemLog, *, where: str) -> ZarrArray | None:
        name = "/".join((*path, METADATA))
        try:
            raw = self.content(name, log, limit=_METADATA_BYTES, where=where)
            if raw is None:
                return None
            metadata = metadata_from(parse_json(raw.decode("utf-8")))
            if metadata is not None:
                chain = chain_from(metadata.codecs, shape=metadata.chunk, dtype=metadata.dtype)
                return ZarrArray(self, "/".join(path), metadata=metadata, chain=chain)
            fault = MetadataError("NOT_AN_ARRAY", "is a group, not an array")
        except (CodecError, *_UNREADABLE_TEXT):
            fault = MetadataError("BAD_METADATA", f"has no readable {METADATA}")
        except MetadataError as found:
            fault = found
        except CodecChoiceError as choice:
            fault = MetadataError(
                "BAD_COMPRESSION", f"is stored with {shown(choice.name)}, which is not read"
            )
        remedy = (
            f"write it with zarr, format 3, as plain numbers, with codecs of {', '.join(KNOWN)}"
        )
        log.add(fault.code, f"{where} {fault.reason}", where=where, remedy=remedy)
        return None

    def has(self, name: str) -> bool:
        """Tell whether the store has a member of this name."""
        return name in self._members

    def content(self, name: str, log: ProblemLog, *, limit: int, where: str) -> bytes | None:
        """Return a member's bytes, at most `limit` of them; None after noting a refusal.

        Raises
        ------
        CodecError
            If there are more, or they cannot be unpacked.
        """
        member = self._members[name]
        if not check_member(log, member, where=where):
            return None
        if member.file_size > limit:
            raise CodecError
        try:
            with self._archive.open(member) as stream:
                content = bytes(read_exactly(cast(ByteStream, stream), member.file_size))
                if stream.read(1) or len(content) < member.file_size:
                    raise CodecError
        except UNREADABLE as error:
            raise CodecError from error
        return content


def _members(archive: zipfile.ZipFile, log: ProblemLog) -> dict[str, zipfile.ZipInfo]:
    """Return the store's members by name, after noting names and kinds that have no place here."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.orig_filename
        where = f"member {shown(name)}"
        if not _NAME.fullmatch(name):
            log.add("BAD_NAME", f"{where} is not a plain name", where=where, remedy=_HOW)
        elif stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            log.add(
                "LINK_NOT_ALLOWED",
                f"{where} is a link or a special file",
                where=where,
                remedy="store the files themselves",
            )
        elif name in members:
            log.add(
                "DUPLICATE_NAME",
                f"{where} is there twice",
                where=where,
                remedy=f"write the store to a folder first, then {_HOW}",
            )
        else:
            members[name] = member
    return members


class ZarrArray:
    """An array of the store, described and not yet read."""

    def __init__(self, tree: ZarrTree, path: str, *, metadata: ArrayMetadata, chain: Chain) -> None:
        self._tree = tree
        self._path = path
        self._metadata = metadata
        self._chain = chain

    @property
    def shape(self) -> tuple[int, ...]:
        return self._metadata.shape

    @property
    def value_bytes(self) -> int:
        return self._metadata.dtype.itemsize

    def text_attribute(self, name: str) -> str:
        said = self._metadata.attributes.get(name)
        return said[:ATTRIBUTE_LENGTH] if isinstance(said, str) else ""

    def source(self, log: ProblemLog, *, where: str) -> ArraySource | None:
        grid = ChunkGrid(self.shape, self._metadata.chunk, self._metadata.dtype)
        if not check_bands(log, grid, where=where):
            return None
        # Chunks that are not stored cost time as well, and the file says how many there are.
        if math.prod(grid.counts) * self._chain.pieces > MAX_CHUNKS:
            log.add(
                "BAD_CHUNKS",
                f"{where} is cut into more than {MAX_CHUNKS:,} chunks",
                where=where,
                remedy="write it with chunks of about a megabyte",
            )
            return None
        return ChunkedSource(grid, partial(self._load, where=where))

    def _load(self, place: tuple[int, ...], *, where: str) -> AnyArray:
        """Return the values of one chunk; one that is not stored is all fill value."""
        name = f"{self._path}/{self._metadata.key(place)}"
        if not self._tree.has(name):
            return np.broadcast_to(self._metadata.fill, self._metadata.chunk)
        log = ProblemLog()
        try:
            stored = self._tree.content(name, log, limit=self._chain.packed_limit, where=where)
            log.raise_if_any()
            return self._chain.values(cast(bytes, stored), self._metadata.fill)
        except CodecError:
            raise_damage(where)


READER = Reader(
    slug="zarr",
    title="Zarr store, zipped (.zarr.zip)",
    help=(
        "A zip archive of a Zarr store in format 3, with one array for each target, named like "
        "the target or at the path that the round declares, with the target's shape and finite "
        "plain numbers. A chunk that is not stored counts as its fill value. Save the store to a "
        "folder and zip the folder's content."
    ),
    extensions=(".zip",),
    read_function=read_zarr,
    options=TREE_OPTIONS,
    check_options=check_path,
    extra="zarr",
    packages=("numcodecs", "google_crc32c"),
)
