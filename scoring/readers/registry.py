"""Which readers there are: the modules of this package and what the operator installed."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points

import scoring.readers
from scoring.errors import UnknownReaderError
from scoring.readers.base import Reader

ENTRY_POINT_GROUP = "heldout.readers"


def get_reader(slug: str) -> Reader:
    """Return the reader of this slug.

    Raises
    ------
    UnknownReaderError
        If there is none; the message lists those there are.
    """
    readers = _readers()
    if slug not in readers:
        raise UnknownReaderError(f"no reader {slug!r}; there are {', '.join(readers)}")
    return readers[slug]


def all_readers() -> tuple[Reader, ...]:
    """Return every registered reader, by slug."""
    return tuple(_readers().values())


@cache
def _readers() -> dict[str, Reader]:
    found: dict[str, Reader] = {}
    for reader in (*_built_in(), *_installed()):
        if reader.slug in found:
            raise ValueError(f"two readers are registered as {reader.slug!r}")
        found[reader.slug] = reader
    return dict(sorted(found.items()))


def _built_in() -> list[Reader]:
    """Collect `READER` of every module of this package that has one."""
    names = sorted(module.name for module in pkgutil.iter_modules(scoring.readers.__path__))
    modules = [importlib.import_module(f"{scoring.readers.__name__}.{name}") for name in names]
    return [module.READER for module in modules if hasattr(module, "READER")]


def _installed() -> list[Reader]:
    """Load the readers that installed packages offer in the entry-point group."""
    return [point.load() for point in entry_points(group=ENTRY_POINT_GROUP)]
