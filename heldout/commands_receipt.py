"""`heldout receipt`: fetch the signed receipt of a submission, or check one offline."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from heldout import receipts
from heldout.online import (
    EPILOG,
    EXIT_OK,
    EXIT_REFUSED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    guarded,
    opened_client,
)


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    text = "fetch the signed receipt of a scored submission, or check one offline"
    parser = subparsers.add_parser("receipt", help=text, description=text, epilog=EPILOG)
    parser.add_argument("code", nargs="?", help="of the submission")
    parser.add_argument("--server", default="", help="address of the server")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it there")
    parser.add_argument("--check", type=Path, metavar="FILE", help="check this receipt; no network")
    parser.add_argument(
        "--key", metavar="KEY", help="the site's public key in Base64, or a file with /api/v1/keys/"
    )
    parser.add_argument(
        "--predictions", type=Path, metavar="FILE", help="is this the file that was scored?"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=lambda arguments: _run(parser, arguments))


def _run(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if (arguments.code is None) == (arguments.check is None):
        parser.error("name a submission, or a file with --check")
    if arguments.check is None:
        return guarded(_fetch, arguments)
    if not arguments.key:
        parser.error("--check needs --key: the site's public key, which you got from it before")
    try:
        receipt = _checked(arguments)
    except receipts.CryptographyMissing as missing:
        print(missing, file=sys.stderr)
        return EXIT_UNREACHABLE
    except receipts.ReceiptError as refused:
        print(refused, file=sys.stderr)
        return EXIT_REFUSED
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    print(json.dumps(receipt, indent=1) if arguments.json else _text(receipt))
    return EXIT_OK


def _fetch(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        envelope = client.receipt(arguments.code)
    text = json.dumps(envelope, indent=1, ensure_ascii=False)
    if arguments.output:
        arguments.output.write_text(text + "\n", encoding="utf-8")
        print(arguments.output)
    else:
        print(text)
    return EXIT_OK


def _checked(arguments: argparse.Namespace) -> dict[str, Any]:
    envelope = json.loads(arguments.check.read_text(encoding="utf-8"))
    given = Path(arguments.key)
    keys = receipts.read_keys(given.read_text("utf-8") if given.is_file() else arguments.key)
    receipt = receipts.check(envelope, keys)
    if arguments.predictions:
        with arguments.predictions.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != receipt["file"]["sha256"]:
            raise receipts.ReceiptError(f"{arguments.predictions} is not the file of the receipt.")
    return receipt


def _text(receipt: dict[str, Any]) -> str:
    run = receipt["run"]
    lines = [
        f"The signature is good. {receipt['site']} signed on {receipt['issued_at']}:",
        f"submission {receipt['submission']} of {receipt['team']}, method {receipt['method']},",
        f"to {receipt['challenge']}/{receipt['round']}, received {receipt['received_at']},",
        f"file {receipt['file']['sha256']} ({receipt['file']['size_bytes']} bytes)",
    ]
    if run is None:
        return "\n".join([*lines, "Its scores were not shown yet."])
    lines.append(f"scored {run['finished_at']} by engine {run['engine_version']}")
    for score in receipt["scores"]:
        place = score["target"] or "all targets"
        lines.append(f"  {place}  {score['metric']}  {score['value'] or score['status']}")
    return "\n".join(lines)
