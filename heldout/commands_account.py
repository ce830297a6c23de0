"""Commands `login` and `logout`: a token for a server, kept for its owner only."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from heldout import credentials
from heldout.online import add_command, opened_client, show


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    login = add_command(
        subparsers, "login", _login, "sign in, and keep a token for this server in the keyring"
    )
    login.add_argument("username", nargs="?", default="", help="asked for if it is left out")
    secret = login.add_mutually_exclusive_group()
    secret.add_argument("--password-file", type=Path, help="read the password from a file")
    secret.add_argument(
        "--with-token",
        action="store_true",
        help="read a token that you made on the site from standard input",
    )
    login.add_argument("--organize", action="store_true", help="with your rights as an organizer")
    add_command(subparsers, "logout", _logout, "revoke the kept token and forget it")


def _login(arguments: argparse.Namespace) -> int:
    with opened_client(arguments) as client:
        if arguments.with_token:
            token = _token()
            client.use_token(token)
            client.check_token()
        else:
            token = client.sign_in(
                arguments.username or input("Username: "),
                _password(arguments),
                name="heldout command",
                organize=arguments.organize,
            )
        kept = credentials.keep(client.url, token)
        place = "your keyring" if kept == "keyring" else kept
        return show(
            arguments,
            {"server": client.url, "kept_in": kept},
            f"Signed in to {client.url}. The token is kept in {place}.",
        )


def _token() -> str:
    token = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not token.strip():
        raise ValueError("There is no token on standard input.")
    return token.strip()


def _password(arguments: argparse.Namespace) -> str:
    if arguments.password_file:
        text: str = arguments.password_file.read_text(encoding="utf-8")
        return text.strip()
    return getpass.getpass()


def _logout(arguments: argparse.Namespace) -> int:
    from heldout.client import ApiError

    with opened_client(arguments) as client:
        try:
            client.sign_out()
        except ApiError as error:
            if error.status != 401:
                raise  # the token still works: keep it until it can be revoked
        credentials.forget(client.url)
        return show(arguments, {"server": client.url}, f"Signed out of {client.url}.")
