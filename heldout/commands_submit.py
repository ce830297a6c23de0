"""Commands `submit` and `status`: hand predictions in, and see what became of them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from heldout.online import EXIT_REFUSED, ROUND, add_command, opened_client, show
from heldout.progress import TransferBar
from heldout.tables import submission_text

UNSCORED = {"rejected", "failed", "withdrawn"}


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    submit = add_command(
        subparsers,
        "submit",
        _submit,
        "upload predictions; a large file goes on where it was cut off when this is said again",
    )
    submit.add_argument("round", metavar=ROUND)
    submit.add_argument("file", type=Path)
    which = submit.add_mutually_exclusive_group(required=True)
    which.add_argument("--method", default="", help="name of the method, as on the board")
    which.add_argument(
        "--model", default="", metavar="SLUG@VERSION", help="a registered model of your team"
    )
    submit.add_argument("--summary", default="", help="how it works, in a sentence or two")
    submit.add_argument(
        "--built-on",
        action="append",
        default=[],
        metavar="SLUG[@VERSION][:USE]",
        help="a dataset or model it was built on, or its DOI or URL; repeat for more",
    )
    submit.add_argument(
        "--lineage", choices=["full", "partial", "undisclosed"], default="full", dest="disclosure"
    )
    submit.add_argument("--team", default="")
    submit.add_argument("--track", default="", help="where the round has several")
    submit.add_argument(
        "--model-index", type=int, default=1, metavar="N", help="which of your models it is (1)"
    )
    submit.add_argument("--note", default="")
    _add_waiting(submit, "until it is scored")
    status = add_command(subparsers, "status", _status, "show a submission")
    status.add_argument("code")
    _add_waiting(status, "until it is finished")


def _add_waiting(parser: argparse.ArgumentParser, help_text: str) -> None:
    parser.add_argument("--wait", action="store_true", help=help_text)
    parser.add_argument(
        "--timeout", type=float, default=600.0, metavar="SECONDS", help="of waiting (600)"
    )


def _submit(arguments: argparse.Namespace) -> int:
    bar = TransferBar(arguments.file.name)
    with opened_client(arguments) as client:
        try:
            content = client.submit(
                arguments.round,
                arguments.file,
                method=arguments.method,
                model=arguments.model,
                method_summary=arguments.summary,
                inputs=arguments.built_on,
                disclosure=arguments.disclosure,
                team=arguments.team,
                track=arguments.track,
                model_index=arguments.model_index,
                note=arguments.note,
                progress=bar.show,
            )
        except KeyboardInterrupt:
            bar.end()
            print("Interrupted; the same command goes on with what is missing.", file=sys.stderr)
            raise
        finally:
            bar.end()
        return _told(arguments, client, content)


def _status(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        return _told(arguments, client, client.submission(arguments.code))


def _told(arguments: argparse.Namespace, client: Any, content: dict[str, Any]) -> int:
    if arguments.wait:
        # What the receipt alone says, as the quota, is kept.
        content |= client.wait(content["code"], timeout_s=arguments.timeout)
    show(arguments, content, submission_text(client.url, content))
    return EXIT_REFUSED if content["state"] in UNSCORED else 0
