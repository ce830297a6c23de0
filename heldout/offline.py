"""What the offline commands share: exit codes, how they fail, and how they show things."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from scoring.contract import Mending, Problem
from scoring.errors import PredictionFormatError, ScoringError

# Done; the command line asks for what cannot be done; the file is at fault, or has no value.
EXIT_OK, EXIT_USAGE, EXIT_PROBLEMS = 0, 2, 3

Run = Callable[[argparse.Namespace], int]


class UsageError(Exception):
    """The command line asks for something that cannot be done; says what."""


def add_command(subparsers: Any, name: str, *, run: Run, help_text: str) -> argparse.ArgumentParser:
    """Add a command whose errors are told in words, and which can print JSON."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=help_text,
        description=help_text,
        epilog="Exit code 0: done. 2: the command line asks for what cannot be done. "
        "3: the file is at fault, or there is no value.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda arguments: guarded(run, arguments))
    return parser


def add_settings(parser: argparse._ActionsContainer, flag: str, *, help_text: str) -> None:
    """Add an argument NAME=VALUE that may be given more than once."""
    parser.add_argument(flag, action="append", default=[], metavar="NAME=VALUE", help=help_text)


def settings(pairs: Sequence[str], *, flag: str) -> dict[str, Any]:
    """Read NAME=VALUE pairs; a value is JSON, or else the text itself."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign:
            raise UsageError(f"{flag} {pair}: write NAME=VALUE")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found


def guarded(run: Run, arguments: argparse.Namespace) -> int:
    """Run a command; what a person can mend is told on its own, without a traceback."""
    try:
        return run(arguments)
    except PredictionFormatError as error:
        return refuse(arguments, error.problems, left_out=error.left_out)
    except (UsageError, ScoringError) as error:
        print(error, file=sys.stderr)
    except BrokenPipeError:
        raise  # whoever read our output has left: the command's own concern, not the user's
    except MemoryError:
        print("there is not enough memory for this file", file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    return EXIT_USAGE


def show(arguments: argparse.Namespace, content: Any, *, text: str) -> None:
    """Print the result as JSON or as text."""
    print(json.dumps(content, indent=1, allow_nan=False) if arguments.json else text)


def refuse(
    arguments: argparse.Namespace,
    problems: Sequence[Problem],
    *,
    left_out: int = 0,
    mendings: Sequence[Mending] = (),
) -> int:
    """Print everything that is wrong with a file, and how it could be mended."""
    lines = [problem_text(problem) for problem in problems]
    lines += [f"... and {left_out} more"] if left_out else []
    if mendings:
        command = f"heldout validate {arguments.file} ... --fix OUT"
        lines += ["", f"A machine can see how to mend this; `{command}` writes a mended file:"]
        lines += [mending_text(mending) for mending in mendings]
    content = {
        "ok": False,
        "problems": [asdict(problem) for problem in problems],
        "problems_left_out": left_out,
        "suggestions": [asdict(mending) for mending in mendings],
    }
    show(arguments, content, text="\n".join(lines))
    return EXIT_PROBLEMS


def problem_text(problem: Problem) -> str:
    """Return a problem as a line, and its remedy as another."""
    return problem.message + (f"\n    -> {problem.remedy}" if problem.remedy else "")


def mending_text(mending: Mending) -> str:
    """Return a mending as lines: what is off, some changes, what a person must decide."""
    lines = [f"  {mending.code}: {mending.message}"]
    lines += [
        f"      {before} -> {after}" if before and after else f"      {before or '+ ' + after}"
        for before, after in mending.changes
    ]
    if mending.decide:
        lines.append(f"      not done by itself: {mending.decide}")
    return "\n".join(lines)
