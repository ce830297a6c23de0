"""Commands that talk to a server: login, rounds, download, submit, status, leaderboard."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import Any

from heldout import credentials
from heldout.tables import board_table, dataset_table, table

EXIT_OK, EXIT_REFUSED, EXIT_UNREACHABLE = 0, 3, 4


def add_parsers(subparsers: Any) -> None:
    """Add the online commands to the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--server", default="", help="address of the server")
    common.add_argument("--json", action="store_true", help="print JSON")

    def command(name: str, run: Any, help_text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = subparsers.add_parser(
            name, parents=[common], help=help_text, description=help_text
        )
        parser.set_defaults(run=lambda arguments: _guarded(run, arguments))
        return parser

    login = command("login", _login, "sign in and keep a token for this server")
    login.add_argument("username")
    login.add_argument("--password-file", type=Path, help="read the password from a file")
    login.add_argument("--organize", action="store_true", help="with your rights as an organizer")
    command("logout", _logout, "revoke the kept token")
    command("rounds", _rounds, "list rounds")
    show = command("round", _round, "show a round: files, targets, metrics")
    show.add_argument("round", metavar="CHALLENGE/ROUND")
    form = command("format", _format, "print what a round's prediction files must be, for validate")
    form.add_argument("round", metavar="CHALLENGE/ROUND")
    download = command("download", _download, "download a round's inputs and offered data")
    download.add_argument("round", metavar="CHALLENGE/ROUND")
    download.add_argument("--to", type=Path, default=Path(), metavar="FOLDER")
    _add_submit(command("submit", _submit, "upload predictions"))
    status = command("status", _status, "show a submission")
    status.add_argument("code")
    status.add_argument("--wait", action="store_true", help="until it is finished")
    board = command("leaderboard", _leaderboard, "show a round's board")
    board.add_argument("round", metavar="CHALLENGE/ROUND")
    data = command("datasets", _datasets, "show which data made a round's results possible")
    data.add_argument("round", metavar="CHALLENGE/ROUND")


def _add_submit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("round", metavar="CHALLENGE/ROUND")
    parser.add_argument("file", type=Path)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--method", default="", help="name of the method, as on the board")
    which.add_argument(
        "--model", default="", metavar="SLUG@VERSION", help="a registered model of your team"
    )
    parser.add_argument("--summary", default="", help="how it works, in a sentence or two")
    parser.add_argument(
        "--built-on",
        action="append",
        default=[],
        metavar="SLUG[@VERSION][:USE]",
        help="a dataset or model it was built on, or its DOI or URL; repeat for more",
    )
    parser.add_argument(
        "--lineage", choices=["full", "partial", "undisclosed"], default="full", dest="disclosure"
    )
    parser.add_argument("--team", default="")
    parser.add_argument("--track", default="", help="where the round has several")
    parser.add_argument(
        "--model", type=int, default=1, metavar="N", help="which of your models it is (1)"
    )
    parser.add_argument("--note", default="")
    parser.add_argument("--wait", action="store_true", help="until it is scored")


def _guarded(run: Any, arguments: argparse.Namespace) -> int:
    try:
        from heldout.client import ApiError, ServerUnreachable
    except ImportError:
        print(
            "Talking to a server needs one more package: pip install 'heldout[client]'",
            file=sys.stderr,
        )
        return EXIT_UNREACHABLE
    try:
        code: int = run(arguments)
    except ApiError as error:
        _print_refusal(error)
        return EXIT_REFUSED
    except (ServerUnreachable, TimeoutError) as error:
        print(error, file=sys.stderr)
        return EXIT_UNREACHABLE
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return code


def _print_refusal(error: Any) -> None:
    print(f"Refused ({error.code}): {error.message}", file=sys.stderr)
    for problem in error.problems:
        place = f"{problem['where']}: " if problem.get("where") else ""
        remedy = f" -> {problem['remedy']}" if problem.get("remedy") else ""
        print(f"  {place}{problem['message']}{remedy}", file=sys.stderr)
    if error.status == 401:
        print("Sign in first: heldout login USERNAME", file=sys.stderr)


def _client(arguments: argparse.Namespace) -> Any:
    from heldout.client import Client

    address, token = credentials.server(arguments.server)
    return Client(address, token=token)


def _show(arguments: argparse.Namespace, content: Any, text: str) -> int:
    print(json.dumps(content, indent=1) if arguments.json else text)
    return EXIT_OK


def _login(arguments: argparse.Namespace) -> int:
    if arguments.password_file:
        password = arguments.password_file.read_text(encoding="utf-8").strip()
    else:
        password = getpass.getpass()
    with _client(arguments) as client:
        token = client.sign_in(
            arguments.username, password, name="heldout command", organize=arguments.organize
        )
        credentials.keep(client.url, token)
        return _show(arguments, {"server": client.url}, f"Signed in to {client.url}.")


def _logout(arguments: argparse.Namespace) -> int:
    with _client(arguments) as client:
        client.sign_out()
        credentials.forget(client.url)
        return _show(arguments, {"server": client.url}, f"Signed out of {client.url}.")


def _rounds(arguments: argparse.Namespace) -> int:
    with _client(arguments) as client:
        rounds = client.rounds()
    rows = [
        [f"{each['challenge']}/{each['slug']}", each["state"], each["closes_at"], each["title"]]
        for each in rounds
    ]
    return _show(arguments, rounds, table(["round", "state", "closes (UTC)", "title"], rows))


def _round(arguments: argparse.Namespace) -> int:
    with _client(arguments) as client:
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
    return _show(arguments, content, "\n".join(lines))


def _format(arguments: argparse.Namespace) -> int:
    with _client(arguments) as client:
        content = client.prediction_format(arguments.round)
    print(json.dumps(content, indent=1))
    return EXIT_OK


def _download(arguments: argparse.Namespace) -> int:
    arguments.to.mkdir(parents=True, exist_ok=True)
    with _client(arguments) as client:
        content = client.round(arguments.round)
        files = list(content["files"])
        for each in content["offered_data"]:
            files += client.artifact(f"{each['slug']}@{each['version']}")["files"]
        paths = [str(client.download(file, arguments.to)) for file in files]
    return _show(arguments, paths, "\n".join(paths) or "This round offers no files.")


def _submit(arguments: argparse.Namespace) -> int:
    with _client(arguments) as client:
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
            model_index=arguments.model,
            note=arguments.note,
            progress=_progress if sys.stderr.isatty() else None,
        )
        if arguments.wait:
            content = client.wait(content["code"])
        text = _submission_text(client.url, content)
    return _show(arguments, content, text)


