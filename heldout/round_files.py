"""What a round asks of a file, from where the command line says it stands."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heldout.offline import UsageError, add_settings, settings
from scoring.contract import PredictionFormat, TargetSpec
from scoring.readers import all_readers

if TYPE_CHECKING:  # PyYAML, which a bundle needs, may not be installed
    from heldout.bundle.rounds import BundleRound
    from heldout.bundle.source import BundleSource

KIT_FORMAT = "format.json"  # as `heldout init` writes it
_FORM = '{"reader": "npz", "options": {}, "targets": [{"slug": "u01", "shape": [21, 256]}]}'


def add_format_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the ways of saying what a file should be; without one, a kit's own says it."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--format", type=Path, metavar="F.json", help=_FORM)
    add_bundle_argument(source)
    source.add_argument("--reader", choices=[reader.slug for reader in all_readers()])
    parser.add_argument(
        "--round",
        default="",
        metavar="SLUG",
        help="which round of the bundle; CHALLENGE/ROUND: a round of the server, which is asked",
    )
    parser.add_argument("--server", default="", help="address of the server, with --round")
    parser.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="NAME[:SHAPE]",
        help="a target and its shape, as u01:21x256; ? is any length, no shape is one number; "
        "repeat for more",
    )
    add_settings(
        parser, "--option", help_text="an option of the reader; the value is JSON or plain text"
    )


def add_bundle_argument(group: argparse._ActionsContainer) -> None:
    """Add the argument that names a bundle."""
    group.add_argument(
        "--bundle", type=Path, metavar="DIR", help="a challenge bundle: a folder or zip archive"
    )


def declared_format(arguments: argparse.Namespace) -> tuple[PredictionFormat, list[TargetSpec]]:
    """Return what the command line says a file should be."""
    if arguments.reader is None and (arguments.target or arguments.option):
        raise UsageError("--target and --option go with --reader: the others declare them")
    if arguments.format is not None:
        return _read_format(arguments.format)
    if arguments.bundle is None and arguments.reader is None:
        return _of_server_or_kit(arguments)
    if arguments.bundle is not None:
        with opened_bundle(arguments.bundle, arguments.round) as (round_, _):
            return round_.prediction_format, list(round_.targets)
    if not arguments.target:
        raise UsageError("name the targets with --target NAME:SHAPE, or give --format")
    options = settings(arguments.option, flag="--option")
    return PredictionFormat(arguments.reader, options), [_target(t) for t in arguments.target]


@contextmanager
def opened_bundle(path: Path, slug: str) -> Iterator[tuple[BundleRound, BundleSource]]:
    """Open a bundle and read one of its rounds."""
    try:
        from heldout.bundle.rounds import read_round
        from heldout.bundle.source import open_source
    except ImportError:
        raise UsageError(
            "A bundle is written in YAML, which needs one more package: pip install pyyaml"
        ) from None
    from heldout.bundle.errors import BundleError

    try:
        with open_source(path) as source:
            yield read_round(source, slug), source
    except BundleError as error:
        raise UsageError(str(error)) from None


def _of_server_or_kit(arguments: argparse.Namespace) -> tuple[PredictionFormat, list[TargetSpec]]:
    """Ask the server, or take the format.json that `heldout init` writes beside the file."""
    if arguments.round:
        return _of_server(arguments)
    for folder in (Path(arguments.file).parent, Path()):
        if (folder / KIT_FORMAT).is_file():
            return _read_format(folder / KIT_FORMAT)
    raise UsageError(
        "say what the file should be: --round CHALLENGE/ROUND, --format F.json, --bundle DIR, or "
        f"--reader with --target; there is no {KIT_FORMAT} of a starter kit beside the file"
    )


def _of_server(arguments: argparse.Namespace) -> tuple[PredictionFormat, list[TargetSpec]]:
    from heldout import credentials

    try:
        from heldout.client import ApiError, Client, ServerUnreachable
    except ImportError:
        raise UsageError("--round needs one more package: pip install 'heldout[client]'") from None
    address, token = credentials.server(arguments.server)
    try:
        with Client(address, token=token) as client:
            content = client.prediction_format(arguments.round)
    except (ApiError, ServerUnreachable, ValueError) as error:
        raise UsageError(f"--round {arguments.round}: {error}") from None
    return format_of(content)


def _read_format(path: Path) -> tuple[PredictionFormat, list[TargetSpec]]:
    try:
        return format_of(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{path}: expected JSON with reader, options and targets (slug, shape, low, high)"
        ) from None


def format_of(content: Mapping[str, Any]) -> tuple[PredictionFormat, list[TargetSpec]]:
    """Return what a file should be, from the JSON that `heldout format` prints."""
    prediction_format = PredictionFormat(content["reader"], dict(content.get("options") or {}))
    targets = [
        TargetSpec(
            slug=str(target["slug"]),
            shape=tuple(
                None if length is None else int(length) for length in target.get("shape", ())
            ),
            low=target.get("low"),
            high=target.get("high"),
        )
        for target in content["targets"]
    ]
    return prediction_format, targets


def _target(text: str) -> TargetSpec:
    name, _, shape = text.partition(":")
    lengths = shape.split("x") if shape else []
    known = all(length == "?" or (length.isascii() and length.isdigit()) for length in lengths)
    if not name or not known:
        raise UsageError(f"--target {text}: write NAME or NAME:SHAPE, as u01:21x256")
    return TargetSpec(name, tuple(None if length == "?" else int(length) for length in lengths))
