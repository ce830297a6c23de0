"""The two doors: mend a file for the person whose it is, or only say what could be mended."""

from __future__ import annotations

import csv
import gzip
import logging
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from scoring.contract import JsonValue, Mending, PredictionFormat, TargetSpec
from scoring.errors import ReaderOptionError
from scoring.harmonize.array_forms import ARRAY_READERS, form_for
from scoring.harmonize.arrays import mended_arrays
from scoring.harmonize.encoding import unpacked
from scoring.harmonize.json_lines import mended_lines
from scoring.harmonize.parquet_tables import mended_parquet
from scoring.harmonize.records import DecisionError, Decisions, Harmonized, MendingLog
from scoring.harmonize.section_files import mended_sections
from scoring.harmonize.tables import mended_table
from scoring.readers.checks import shown
from scoring.readers.registry import get_reader
from scoring.readers.units import Units, declared_units

logger = logging.getLogger(__name__)

LIMIT_BYTES = 4 * 2**30
TABLE_BYTES = 64 * 2**20  # a table is taken apart in memory
# While somebody waits for a page, and in little memory, only this much is looked into.
SUGGESTION_BYTES = 4 * 2**20

_TEXTS = {
    "csv": mended_table,
    "tsv": mended_table,
    "jsonl": mended_lines,
    "sections": mended_sections,
}
_TABLES = (*_TEXTS, "parquet")
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    gzip.BadGzipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    KeyError,
    struct.error,
    csv.Error,
)


def harmonize(
    handle: BinaryIO,
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    decisions: Decisions | None = None,
    *,
    limit_bytes: int = LIMIT_BYTES,
) -> Harmonized:
    """Find how a file could be mended, and return what writes the mended file.

    A file that is in order, or off in a way that only its author can mend, has no mendings.

    Parameters
    ----------
    handle : binary file
        Open and seekable; must stay open until the mended file is written.
    prediction_format : PredictionFormat
        Reader and options of the round; the options `units` and `synonyms` are used here.
    targets : sequence of TargetSpec
        What is public about the targets.
    decisions : Decisions, optional
        What the file alone does not tell.
    limit_bytes : int
        Larger tables are not looked into, nor are the values of larger arrays.

    Raises
    ------
    DecisionError
        If a decision does not go with the round.
    UnknownReaderError, ReaderOptionError
        If the round's format itself is wrong.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO(b"Molecule;Prediction [kJ/mol]\\nP1;4,184\\nP2;8,4\\n")
    >>> table = PredictionFormat("csv", {"units": {"unit": "kcal/mol",
    ...     "accepts": {"kJ/mol": 1 / 4.184}}})
    >>> found = harmonize(file, table, [TargetSpec("p1"), TargetSpec("p2")])
    >>> [mending.code for mending in found.mendings]
    ['DELIMITER', 'COLUMN_NAME', 'ID_SPELLING', 'DECIMAL_COMMA', 'UNIT']
    >>> mended = io.BytesIO()
    >>> found.write(mended)
    >>> print(mended.getvalue().decode())
    target,value
    p1,1.0
    p2,2.0076481835564053
    <BLANKLINE>
    """
    reader = get_reader(prediction_format.reader)
    options = reader.complete(prediction_format.options)
    log = MendingLog(decisions or Decisions())
    _check_unit(log.decisions.unit, declared_units(options["units"]))
    try:
        write = _writer(
            handle, log, slug=reader.slug, options=options, targets=targets, limit_bytes=limit_bytes
        )
    except (DecisionError, ReaderOptionError):
        raise
    except _UNREADABLE:
        return Harmonized(log.mendings)
    return Harmonized(log.mendings, write if log.applied and not log.blocked else None)


def _check_unit(unit: str, units: Units | None) -> None:
    if unit and not (units and units.knows(unit)):
        known = ", ".join([units.unit, *units.accepts]) if units else "none"
        raise DecisionError(
            f"the round does not convert {shown(unit)}; the units it declares: {known}"
        )


def _writer(
    handle: BinaryIO,
    log: MendingLog,
    *,
    slug: str,
    options: Mapping[str, JsonValue],
    targets: Sequence[TargetSpec],
    limit_bytes: int,
) -> Callable[[BinaryIO], None] | None:
    """Note everything that could be mended, and return what writes the mended file."""
    if slug not in ARRAY_READERS and slug not in _TABLES:
        return None
    if slug in _TABLES:
        limit_bytes = min(limit_bytes, TABLE_BYTES)
        if handle.seek(0, 2) > limit_bytes:
            return None
    content = unpacked(handle, log, limit_bytes=limit_bytes)
    if content is None:
        return None
    if slug in _TEXTS:
        text = _TEXTS[slug](content.read(), log, options=options, targets=targets)
        return lambda out: _put(out, text)
    if slug == "parquet":
        return mended_parquet(content, log, options=options, targets=targets)
    form = form_for(slug, options=options, targets=targets)
    units = declared_units(options["units"])
    return mended_arrays(content, log, form=form, units=units, limit_bytes=limit_bytes)


def _put(out: BinaryIO, content: bytes) -> None:
    out.write(content)


def suggestions(
    handle: BinaryIO, prediction_format: PredictionFormat, targets: Sequence[TargetSpec]
) -> tuple[Mending, ...]:
    """Return how a file could be mended; nothing for a large table or a hopeless file.

    Called on files that readers have refused, so whatever is wrong with them, the answer is that
    there is nothing to suggest.
    """
    try:
        found = harmonize(handle, prediction_format, targets, limit_bytes=SUGGESTION_BYTES)
    except MemoryError:
        return ()
    except Exception as error:  # noqa: BLE001 - the reader's own list of problems must come through
        logger.warning("no suggestions for a file: %s", type(error).__name__)
        return ()
    return found.mendings
