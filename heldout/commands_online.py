"""Commands that read from a server: challenges, rounds, files and boards."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from heldout.online import EXIT_OK, ROUND, add_command, opened_client, show
from heldout.tables import board_table, challenge_rows, dataset_table, table


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    add_command(subparsers, "challenges", _challenges, "list challenges and their open rounds")
    add_command(subparsers, "rounds", _rounds, "list rounds")
    for name, run, help_text in (
        ("round", _round, "show a round: files, targets, metrics"),
        ("format", _format, "print what a round's prediction files must be, for validate"),
        ("download", _download, "download a round's inputs and offered data"),
        ("leaderboard", _leaderboard, "show a round's board"),
        ("datasets", _datasets, "show which data made a round's results possible"),
    ):
        parser = add_command(subparsers, name, run, help_text)
        parser.add_argument("round", metavar=ROUND)
        if name == "download":
            parser.add_argument("--to", type=Path, default=Path(), metavar="FOLDER")


def _challenges(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        found = client.challenges()
    heads = ["challenge", "open rounds", "next close (UTC)", "rounds"]
    return show(arguments, found, table(heads, challenge_rows(found)))


def _rounds(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        rounds = client.rounds()
    rows = [
        [f"{each['challenge']}/{each['slug']}", each["state"], each["closes_at"], each["title"]]
        for each in rounds
    ]
    return show(arguments, rounds, table(["round", "state", "closes (UTC)", "title"], rows))


def _round(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        content = client.round(arguments.round)
        content["targets"] = client.targets(arguments.round)
    lines = [
        f"{content['title']} ({content['state']}, closes {content['closes_at']})",
        "",
        content["task"],
        "",
        table(
            ["metric", "aggregate", "ranks"],
            [
                [m["label"] or m["key"], m["aggregate"], "yes" if m["is_primary"] else ""]
                for m in content["metrics"]
            ],
        ),
        "",
        table(
            ["target", "shape", "classes"],
            [
                [t["slug"], "x".join(map(str, t["shape"])) or "number", ", ".join(t["classes"])]
                for t in content["targets"]
            ],
        ),
        "",
        table(["file", "bytes"], [[f["name"], str(f["size_bytes"])] for f in content["files"]]),
    ]
    return show(arguments, content, "\n".join(lines))


def _format(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        content = client.prediction_format(arguments.round)
    print(json.dumps(content, indent=1))
    return EXIT_OK


def _download(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        paths = [str(path) for path in client.download_all(arguments.round, arguments.to)]
    return show(arguments, paths, "\n".join(paths) or "This round offers no files.")


def _leaderboard(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        content = client.leaderboard(arguments.round)
    return show(arguments, content, board_table(content))


def _datasets(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        content = client.datasets(arguments.round)
    return show(arguments, content, dataset_table(content))
