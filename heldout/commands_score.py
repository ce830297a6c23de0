"""`heldout score`: score a file by a bundle with its answers, or by one metric."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heldout.metric_files import read_pair, score_by_metric
from heldout.offline import (
    EXIT_OK,
    EXIT_PROBLEMS,
    UsageError,
    add_command,
    add_settings,
    refuse,
    settings,
    show,
)
from heldout.progress import opened
from heldout.round_files import add_bundle_argument, opened_bundle
from heldout.tables import table
from scoring.aggregate import AggregateValue, aggregate
from scoring.contract import Aggregate, MetricChoice, ScoreReport, ScoreRow, ScoreStatus
from scoring.engine import score
from scoring.metrics import get_metric

if TYPE_CHECKING:
    from heldout.bundle.rounds import BundleRound


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(
        subparsers,
        "score",
        run=_score,
        help_text="score a file by a bundle with its answers, or by one metric and a reference",
    )
    by = parser.add_mutually_exclusive_group(required=True)
    add_bundle_argument(by)
    by.add_argument("--metric", metavar="SLUG")
    parser.add_argument("--prediction", required=True, type=Path, metavar="FILE")
    parser.add_argument("--per-target", action="store_true", help="print a row for each target")
    bundle = parser.add_argument_group("with --bundle")
    bundle.add_argument("--round", default="", metavar="SLUG", help="which round of the bundle")
    metric = parser.add_argument_group("with --metric")
    metric.add_argument(
        "--reference",
        type=Path,
        metavar="FILE",
        help="a .npy array; or a .npz archive or .csv table with one answer for each target",
    )
    metric.add_argument("--metric-version", type=int, metavar="N", help="default: the newest")
    metric.add_argument(
        "--aggregate",
        choices=[how.value for how in Aggregate],
        help="over targets; default: pooled for a metric of samples over single numbers, else mean",
    )
    add_settings(
        metric, "--parameter", help_text="a parameter of the metric; the value is JSON or text"
    )
    add_settings(metric, "--option", help_text="an option of the csv reader, as id_column=molecule")


def _score(arguments: argparse.Namespace) -> int:
    if arguments.bundle is not None:
        return _by_bundle(arguments)
    if arguments.reference is None:
        raise UsageError("--metric needs --reference FILE")
    metric = get_metric(arguments.metric, arguments.metric_version)
    parameters = metric.complete(settings(arguments.parameter, flag="--parameter"))
    options = settings(arguments.option, flag="--option")
    pair = read_pair(arguments.reference, options)
    how = Aggregate(arguments.aggregate) if arguments.aggregate else pair.aggregate_of(metric)
    choice = MetricChoice(metric.slug, metric.slug, metric.version, parameters, how)
    with opened(arguments.reference, passes=1) as truth, opened(arguments.prediction) as guess:
        report = score_by_metric(pair, choice, reference=truth, prediction=guess)
    if not report.check.ok:
        return refuse(arguments, report.check.problems, left_out=report.check.problems_left_out)
    outcome = _outcome(report, choice)
    content = {
        "metric": metric.slug,
        "version": metric.version,
        "parameters": parameters,
        "aggregate": how.value,
        "status": outcome.status.value,
        "value": outcome.value,
        "detail": outcome.detail or _first_detail(report),
        "targets": [asdict(row) for row in report.rows if row.target is not None],
        "engine_version": report.engine_version,
    }
    text = repr(outcome.value)
    if outcome.value is None:
        text = f"{outcome.status.value}: {content['detail']}"
    if arguments.per_target:
        text = f"{_target_table(report, [choice])}\n\n{how.value}: {text}"
    show(arguments, content, text=text)
    return EXIT_OK if outcome.value is not None else EXIT_PROBLEMS


def _first_detail(report: ScoreReport) -> str:
    return next((row.detail for row in report.rows if row.status is not ScoreStatus.OK), "")


def _by_bundle(arguments: argparse.Namespace) -> int:
    from_metric = (arguments.reference, arguments.metric_version, arguments.aggregate)
    if any(value is not None for value in from_metric) or arguments.parameter or arguments.option:
        raise UsageError("a bundle says itself what is computed: leave out what goes with --metric")
    with opened_bundle(arguments.bundle, arguments.round) as (round_, source):
        from heldout.bundle.rounds import open_answers

        with open_answers(round_, source) as answers, opened(arguments.prediction) as guess:
            report = score(guess, round_.prediction_format, round_.targets, answers, round_.metrics)
    if not report.check.ok:
        return refuse(arguments, report.check.problems, left_out=report.check.problems_left_out)
    outcomes = {choice.key: _round_outcome(round_, report, choice) for choice in round_.metrics}
    content = {
        "round": round_.slug,
        "scores": [
            {"metric": choice.key, "aggregate": choice.aggregate.value}
            | asdict(outcomes[choice.key])
            for choice in round_.metrics
        ],
        "targets": [asdict(row) for row in report.rows],
        "engine_version": report.engine_version,
    }
    show(arguments, content, text=_round_text(arguments, round_, report, outcomes))
    primary = outcomes[round_.metrics[0].key]
    return EXIT_OK if primary.value is not None else EXIT_PROBLEMS


def _round_outcome(
    round_: BundleRound, report: ScoreReport, choice: MetricChoice
) -> AggregateValue:
    return aggregate(
        [row for row in report.rows if row.key == choice.key],
        choice.aggregate,
        weights={target.slug: target.weight for target in round_.targets},
        missing=round_.missing,
        penalty=round_.penalty,
    )


def _round_text(
    arguments: argparse.Namespace,
    round_: BundleRound,
    report: ScoreReport,
    outcomes: dict[str, AggregateValue],
) -> str:
    rows = [
        [
            choice.key,
            choice.aggregate.value,
            _number(outcomes[choice.key].value, outcomes[choice.key].status),
            get_metric(choice.slug, choice.version).direction.value,
            f"{outcomes[choice.key].answered}/{outcomes[choice.key].offered}",
        ]
        for choice in round_.metrics
    ]
    text = table(["metric", "aggregate", "value", "better", "answered"], rows)
    if arguments.per_target:
        text = f"{_target_table(report, round_.metrics)}\n\n{text}"
    return text


def _target_table(report: ScoreReport, choices: Any) -> str:
    """Lay out a row for each target and a column for each metric that has values per target."""
    keys = [choice.key for choice in choices if choice.aggregate is not Aggregate.POOLED]
    found = {(row.target, row.key): row for row in report.rows if row.target is not None}
    targets = list(dict.fromkeys(target for target, _ in found))
    rows = [[str(t), *(_cell(found[t, key]) for key in keys)] for t in targets]
    return table(["target", *keys], rows)


def _cell(row: ScoreRow) -> str:
    return _number(row.value, row.status)


def _number(value: float | None, status: ScoreStatus) -> str:
    return status.value if value is None else f"{value:.6g}"


def _outcome(report: ScoreReport, choice: MetricChoice) -> AggregateValue:
    failed = [row for row in report.rows if row.status is ScoreStatus.FAILED]
    if failed:
        raise UsageError(f"metric {choice.slug}: {failed[0].detail}")
    if len(report.rows) == 1 and choice.aggregate is not Aggregate.POOLED:
        row = report.rows[0]  # one array: its value is the value
        return AggregateValue(row.status, row.value, int(row.value is not None), 1, row.detail)
    return aggregate(report.rows, choice.aggregate)
