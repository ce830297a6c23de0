"""Typed access to environment variables: a bad value stops the start with a sentence.

Stdlib and django-environ only, so that the supervisor can use it before Django is set up.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def home() -> Path:
    """Return the one folder that holds all data of the embedded default."""
    return Path(os.environ.get("HELDOUT_HOME") or BASE_DIR / "var").resolve()


def boolean(name: str, *, default: bool) -> bool:
    """Read a yes/no setting; anything but a clear yes or no is refused."""
    raw = os.environ.get(name, "").strip().lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} is neither yes nor no; write 1 or 0.")


def integer(name: str, *, default: int, low: int = 0) -> int:
    """Read a whole number of at least `low`."""
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a whole number.") from None
    if value < low:
        raise ImproperlyConfigured(f"{name}={value} is below {low}, the least that makes sense.")
    return value


def words(name: str, *, default: list[str]) -> list[str]:
    """Read a comma-separated list."""
    raw = os.environ.get(name, "")
    return [word.strip() for word in raw.split(",") if word.strip()] or default


def secret(name: str) -> str:
    """Read a secret from NAME or from the file that NAME_FILE points at; empty if neither."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE={path!r} cannot be read: {error.strerror}."
            ) from None
    return os.environ.get(name, "").strip()


def embedded_secret_key(folder: Path) -> str:
    """Return the embedded default's own secret key, made on first use, readable by its owner."""
    path = folder / "secret.key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    key = secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(key)
    return key


def database(folder: Path) -> dict[str, Any]:
    """Return the database settings: SQLite in `folder` unless DATABASE_URL names another.

    SQLite runs with a write-ahead log and immediate transactions: without the second, a
    read-then-write transaction fails at once with "database is locked" under load.
    """
    url = os.environ.get("DATABASE_URL", "").strip()
    if not url:
        url = f"sqlite:///{folder / 'heldout.sqlite3'}"
    try:
        config: dict[str, Any] = dict(env.db_url_config(url))
    except (KeyError, ValueError) as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be understood: {error}") from None
    engine = config.get("ENGINE", "")
    if engine.endswith("sqlite3"):
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    elif engine.endswith("postgresql"):
        config["CONN_MAX_AGE"] = integer("DATABASE_CONN_MAX_AGE", default=60)
        config["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:// or postgres://.")
    return config


def storage(folder: Path, *, area: str) -> dict[str, Any]:
    """Return Django's storage settings of one area (public, uploads, references).

    STORAGE_URL is a folder (file:///srv/heldout) or a bucket
    (s3://bucket/prefix?endpoint=https://...&region=...); keys of the bucket come from
    S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY. Each area is a folder or prefix of its own.
    """
    url = os.environ.get("STORAGE_URL", "").strip() or f"file://{folder / 'files'}"
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path.startswith("/"):
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": str(Path(unquote(parts.path)) / area),
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    if parts.scheme == "s3" and parts.netloc:
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": parts.netloc,
                "location": "/".join(filter(None, [parts.path.strip("/"), area])),
                "endpoint_url": query.get("endpoint"),
                "region_name": query.get("region"),
                "access_key": secret("S3_ACCESS_KEY_ID") or None,
                "secret_key": secret("S3_SECRET_ACCESS_KEY") or None,
                "default_acl": "private",
                "file_overwrite": False,
                "querystring_auth": True,
            },
        }
    raise ImproperlyConfigured(
        "STORAGE_URL must be file:///an/absolute/folder or s3://bucket/prefix?endpoint=URL."
    )
