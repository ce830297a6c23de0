"""`heldout init`: the starter kit of a round."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from heldout.online import ROUND, add_command, opened_client, show


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(
        subparsers,
        "init",
        _init,
        "make a folder with a round's data, a template, a baseline that scores and a notebook",
    )
    parser.add_argument("round", metavar=ROUND)
    parser.add_argument("folder", nargs="?", type=Path, help="CHALLENGE-ROUND unless told")


def _init(arguments: argparse.Namespace) -> int:
    try:
        from heldout.kit import default_folder, write_kit
    except ModuleNotFoundError as error:
        raise ValueError(f"A kit needs one more package: pip install {error.name}") from None
    with opened_client(arguments) as client:
        folder = arguments.folder or default_folder(arguments.round)
        kit = write_kit(client, arguments.round, folder)
    content = {
        "folder": str(kit.folder),
        "files": [str(path.relative_to(kit.folder)) for path in kit.files],
        "baseline": "baseline.py" if kit.has_baseline else None,
        "predictions": kit.predictions or None,
    }
    lines = [f"{kit.folder}: {len(kit.files)} files; its README.md says what they are."]
    if kit.has_baseline:
        lines += [
            f"Next: cd {kit.folder} && python baseline.py",
            f'      heldout submit {arguments.round} {kit.predictions} --method "..." --wait',
        ]
    return show(arguments, content, "\n".join(lines))
