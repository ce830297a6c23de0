"""What the commands that talk to a server share: exit codes, how they fail, how they show things.

Nothing here or in these commands needs NumPy, SciPy or Django; `httpx` is imported when used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from heldout import credentials

# Done; the command line asks for what cannot be done; the server refused, or the file got no
# score; no answer from the server, or none in time.
EXIT_OK, EXIT_USAGE, EXIT_REFUSED, EXIT_UNREACHABLE = 0, 2, 3, 4
EPILOG = (
    "Exit code 0: done. 2: the command line asks for what cannot be done. 3: the server refused, "
    "or the submission got no score. 4: no answer from the server. 130: interrupted."
)
ROUND = "CHALLENGE/ROUND"

Run = Callable[[argparse.Namespace], int]


def add_command(subparsers: Any, name: str, run: Run, help_text: str) -> argparse.ArgumentParser:
    """Add a command that talks to a server."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name, help=help_text, description=help_text, epilog=EPILOG
    )
    parser.add_argument(
        "--server", default="", help="its address; else $HELDOUT_URL or that of the last login"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda arguments: guarded(run, arguments))
    return parser


def guarded(run: Run, arguments: argparse.Namespace) -> int:
    """Run a command; what a person can mend is told in words, without a traceback."""
    try:
        from heldout.client import ApiError, ServerUnreachable
    except ImportError:
        print(
            "Talking to a server needs one more package: pip install 'heldout[client]'",
            file=sys.stderr,
        )
        return EXIT_UNREACHABLE
    try:
        return run(arguments)
    except ApiError as error:
        _print_refusal(arguments, error)
        return EXIT_REFUSED
    except (ServerUnreachable, TimeoutError) as error:
        print(error, file=sys.stderr)
        return EXIT_UNREACHABLE
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE


def _print_refusal(arguments: argparse.Namespace, error: Any) -> None:
    if arguments.json:
        content = {"code": error.code, "message": error.message, "problems": error.problems}
        print(json.dumps(content, indent=1))
    print(f"Refused ({error.code}): {error.message}", file=sys.stderr)
    for problem in error.problems:
        place = f"{problem['where']}: " if problem.get("where") else ""
        remedy = f" -> {problem['remedy']}" if problem.get("remedy") else ""
        print(f"  {place}{problem['message']}{remedy}", file=sys.stderr)
    if error.status == 401:
        print("Sign in first: heldout login USERNAME", file=sys.stderr)


def opened_client(arguments: argparse.Namespace) -> Any:
    """Return a client of the server that is meant, with the kept token."""
    from heldout.client import Client

    address, token = credentials.server(arguments.server)
    return Client(address, token=token)


def show(arguments: argparse.Namespace, content: Any, text: str) -> int:
    """Print the result as JSON or as text."""
    print(json.dumps(content, indent=1) if arguments.json else text)
    return EXIT_OK
