"""`heldout completion`: what bash and zsh need to complete the commands and their options."""

from __future__ import annotations

import argparse
import sys
from typing import Any

EXIT_USAGE = 2


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "completion",
        help="print the completion for a shell",
        description="Print the completion for a shell.",
        epilog="bash: heldout completion bash > ~/.local/share/bash-completion/completions/heldout"
        "   zsh: heldout completion zsh > a folder of $fpath, as _heldout",
    )
    parser.add_argument("shell", choices=["bash", "zsh"])
    parser.set_defaults(run=_completion)


def _completion(arguments: argparse.Namespace) -> int:
    from heldout.cli import build_parser

    try:
        import shtab
    except ImportError:
        print("This needs one more package: pip install 'heldout[client]'", file=sys.stderr)
        return EXIT_USAGE
    print(shtab.complete(build_parser(), arguments.shell))
    return 0