def _progress(sent: int, size: int) -> None:
    end = "\n" if sent >= size else ""
    print(f"\ruploading {100 * sent // max(size, 1):3d} %", end=end, file=sys.stderr, flush=True)


def _status(arguments: argparse.Namespace) -> int:
    with _client(arguments) as client:
        content = (
            client.wait(arguments.code) if arguments.wait else client.submission(arguments.code)
        )
        text = _submission_text(client.url, content)
    return _show(arguments, content, text)


def _soon(content: dict[str, Any]) -> str:
    seconds = (content.get("queue") or {}).get("eta_seconds")
    return "" if seconds is None else f", scored in about {seconds} s"


def _submission_text(address: str, content: dict[str, Any]) -> str:
    lines = [f"submission {content['code']}: {content['state']}", f"{address}{content['url']}"]
    if content.get("reason"):
        lines.append(content["reason"])
    if content.get("queue_position"):
        lines.append(f"place in the queue: {content['queue_position']}{_soon(content)}")
    if quota := content.get("quota"):
        left = f"{quota['left']} of {quota['limit']} submissions left"
        lines.append(f"{left}, resets at {quota['resets_at']}")
    rows = [
        [s["target"] or "all targets", s["metric"], _value(s)] for s in content.get("scores", [])
    ]
    return "\n".join(lines) + ("\n\n" + table(["target", "metric", "score"], rows) if rows else "")


def _value(score: dict[str, Any]) -> str:
    return f"{score['value']:.6g}" if score["status"] == "ok" else score["status"]


def _leaderboard(arguments: argparse.Namespace) -> int:
    with _client(arguments) as client:
        content = client.leaderboard(arguments.round)
    return _show(arguments, content, board_table(content))


def _datasets(arguments: argparse.Namespace) -> int:
    with _client(arguments) as client:
        content = client.datasets(arguments.round)
    return _show(arguments, content, dataset_table(content))
