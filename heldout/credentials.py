"""Where the client keeps its tokens: the system's keyring, or else a file of its owner's only.

The keyring is used where the package `keyring` is installed and has a place to keep things.
Which server is meant by default stands in the file in any case; that is no secret.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

DEFAULT_URL = "http://127.0.0.1:8000"
SERVICE = "heldout"


def credentials_path() -> Path:
    """Return the file, under $XDG_CONFIG_HOME or ~/.config."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "heldout" / "credentials.json"


def _read() -> dict[str, dict[str, str]]:
    try:
        content: dict[str, dict[str, str]] = json.loads(
            credentials_path().read_text(encoding="utf-8")
        )
    except FileNotFoundError:
        return {}
    except ValueError:
        raise ValueError(
            f"{credentials_path()} is damaged: delete it and sign in again with heldout login"
        ) from None
    return content


def _write(content: dict[str, dict[str, str]]) -> None:
    path = credentials_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)  # one left behind may have other permissions
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    fresh.replace(path)


class _Keyring:
    """The system's keyring; every method does nothing where there is none that works."""

    def __init__(self) -> None:
        self._keyring: Any = None
        if os.environ.get("HELDOUT_KEYRING", "1") == "0":
            return
        try:
            self._keyring = importlib.import_module("keyring")
        except ImportError:
            return

    def keep(self, url: str, token: str) -> bool:
        """Keep a token; tell whether that worked."""
        try:
            if self._keyring is None:
                return False
            self._keyring.set_password(SERVICE, url, token)
        except Exception:  # noqa: BLE001 - backends raise what their systems raise
            return False
        return True

    def token(self, url: str) -> str:
        """Return the token of a server, or ""."""
        try:
            return (self._keyring and self._keyring.get_password(SERVICE, url)) or ""
        except Exception:  # noqa: BLE001 - a locked keyring is one without the token
            return ""

    def forget(self, url: str) -> None:
        """Remove the token of a server."""
        try:
            if self._keyring is not None and self._keyring.get_password(SERVICE, url):
                self._keyring.delete_password(SERVICE, url)
        except Exception:  # noqa: BLE001 - the token has been revoked: it is worth nothing
            return


def keep(url: str, token: str) -> str:
    """Remember the token of a server, and that server as the one meant by default.

    Returns
    -------
    str
        Where the token is: "keyring", or the path of the file.
    """
    content = _read()
    tokens = content.setdefault("tokens", {})
    in_keyring = _Keyring().keep(url, token)
    if in_keyring:
        tokens.pop(url, None)
    else:
        tokens[url] = token
    content["default"] = {"url": url}
    _write(content)
    return "keyring" if in_keyring else str(credentials_path())


def forget(url: str) -> None:
    """Forget the token of a server."""
    _Keyring().forget(url)
    content = _read()
    if content.get("tokens", {}).pop(url, None):
        _write(content)


def server(url: str = "") -> tuple[str, str]:
    """Return (address, token): of `url`, of $HELDOUT_URL, of the last sign-in, or the local one.

    ``$HELDOUT_TOKEN`` overrides the kept token, for scripts.
    """
    content = _read()
    address = (
        url
        or os.environ.get("HELDOUT_URL", "")
        or content.get("default", {}).get("url", "")
        or DEFAULT_URL
    ).rstrip("/")
    token = os.environ.get("HELDOUT_TOKEN") or content.get("tokens", {}).get(address, "")
    return address, token or _Keyring().token(address)
