"""`heldout validate`: check a prediction file, and write a mended one on request."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from heldout.offline import (
    EXIT_OK,
    UsageError,
    add_command,
    mending_text,
    problem_text,
    refuse,
    show,
)
from heldout.offline import EXIT_PROBLEMS as PROBLEMS
from heldout.progress import opened
from heldout.round_files import add_format_arguments, declared_format
from scoring.contract import CheckReport, Mending, PredictionFormat, TargetSpec
from scoring.engine import check
from scoring.harmonize import Decisions, Harmonized, harmonize, suggestions


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(
        subparsers,
        "validate",
        run=_validate,
        help_text="check a prediction file as the server would; --fix writes a mended one",
    )
    add_format_arguments(parser)
    parser.add_argument("file", type=Path)
    mend = parser.add_argument_group(
        "mending", "The file itself is never changed, and nothing is mended while scoring."
    )
    mend.add_argument("--fix", type=Path, metavar="OUT", help="write a mended file to OUT")
    mend.add_argument(
        "--axes", metavar="1,0", help="take the axes of each array in this order, from 0"
    )
    mend.add_argument("--unit", default="", metavar="UNIT", help="the unit the values are in")
    mend.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="CODE",
        help="agree to a mending that is a guess, as INDEX_BASE; repeat for more",
    )


def _validate(arguments: argparse.Namespace) -> int:
    prediction_format, targets = declared_format(arguments)
    decisions = _decisions(arguments)
    if arguments.fix is not None:
        return _fix(arguments, prediction_format, targets, decisions)
    if decisions != Decisions():
        raise UsageError("--axes, --unit and --accept say how to mend a file: add --fix OUT")
    with opened(arguments.file, passes=1) as handle:
        report = check(handle, prediction_format, targets)
        if not report.ok:
            found = harmonize(handle, prediction_format, targets)
            return refuse(
                arguments,
                report.problems,
                left_out=report.problems_left_out,
                mendings=found.mendings,
            )
        units = _other_units(handle, prediction_format, targets)
    content = _content(report, targets) | {"suggestions": [asdict(each) for each in units]}
    show(arguments, content, text="\n".join([_in_order(report, targets), *_unit_text(units)]))
    return EXIT_OK


def _other_units(
    handle: BinaryIO, prediction_format: PredictionFormat, targets: Sequence[TargetSpec]
) -> list[Mending]:
    """Return where a file in order says of its arrays that they are in another unit.

    Readers take numbers as they are: only the person can tell which of the two is meant.
    """
    found = suggestions(handle, prediction_format, targets)
    return [mending for mending in found if mending.code == "UNIT"]


def _unit_text(units: Sequence[Mending]) -> list[str]:
    if not units:
        return []
    head = "But look at its unit; scoring takes the numbers as they are, and --fix OUT converts:"
    return [head, *(mending_text(mending) for mending in units)]


def _decisions(arguments: argparse.Namespace) -> Decisions:
    words = arguments.axes.split(",") if arguments.axes else []
    if not all(word.strip().isdigit() for word in words):
        raise UsageError(f"--axes {arguments.axes}: write the axes from 0, as 1,0")
    return Decisions(
        axes=tuple(int(word) for word in words),
        unit=arguments.unit,
        accept=frozenset(arguments.accept),
    )


def _content(report: CheckReport, targets: Sequence[TargetSpec]) -> dict[str, Any]:
    missing = _missing(report, targets)
    content = {"ok": True, "answered": list(report.answered), "missing": missing}
    return content | {"metadata": dict(report.metadata)}


def _missing(report: CheckReport, targets: Sequence[TargetSpec]) -> list[str]:
    answered = set(report.answered)
    return [target.slug for target in targets if target.slug not in answered]


def _in_order(report: CheckReport, targets: Sequence[TargetSpec]) -> str:
    missing = _missing(report, targets)
    text = f"The file is in order: {len(report.answered)} of {len(targets)} targets answered."
    return text + (f" Not answered: {', '.join(missing)}." if missing else "")


def _fix(
    arguments: argparse.Namespace,
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
    decisions: Decisions,
) -> int:
    out: Path = arguments.fix
    if out.exists():
        raise UsageError(f"{out} is there already: name a new file, nothing is overwritten")
    with opened(arguments.file, passes=1) as handle:
        found = harmonize(handle, prediction_format, targets, decisions)
        _check_accepted(found, decisions)
        if found.write is None:
            report = check(handle, prediction_format, targets)
        else:
            report = _written(found, out, prediction_format, targets)
    content = _content(report, targets) if report.ok else {"ok": False}
    content |= {
        "written": str(out) if found.write else None,
        "suggestions": [asdict(mending) for mending in found.mendings],
        "problems": [asdict(problem) for problem in report.problems],
        "problems_left_out": report.problems_left_out,
    }
    show(arguments, content, text=_fixed_text(found, report, targets, out=out))
    return EXIT_OK if report.ok else PROBLEMS


def _check_accepted(found: Harmonized, decisions: Decisions) -> None:
    agreed_to = {mending.code for mending in found.mendings if not mending.decide}
    strange = sorted(decisions.accept - agreed_to)
    if strange:
        waiting = [mending.decide for mending in found.mendings if mending.decide]
        told = f"; say {', '.join(waiting)}" if waiting else ""
        raise UsageError(f"--accept {strange[0]}: no mending of this file waits for that{told}")


def _written(
    found: Harmonized,
    out: Path,
    prediction_format: PredictionFormat,
    targets: Sequence[TargetSpec],
) -> CheckReport:
    """Write the mended file, whole or not at all, and check it like any other."""
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w+b") as handle:
            _write(found, handle)
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    with out.open("rb") as handle:
        return check(handle, prediction_format, targets)


def _write(found: Harmonized, handle: BinaryIO) -> None:
    if found.write is not None:
        found.write(handle)


def _fixed_text(
    found: Harmonized, report: CheckReport, targets: Sequence[TargetSpec], *, out: Path
) -> str:
    lines = [mending_text(mending) for mending in found.mendings]
    if found.write:
        lines.append(f"Written to {out}.")
    else:
        lines.append("Nothing is written: there is nothing to mend by itself.")
    if report.ok:
        lines.append(_in_order(report, targets))
    else:
        lines += ["Still wrong:", *(problem_text(problem) for problem in report.problems)]
        lines += [f"... and {report.problems_left_out} more"] if report.problems_left_out else []
    return "\n".join(lines)
