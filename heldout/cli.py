"""The `heldout` command: offline scoring, and talking to a server.

Every module `heldout/commands_*.py` offers ``add_parsers(subparsers)``; each parser it adds sets
the default ``run``, a function of the parsed arguments that returns an exit code. Such a module
imports at its top only what the bare installation has. Those in `ENGINE` need NumPy and SciPy,
take their time to import, and are left alone unless their commands are asked for.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Any

import heldout

EXIT_UNAVAILABLE, EXIT_INTERRUPTED = 2, 130
ENGINE = ("credit", "metrics", "rank", "score", "validate")  # each a module, and the command in it


class MissingPackage(Exception):
    """A command needs a package that is not installed."""


def build_parser(wanted: str = "") -> argparse.ArgumentParser:
    """Return the parser with the commands of all command modules.

    With `wanted`, a command, the modules that need the engine may be left out if it is not one
    of theirs.
    """
    parser = argparse.ArgumentParser(
        prog="heldout",
        description="Blind scientific challenges: check, score, submit.",
        epilog="Completion in the shell: heldout completion --help",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    found = sorted(module.name for module in pkgutil.iter_modules(heldout.__path__))
    names = [name.removeprefix("commands_") for name in found if name.startswith("commands_")]
    for name in names:
        if name not in ENGINE:
            importlib.import_module(f"heldout.commands_{name}").add_parsers(subparsers)
    if wanted not in subparsers.choices:
        for name in ENGINE:
            _add_engine(name, subparsers, wanted=wanted)
    return parser


def _add_engine(name: str, subparsers: Any, *, wanted: str) -> None:
    """Add the command of a module that needs the engine, as far as the engine can be imported."""
    try:
        module = importlib.import_module(f"heldout.commands_{name}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in {"numpy", "scipy"}:
            raise
        if wanted == name:
            raise MissingPackage(
                f"heldout {name} needs one more package: pip install {package}"
            ) from None
        subparsers.add_parser(name, help=f"(needs the package {package})")
    else:
        module.add_parsers(subparsers)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        arguments = build_parser(words[0] if words else "").parse_args(words)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except MissingPackage as missing:
        print(missing, file=sys.stderr)
        return EXIT_UNAVAILABLE
    except BrokenPipeError:
        # The reader of our output has gone (`heldout metrics | head`): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return code


if __name__ == "__main__":
    sys.exit(main())
