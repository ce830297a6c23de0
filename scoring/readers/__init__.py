"""Readers: from an open binary file to one array source per target.

A module of this package that defines `READER` is a built-in reader; packages installed by the
operator add theirs through the entry-point group ``heldout.readers``.
"""

from scoring.readers.base import (
    ArraySource,
    MemorySource,
    Prediction,
    ProblemLog,
    Reader,
    ReaderOption,
)
from scoring.readers.registry import all_readers, get_reader

__all__ = [
    "ArraySource",
    "MemorySource",
    "Prediction",
    "ProblemLog",
    "Reader",
    "ReaderOption",
    "all_readers",
    "get_reader",
]
