"""The `heldout` command: offline scoring, and talking to a server.

Every module `heldout/commands_*.py` offers ``add_parsers(subparsers)``; each parser it adds sets
the default ``run``, a function of the parsed arguments that returns an exit code. Such a module
imports at its top only what the bare installation has.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence

import heldout

EXIT_INTERRUPTED = 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with the commands of all command modules."""
    parser = argparse.ArgumentParser(
        prog="heldout", description="Blind scientific challenges: check, score, submit."
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in sorted(pkgutil.iter_modules(heldout.__path__), key=lambda found: found.name):
        if module.name.startswith("commands_"):
            importlib.import_module(f"heldout.{module.name}").add_parsers(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        arguments = build_parser().parse_args(argv)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone (`heldout metrics | head`): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return code


if __name__ == "__main__":
    sys.exit(main())
