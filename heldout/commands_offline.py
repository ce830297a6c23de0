"""Commands that need no server: list metrics, check a file, score an array."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from heldout.tables import table
from scoring.contract import PredictionFormat, Problem, TargetSpec
from scoring.engine import ENGINE_VERSION, check
from scoring.errors import (
    MetricInputError,
    MetricUndefinedError,
    PredictionFormatError,
    ScoringError,
)
from scoring.metrics import Metric, all_metrics, get_metric
from scoring.passes import field_values
from scoring.readers import ArraySource, ProblemLog, all_readers, get_reader
from scoring.readers.checks import check_values
from scoring.readers.npy_format import open_array

EXIT_OK, EXIT_USAGE, EXIT_PROBLEMS = 0, 2, 3


class UsageError(Exception):
    """The command line asks for something that cannot be done; says what."""


def add_parsers(subparsers: Any) -> None:
    """Add the offline commands to the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], help_text: str
    ) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = subparsers.add_parser(
            name, parents=[common], help=help_text, description=help_text
        )
        parser.set_defaults(run=lambda arguments: guarded(run, arguments))
        return parser

    metrics = command("metrics", _metrics, "list metrics, or explain one")
    metrics.add_argument("slug", nargs="?", metavar="SLUG")
    validate = command("validate", _validate, "check a prediction file as the server would")
    source = validate.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--format",
        type=Path,
        metavar="F.json",
        help='{"reader": "npz", "options": {}, "targets": [{"slug": "u01", "shape": [21, 256]}]}',
    )
    source.add_argument("--reader", choices=[reader.slug for reader in all_readers()])
    validate.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="NAME[:SHAPE]",
        help="a target and its shape, as u01:21x256; without shape one number; repeat for more",
    )
    _add_settings(validate, "--option", "an option of the reader; the value is JSON or plain text")
    validate.add_argument("file", type=Path)
    score = command("score", _score, "compute one metric from two .npy files")
    score.add_argument("--metric", required=True, metavar="SLUG")
    score.add_argument("--metric-version", type=int, metavar="N", help="default: the newest")
    score.add_argument("--reference", required=True, type=Path, metavar="A.npy")
    score.add_argument("--prediction", required=True, type=Path, metavar="B.npy")
    _add_settings(score, "--parameter", "a parameter of the metric; the value is JSON or text")


def _add_settings(parser: argparse.ArgumentParser, flag: str, help_text: str) -> None:
    parser.add_argument(flag, action="append", default=[], metavar="NAME=VALUE", help=help_text)


