"""Rank a table of scores by a declared rule, without a server."""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heldout.offline import EXIT_OK, UsageError, guarded, show
from heldout.tables import table
from scoring.contract import Direction
from scoring.engine import ENGINE_VERSION
from scoring.ranking.board import BoardLine, RankBoard, rank_board
from scoring.ranking.long_csv import read_long_csv
from scoring.ranking.rule import RankRule
from scoring.ranking.rule_file import rule_from
from scoring.ranking.significance import rank_bounds_by_tests, significantly_better
from scoring.ranking.stability import kendall_taus, ranks_without_each
from scoring.ranking.table import TableError, score_table
from scoring.uncertainty import SAMPLES, EntryUncertainty

_NO_YAML = (
    "{path}: reading YAML needs the package PyYAML: install it, or write the rule as .json or .toml"
)


_FIRMNESS = ("tested_rank_low", "tested_rank_high", "left_out_rank_low", "left_out_rank_high")


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    text = "rank entries by a table of scores and a declared rule"
    parser: argparse.ArgumentParser = subparsers.add_parser("rank", help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--scores",
        required=True,
        type=Path,
        metavar="LONG.csv",
        help="columns entry, target, metric, value; optionally status, model, class, group",
    )
    parser.add_argument(
        "--rule", required=True, type=Path, metavar="RULE", help="a .json, .toml or .yaml file"
    )
    parser.add_argument(
        "--bootstrap",
        type=_count,
        default=SAMPLES,
        metavar="N",
        help=f"draws for the intervals (default {SAMPLES}; 0 leaves them out)",
    )
    parser.add_argument("--seed", type=_count, default=0, metavar="S", help="of the draws (0)")
    parser.set_defaults(run=lambda arguments: guarded(_rank, arguments))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def _rank(arguments: argparse.Namespace) -> int:
    rule = rule_from(_content(arguments.rule))
    with arguments.scores.open(encoding="utf-8-sig", newline="") as lines:
        rows = read_long_csv(lines)
    try:
        board = rank_board(
            score_table(rows),
            rule,
            samples=arguments.bootstrap,
            seed=arguments.seed,
            progress=_progress(arguments.bootstrap),
        )
    except TableError as error:
        raise UsageError(str(error)) from None
    show(arguments, board_record(board), text=_text(board))
    return EXIT_OK


def _content(path: Path) -> object:
    """Read a rule file by its suffix."""
    text = path.read_text(encoding="utf-8")
    try:
        if path.suffix == ".json":
            return json.loads(text)
        if path.suffix == ".toml":
            return tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(f"{path}: a rule is a .json, .toml or .yaml file")
    try:
        import yaml
    except ImportError:
        raise UsageError(_NO_YAML.format(path=path)) from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: {error}") from None


def _progress(samples: int) -> Callable[[int], None]:
    """Tell on standard error how far long work is; short work says nothing."""
    started = time.monotonic()
    told = [started]

    def report(done: int) -> None:
        now = time.monotonic()
        if now - started > 2 and (now - told[0] > 2 or done == samples):
            told[0] = now
            print(f"bootstrap: {done} of {samples} draws", file=sys.stderr)

    return report


def board_record(board: RankBoard) -> dict[str, Any]:
    """Return all that is known of a board, ready for JSON."""
    known = _firmness(board)
    return {
        "engine_version": ENGINE_VERSION,
        "rule": board.rule.to_json(),
        "direction": board.rule.direction.value,
        "bootstrap": {"draws": len(board.replicates), "seed": board.seed},
        "kendall_tau": _taus(board),
        "lines": [
            _line_record(line) | known.get(line.entry, dict.fromkeys(_FIRMNESS))
            for line in board.lines
        ],
    }


def _line_record(line: BoardLine) -> dict[str, Any]:
    names = ("entry", "status", "rank", "value", "answered", "offered")
    unknown = dict.fromkeys(EntryUncertainty.__dataclass_fields__)
    return {name: getattr(line, name) for name in names} | (
        unknown if line.uncertainty is None else asdict(line.uncertainty)
    )


def _firmness(board: RankBoard) -> dict[str, dict[str, int | None]]:
    """Return by entry the ranks left open by pairwise tests, and by leaving out each unit drawn."""
    field = board.field
    if len(board.names) < 2 or not len(board.replicates):
        return {}
    better = significantly_better(
        field.matrix, direction=field.direction, alpha=board.rule.alpha, adjust=True
    )
    found: list[NDArray[np.int64] | None] = [*rank_bounds_by_tests(better), None, None]
    if len(np.unique(field.units)) > 1:
        without = ranks_without_each(
            field.values,
            field.units,
            direction=board.rule.direction,
            tolerance=board.rule.tolerance,
        )
        found[2:] = [without.min(axis=0), without.max(axis=0)]
    return {
        name: {
            key: None if ranks is None else int(ranks[place])
            for key, ranks in zip(_FIRMNESS, found, strict=True)
        }
        for place, name in enumerate(board.names)
    }


def _taus(board: RankBoard) -> dict[str, float] | None:
    """Return how near the draws' orders are to the board's: median and 95 % of Kendall's tau."""
    sign = -1.0 if board.rule.direction is Direction.HIGHER else 1.0
    taus = kendall_taus(sign * board.replicates, sign * board.values)
    taus = taus[~np.isnan(taus)]
    if not taus.size:
        return None
    quantiles = np.quantile(taus, [0.025, 0.5, 0.975]).tolist()
    return dict(zip(("low", "median", "high"), quantiles, strict=True))


def _text(board: RankBoard) -> str:
    percent = f"{100 * board.rule.confidence:g} %"
    heads = ["rank", "entry", "value"]
    drawn = bool(len(board.replicates))
    heads += [percent, f"rank {percent}", "P(1)", "group"] if drawn else []
    rows = [_cells(line, drawn=drawn) for line in board.lines]
    notes = [f"Ranked by {_said(board.rule)}; {board.rule.direction.value} is better."]
    if drawn:
        notes.append(f"{len(board.replicates)} paired draws of targets, seed {board.seed}.")
    return table([*heads, "answered"], rows) + "\n\n" + "\n".join(notes)


def _cells(line: BoardLine, *, drawn: bool) -> list[str]:
    known = line.uncertainty
    cells = [
        "-" if line.rank is None else str(line.rank),
        line.entry,
        line.status.value if line.value is None else f"{line.value:.6g}",
    ]
    if drawn and known is None:
        cells += [""] * 4
    elif known is not None:
        bounds = known.value_low is not None and known.value_high is not None
        cells += [
            f"[{known.value_low:.4g}, {known.value_high:.4g}]" if bounds else "",
            f"[{known.rank_low}, {known.rank_high}]",
            f"{known.first_share:.2f}",
            str(known.group),
        ]
    return [*cells, f"{line.answered}/{line.offered}"]


def _said(rule: RankRule) -> str:
    metrics = " + ".join(
        term.metric if term.weight == 1 else f"{term.weight:g} {term.metric}"
        for term in rule.metrics
    )
    how = f"{rule.aggregate.value} of " if rule.scheme.value != "test_then_rank" else ""
    return f"{rule.scheme.value}: {how}{metrics}"
