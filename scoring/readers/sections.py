"""Text files in sections: a table of predictions among paragraphs that describe the method.

Such files are written by hand or exported from a spreadsheet::

    # lines with a declared prefix are comments
    Predictions:
    M01, 4.19, 0.13
    M02, 3.82, 0.07

    Method:
    As many lines of text as the authors need.

A round declares which sections there are, where the numbers stand and which irregularities are
forgiven; one file layout then serves every team, whatever its editor does to line ends, quotation
marks and empty columns. The values themselves are never guessed: a number is an ASCII decimal
number, and a row that cannot be read is a problem with a line number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.readers.base import REQUIRE_ALL, Prediction, ProblemLog, Reader, ReaderOption
from scoring.readers.checks import check_complete
from scoring.readers.section_layout import (
    KINDS,
    Layout,
    SectionBody,
    encodings_from,
    layout_from,
    lines_of,
    printable,
    read_text,
    split_sections,
)
from scoring.readers.section_table import read_table, table_from


def read_sections(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a sectioned text file; see `READER` for the options.

    Returns
    -------
    Prediction
        One scalar per answered target. The metadata holds the text of the other sections by
        their declared names, the columns that are not scored (as written, by target), and the
        encoding that fitted.

    Raises
    ------
    PredictionFormatError
        With every problem found, each with its line.
    ReaderOptionError
        If the declared options contradict each other or the targets.
    """
    layout = layout_from(options)
    table = table_from(options, layout=layout, targets=targets)
    log = ProblemLog()
    encodings = encodings_from(options["encodings"])
    text, encoding = read_text(log, handle, encodings=encodings, max_bytes=options["max_bytes"])
    lines = lines_of(
        log, text, max_lines=options["max_lines"], max_length=options["max_line_length"]
    )
    found = split_sections(log, lines, layout=layout)
    table_reading = read_table(log, found.get(layout.table.name), table=table)
    metadata: dict[str, JsonValue] = {"encoding": encoding}
    for name, body in found.items():
        if body.section.kind != "table":
            metadata[name] = _read_prose(log, body, layout=layout)
    if layout.table.name in found:
        check_complete(log, table_reading.first_lines, targets=targets, options=options)
    log.raise_if_any()
    metadata["other_columns"] = table_reading.other
    return Prediction(table_reading.sources, metadata)


def check_layout(options: Mapping[str, JsonValue]) -> None:
    """Raise `ReaderOptionError` if the declared layout or table contradicts itself."""
    table_from(options, layout=layout_from(options), targets=())
    encodings_from(options["encodings"])


def _read_prose(log: ProblemLog, body: SectionBody, *, layout: Layout) -> JsonValue:
    """Return a text section in its declared kind; note a required one that says nothing."""
    lines = [printable(layout.without_padding(line.text)) for line in body.lines]
    text = "\n".join(lines).strip()
    if body.section.required and not text:
        log.add(
            "EMPTY_SECTION",
            f"{body.key_line.where}: section {body.section.keys[0]} is empty",
            where=body.key_line.where,
            remedy="write its content below the key",
        )
    if body.section.kind == "text":
        return text
    filled = [line.strip() for line in lines if line.strip()]
    return filled if body.section.kind == "lines" else " ".join(filled)


READER = Reader(
    slug="sections",
    title="Text in sections",
    help=(
        "A plain text file with one section for the table of predictions (one row per target) "
        "and further sections that describe the method. Save it as UTF-8."
    ),
    extensions=(".csv", ".txt"),
    read_function=read_sections,
    options=(
        REQUIRE_ALL,
        ReaderOption(
            "sections",
            "The sections: for each name its keys as written in the file, its kind (one of "
            f"{', '.join(KINDS)}) and whether it is required. Exactly one is the table; the "
            "others become metadata of the submission under their names.",
            default={"predictions": {"keys": ["Predictions"], "kind": "table"}},
            kind=dict,
        ),
        ReaderOption("key_suffix", "What follows a section key; may be empty.", default=":"),
        ReaderOption(
            "keys_case_sensitive", "Whether 'NAME:' is another key than 'Name:'.", False, bool
        ),
        ReaderOption(
            "inline_text",
            "Whether a section may begin on the line of its key, behind the suffix.",
            default=True,
            kind=bool,
        ),
        ReaderOption(
            "comment_prefix", "Lines that begin with it are comments; empty: none.", default="#"
        ),
        ReaderOption(
            "stray_text",
            "What to do with text before the first section key.",
            default="refuse",
            choices=("refuse", "ignore"),
        ),
        ReaderOption(
            "delimiters",
            "What separates the columns: a row is cut at the first of these it contains.",
            default=[","],
            kind=list,
        ),
        ReaderOption("id_column", "The column with the target's name, from 1.", 1, int),
        ReaderOption("value_column", "The column with the predicted value, from 1.", 2, int),
        ReaderOption(
            "other_columns",
            "Columns that are kept as written, not scored: name and position.",
            default={},
            kind=dict,
        ),
        ReaderOption(
            "max_columns",
            "How many columns a row may have, if more than the declared ones. Empty columns at "
            "the end never count.",
            default=0,
            kind=int,
        ),
        ReaderOption(
            "ignored_rows",
            "Rows that are no predictions, such as column titles, as they stand in the file; "
            "case and blanks are ignored.",
            default=[],
            kind=list,
        ),
        ReaderOption(
            "ids_ignore_case", "Whether 'm01' answers target 'M01'.", default=False, kind=bool
        ),
        ReaderOption(
            "encodings",
            "The encodings to try, in this order. A byte order mark is dropped.",
            default=["utf-8"],
            kind=list,
        ),
        ReaderOption("max_bytes", "The largest file that is read.", 2**20, int),
        ReaderOption("max_lines", "The most lines that are read.", 20_000, int),
        ReaderOption("max_line_length", "The longest line, in characters.", 20_000, int),
    ),
    check_options=check_layout,
)
