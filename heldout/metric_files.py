"""One metric over a pair of files: two arrays, two archives, or two tables."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from heldout.offline import UsageError
from scoring.contract import (
    Aggregate,
    JsonValue,
    MetricChoice,
    PredictionFormat,
    ScoreReport,
    TargetSpec,
)
from scoring.engine import score
from scoring.errors import PredictionFormatError
from scoring.harmonize.array_files import UnreadableError, load
from scoring.metrics import Inputs, Metric, get_metric
from scoring.readers import ArraySource, ProblemLog, get_reader
from scoring.readers.npy_format import open_array
from scoring.readers.text_lines import read_lines

ONE = "prediction"  # what the only target of two arrays is called
_READERS = {".npy": "npy", ".npz": "npz", ".csv": "csv", ".tsv": "csv", ".txt": "csv"}


@dataclass(frozen=True, slots=True)
class Pair:
    """How both files are read, and which targets the reference has."""

    prediction_format: PredictionFormat
    targets: tuple[TargetSpec, ...]

    def aggregate_of(self, metric: Metric) -> Aggregate:
        """Return how values over targets are put together if nobody says it."""
        single = all(target.shape in ((), (1,)) for target in self.targets)
        pooled = metric.inputs is Inputs.SAMPLES and single and len(self.targets) > 1
        return Aggregate.POOLED if pooled else Aggregate.MEAN


def read_pair(reference: Path, options: Mapping[str, JsonValue]) -> Pair:
    """Look at the reference: its format by its name, its targets by its content."""
    reader = _READERS.get(reference.suffix.lower())
    if reader is None:
        raise UsageError(f"{reference.name}: a reference is a {', '.join(_READERS)} file")
    if options and reader != "csv":
        raise UsageError("--option goes with tables: a .npy or .npz file needs none")
    with reference.open("rb") as handle:
        if reader == "csv":
            return _table_pair(handle, options, tabs=reference.suffix.lower() == ".tsv")
        try:
            arrays = load(handle).arrays
        except UnreadableError:
            arrays = ()  # the reader tells what is wrong
        targets = [TargetSpec(array.name or ONE, array.shape) for array in arrays]
        return Pair(PredictionFormat(reader), tuple(targets or [TargetSpec(ONE)]))


def _table_pair(handle: BinaryIO, given: Mapping[str, JsonValue], *, tabs: bool) -> Pair:
    options = {"delimiter": "\t" if tabs else ",", "extra_columns": "ignore", **given}
    complete = get_reader("csv").complete(options)
    log = ProblemLog()
    lines = [line for _, line in read_lines(handle, log) if line.strip()]
    if log.problems:
        raise _of_reference(PredictionFormatError(log.problems, log.left_out))
    try:
        rows = list(csv.reader(lines, delimiter=complete["delimiter"]))
        place = rows[0].index(complete["id_column"])
    except (csv.Error, IndexError, ValueError):
        raise UsageError(
            f"the reference is no table with a column {complete['id_column']}; name the columns "
            "with --option id_column=NAME and --option 'value_columns=[\"NAME\"]'"
        ) from None
    names = dict.fromkeys(row[place] for row in rows[1:] if place < len(row))
    width = len(complete["value_columns"])
    shape = () if width == 1 else (width,)
    targets = tuple(TargetSpec(name, shape) for name in names)
    return Pair(PredictionFormat("csv", options), targets)


def score_by_metric(
    pair: Pair, choice: MetricChoice, *, reference: BinaryIO, prediction: BinaryIO
) -> ScoreReport:
    """Score a prediction against the reference; files as `read_pair` found them.

    Raises
    ------
    PredictionFormatError
        If the reference cannot be read.
    """
    answers = _answers(pair, reference)
    targets = pair.targets
    shapes = get_metric(choice.slug, choice.version).shapes
    if shapes[0] != shapes[1] and pair.prediction_format.reader != "csv":
        targets = _of_own_shape(targets, prediction)
    return score(prediction, pair.prediction_format, targets, answers, [choice])


def _answers(pair: Pair, handle: BinaryIO) -> dict[str, ArraySource]:
    declared = pair.prediction_format
    if declared.reader == "npy":
        log = ProblemLog()
        source = open_array(handle, log, where="the reference")
        log.raise_if_any()
        return {} if source is None else {ONE: source}
    options = {**declared.options, "require_all": True}
    try:
        read = get_reader(declared.reader).read(handle, options=options, targets=pair.targets)
    except PredictionFormatError as error:
        raise _of_reference(error) from None
    return dict(read.sources)


def _of_reference(error: PredictionFormatError) -> PredictionFormatError:
    """Say that it is the reference which is at fault."""
    problems = [replace(p, message=f"the reference: {p.message}") for p in error.problems]
    return PredictionFormatError(tuple(problems), error.left_out)


def _of_own_shape(targets: tuple[TargetSpec, ...], prediction: BinaryIO) -> tuple[TargetSpec, ...]:
    """Let each prediction have the shape it has: the metric itself says which ones fit."""
    try:
        shapes = {array.name or ONE: array.shape for array in load(prediction).arrays}
    except UnreadableError:
        return targets
    return tuple(
        replace(target, shape=shapes.get(target.slug, target.shape), reference_shape=target.shape)
        for target in targets
    )
