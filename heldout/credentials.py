"""Where the client keeps its tokens: one file of its owner's only, a token per server."""

from __future__ import annotations

import json
import os
from pathlib import Path

DEFAULT_URL = "http://127.0.0.1:8000"


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
    return content


def _write(content: dict[str, dict[str, str]]) -> None:
    path = credentials_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    fresh.replace(path)


def keep(url: str, token: str) -> None:
    """Remember the token of a server, and that server as the one meant by default."""
    content = _read()
    content.setdefault("tokens", {})[url] = token
    content["default"] = {"url": url}
    _write(content)


def forget(url: str) -> None:
    """Forget the token of a server."""
    content = _read()
    content.get("tokens", {}).pop(url, None)
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
    return address, token
