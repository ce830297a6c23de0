"""Reader `tsv`: the table of reader `csv`, its cells separated by tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from scoring.contract import JsonValue, TargetSpec
from scoring.readers import csv_table
from scoring.readers.base import Prediction


def read_tsv(
    handle: BinaryIO, *, options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]
) -> Prediction:
    """Read a .tsv file; see `READER` for what may be in it."""
    with_tab = {**options, csv_table.DELIMITER.name: "\t"}
    return csv_table.read_csv(handle, options=with_tab, targets=targets)


READER = replace(
    csv_table.READER,
    slug="tsv",
    title="Table with tabs (.tsv)",
    extensions=(".tsv", ".txt"),
    read_function=read_tsv,
    options=tuple(option for option in csv_table.READER.options if option != csv_table.DELIMITER),
)
