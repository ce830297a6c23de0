"""What a round asks of a file, from where the command line says it stands."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from heldout.offline import UsageError, add_settings, settings
from scoring.contract import PredictionFormat, TargetSpec
from scoring.readers import all_readers

if TYPE_CHECKING:  # PyYAML, which a bundle needs, may not be installed
    from heldout.bundle.rounds import BundleRound
    from heldout.bundle.source import BundleSource

_FORM = '{"reader": "npz", "options": {}, "targets": [{"slug": "u01", "shape": [21, 256]}]}'


def add_format_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the three ways of saying what a file should be."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--format", type=Path, metavar="F.json", help=_FORM)
    add_bundle_argument(source)
    source.add_argument("--reader", choices=[reader.slug for reader in all_readers()])
    parser.add_argument("--round", default="", metavar="SLUG", help="which round of the bundle")
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


def _read_format(path: Path) -> tuple[PredictionFormat, list[TargetSpec]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        prediction_format = PredictionFormat(content["reader"], dict(content.get("options", {})))
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
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{path}: expected JSON with reader, options and targets (slug, shape, low, high)"
        ) from None
    return prediction_format, targets


def _target(text: str) -> TargetSpec:
    name, _, shape = text.partition(":")
    lengths = shape.split("x") if shape else []
    known = all(length == "?" or (length.isascii() and length.isdigit()) for length in lengths)
    if not name or not known:
        raise UsageError(f"--target {text}: write NAME or NAME:SHAPE, as u01:21x256")
    return TargetSpec(name, tuple(None if length == "?" else int(length) for length in lengths))