def guarded(run: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    """Run a command; what a person can mend is told on its own, without a traceback."""
    try:
        return run(arguments)
    except PredictionFormatError as error:
        return _refuse(arguments, error.problems, left_out=error.left_out)
    except (UsageError, ScoringError) as error:
        print(error, file=sys.stderr)
    except BrokenPipeError:
        raise  # whoever read our output has left: the command's own concern, not the user's
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    return EXIT_USAGE


def show(arguments: argparse.Namespace, content: Any, *, text: str) -> None:
    """Print a result, as JSON where that is asked for."""
    print(json.dumps(content, indent=1, allow_nan=False) if arguments.json else text)


def _refuse(
    arguments: argparse.Namespace, problems: Sequence[Problem], *, left_out: int = 0
) -> int:
    lines = [
        f"{problem.message}" + (f"\n    -> {problem.remedy}" if problem.remedy else "")
        for problem in problems
    ]
    lines += [f"... and {left_out} more"] if left_out else []
    content = {
        "ok": False,
        "problems": [asdict(problem) for problem in problems],
        "problems_left_out": left_out,
    }
    show(arguments, content, text="\n".join(lines))
    return EXIT_PROBLEMS


def _metrics(arguments: argparse.Namespace) -> int:
    if arguments.slug:
        metric = get_metric(arguments.slug)
        show(arguments, metric_record(metric), text=_explanation(metric))
        return EXIT_OK
    metrics = all_metrics()
    rows = [[m.slug, m.family, m.inputs.value, m.direction.value, m.title] for m in metrics]
    text = table(["metric", "family", "of", "better", "title"], rows)
    show(arguments, [metric_record(metric) for metric in metrics], text=text)
    return EXIT_OK


def metric_record(metric: Metric) -> dict[str, Any]:
    """Return everything a metric says of itself, ready for JSON."""
    names = (
        "slug version title family inputs direction unit bounds perfect rankable help traps "
        "undefined_when missing formula citation"
    )
    record = {name: getattr(metric, name) for name in names.split()}
    return record | {"parameters": [asdict(parameter) for parameter in metric.parameters]}


def _explanation(metric: Metric) -> str:
    low, high = ("" if bound is None else f"{bound:g}" for bound in metric.bounds)
    perfect = "none" if metric.perfect is None else f"{metric.perfect:g}"
    lines = [
        f"{metric.slug} (version {metric.version}): {metric.title}",
        "",
        metric.help,
        "",
        f"  formula   {metric.formula}",
        f"  better    {metric.direction.value}, perfect {perfect}"
        + ("" if metric.rankable else "; shown only, it cannot rank entries"),
        f"  range     {low or '-inf'} to {high or 'inf'}",
        f"  unit      {metric.unit}",
        f"  of        {metric.inputs.value}",
        f"  undefined {metric.undefined_when or 'never, for finite input'}",
        f"  missing   {metric.missing}",
        f"  source    {metric.citation}",
    ]
    if metric.parameters:
        lines += ["", "Parameters:"]
        lines += [f"  {p.name} = {p.default!r}: {p.help}" for p in metric.parameters]
    if metric.traps:
        lines += ["", "Mind:", *(f"  - {trap}" for trap in metric.traps)]
    return "\n".join(lines)


def _validate(arguments: argparse.Namespace) -> int:
    prediction_format, targets = _declared(arguments)
    with arguments.file.open("rb") as handle:
        report = check(handle, prediction_format, targets)
    if not report.ok:
        return _refuse(arguments, report.problems, left_out=report.problems_left_out)
    missing = [target.slug for target in targets if target.slug not in report.answered]
    text = f"The file is in order: {len(report.answered)} of {len(targets)} targets answered."
    if missing:
        text += f" Not answered: {', '.join(missing)}."
    content = {"ok": True, "answered": list(report.answered), "missing": missing}
    show(arguments, content | {"metadata": dict(report.metadata)}, text=text)
    return EXIT_OK


def _declared(arguments: argparse.Namespace) -> tuple[PredictionFormat, list[TargetSpec]]:
    if arguments.format is not None:
        if arguments.target or arguments.option:
            raise UsageError("--format declares targets and options itself: give either")
        return _read_format(arguments.format)
    if not arguments.target:
        raise UsageError("name the targets with --target NAME:SHAPE, or give --format")
    options = _settings(arguments.option, flag="--option")
    return PredictionFormat(arguments.reader, options), [_target(t) for t in arguments.target]


def _read_format(path: Path) -> tuple[PredictionFormat, list[TargetSpec]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        prediction_format = PredictionFormat(content["reader"], dict(content.get("options", {})))
        targets = [
            TargetSpec(
                slug=str(target["slug"]),
                shape=tuple(int(length) for length in target.get("shape", ())),
                low=target.get("low"),
                high=target.get("high"),
            )
            for target in content["targets"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{path}: expected JSON with reader, options and targets (slug, shape, low, high)"
        ) from None
    return prediction_format, targets


def _target(text: str) -> TargetSpec:
    name, _, shape = text.partition(":")
    lengths = shape.split("x") if shape else []
    if not name or not all(length.isascii() and length.isdigit() for length in lengths):
        raise UsageError(f"--target {text}: write NAME or NAME:SHAPE, as u01:21x256")
    return TargetSpec(name, tuple(int(length) for length in lengths))


def _settings(pairs: Sequence[str], *, flag: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign:
            raise UsageError(f"{flag} {pair}: write NAME=VALUE")
        try:
            settings[name] = json.loads(text)
        except ValueError:
            settings[name] = text
    return settings


def _score(arguments: argparse.Namespace) -> int:
    metric = get_metric(arguments.metric, arguments.metric_version)
    parameters = metric.complete(_settings(arguments.parameter, flag="--parameter"))
    with arguments.reference.open("rb") as first, arguments.prediction.open("rb") as second:
        reference, prediction = _open_pair(first, second)
        value, detail = _value(metric, parameters, reference=reference, prediction=prediction)
    content = {
        "metric": metric.slug,
        "version": metric.version,
        "parameters": parameters,
        "status": "undefined" if value is None else "ok",
        "value": value,
        "detail": detail,
        "engine_version": ENGINE_VERSION,
    }
    show(arguments, content, text=f"undefined: {detail}" if value is None else f"{value!r}")
    return EXIT_PROBLEMS if value is None else EXIT_OK


def _open_pair(first: BinaryIO, second: BinaryIO) -> tuple[ArraySource, ArraySource]:
    log = ProblemLog()
    reference = open_array(first, log, where="the reference")
    if reference is not None:
        check_values(log, TargetSpec("reference", reference.shape), source=reference)
    log.raise_if_any()
    if reference is None:
        raise UsageError("the reference cannot be read")
    target = TargetSpec("prediction", reference.shape)
    return reference, get_reader("npy").read(second, targets=[target]).sources["prediction"]


def _value(
    metric: Metric,
    parameters: dict[str, Any],
    *,
    reference: ArraySource,
    prediction: ArraySource,
) -> tuple[float | None, str]:
    try:
        if metric.mergeable is None:
            return metric.compute(reference.read(), prediction.read(), **parameters), ""
        outcome = field_values(
            reference, prediction, metrics={"it": metric}, parameters={"it": parameters}
        )["it"]
    except MetricUndefinedError as error:
        return None, str(error)
    if isinstance(outcome, MetricUndefinedError):
        return None, str(outcome)
    if isinstance(outcome, MetricInputError):
        raise UsageError(f"metric {metric.slug}: {outcome}")
    if isinstance(outcome, Exception):
        raise outcome
    return outcome, ""
