"""Typed access to environment variables: a bad value stops the start with a sentence.

Stdlib and django-environ only, so that the supervisor can use it before Django is set up.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
LOCK_NAME = ".lock"
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


def ports(name: str, *, default: list[int]) -> list[int]:
    """Read a comma-separated list of ports."""
    raw = words(name, default=[])
    if not all(word.isdecimal() and 0 < int(word) < 65536 for word in raw):
        raise ImproperlyConfigured(f"{name}={','.join(raw)!r} is not a list of ports.")
    return [int(word) for word in raw] or default


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


def mail() -> dict[str, Any]:
    """Return Django's mail settings from EMAIL_URL; without it mail goes to the console."""
    url = secret("EMAIL_URL")
    if not url:
        return {}
    try:
        found = dict(environ.Env.email_url_config(url))
    except (KeyError, ValueError) as error:
        raise ImproperlyConfigured(f"EMAIL_URL cannot be understood: {error}.") from None
    found.pop("OPTIONS", None)
    return {name: value for name, value in found.items() if value is not None}


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


def signing_key() -> str:
    """Return the Ed25519 key that receipts are signed with, 32 bytes in Base64; empty: its file."""
    text = secret("SIGNING_KEY")
    if text and not _is_key(text):
        raise ImproperlyConfigured(
            "SIGNING_KEY is not 32 bytes in Base64; `openssl rand -base64 32` makes one."
        )
    return text


def public_keys(name: str) -> list[str]:
    """Read public keys in Base64, separated by commas."""
    keys = words(name, default=[])
    for key in keys:
        if not _is_key(key):
            raise ImproperlyConfigured(f"{name} holds {key!r}, which is no key in Base64.")
    return keys


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except ValueError:
        return False


def database(folder: Path) -> dict[str, Any]:
    """Return the database settings: SQLite in `folder` unless DATABASE_URL names another.

    SQLite runs with a write-ahead log and immediate transactions: without the second, a
    read-then-write transaction fails at once with "database is locked" under load.
    """
    url = os.environ.get("DATABASE_URL", "").strip()
    config: dict[str, Any]
    if not url:
        config = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / "heldout.sqlite3"),
        }
    else:
        if urlsplit(url).scheme not in {"sqlite", "postgres", "postgresql"}:
            raise ImproperlyConfigured("DATABASE_URL must begin with sqlite:// or postgres://.")
        try:
            config = dict(env.db_url_config(url))
        except (KeyError, ValueError) as error:
            raise ImproperlyConfigured(f"DATABASE_URL cannot be understood: {error}.") from None
        if not config.get("NAME"):
            raise ImproperlyConfigured("DATABASE_URL names no database after the last slash.")
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        config["CONN_MAX_AGE"] = integer("DATABASE_CONN_MAX_AGE", default=60)
        config["CONN_HEALTH_CHECKS"] = True
    return config


def running_site(folder: Path) -> dict[str, str]:
    """Return what the site now running on `folder` says of itself; empty when none runs.

    The supervisor holds a lock on the file for as long as it lives, so a note left behind by
    one that was killed is not believed.
    """
    try:
        with (folder / LOCK_NAME).open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                note = json.loads(file.read() or "{}")
                return {str(name): str(value) for name, value in note.items()}
    except (OSError, ValueError):
        pass
    return {}


def redis_url(folder: Path) -> str:
    """Return REDIS_URL, or the address of the embedded site's own server while it runs."""
    url = os.environ.get("REDIS_URL", "").strip()
    if not url:
        return "" if os.environ.get("DATABASE_URL") else running_site(folder).get("redis_url", "")
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.netloc or parts.path):
        raise ImproperlyConfigured(
            "REDIS_URL must be redis://host:6379/0, rediss://host:6379/0 or unix:///path/of.sock."
        )
    return url


def broker_url(redis: str) -> str:
    """Return Celery's broker: BROKER_URL, else the Redis server, else none at all.

    Without a server messages go nowhere (memory://). That is safe: they are hints, and the
    periodic sweep finds the work in the database once a worker runs.
    (Not CELERY_BROKER_URL: Celery itself lets that variable overrule all settings.)
    """
    url = os.environ.get("BROKER_URL", "").strip() or redis or "memory://"
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url


def broker_options(url: str, folder: Path) -> dict[str, Any]:
    """Return the transport options that fit the broker at `url`."""
    if url.startswith("filesystem:"):
        queue = folder / "queue"
        for name in ("messages", "control"):
            (queue / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        return {
            "data_folder_in": str(queue / "messages"),
            "data_folder_out": str(queue / "messages"),
            "control_folder": str(queue / "control"),
            "polling_interval": 0.2,
        }
    if url.startswith("memory:"):
        return {}
    return {
        "visibility_timeout": 900,  # above the hard time limit, or a slow task would run twice
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "health_check_interval": 25,
    }


def cache_url(redis: str) -> str:
    """Return CACHE_URL, else the next logical database of the Redis server.

    Never the broker's own one: clearing a cache empties its whole database.
    """
    url = os.environ.get("CACHE_URL", "").strip()
    if url or not redis:
        return url
    parts = urlsplit(redis)
    if parts.scheme == "unix":
        number = parse_qs(parts.query).get("db", ["0"])[-1]
        return f"unix://{parts.path}?db={_next_database(number)}"  # urlunsplit drops the slashes
    return urlunsplit(parts._replace(path=f"/{_next_database(parts.path.strip('/') or '0')}"))


def _next_database(number: str) -> int:
    try:
        return int(number) + 1
    except ValueError:
        raise ImproperlyConfigured(
            f"REDIS_URL ends in {number!r}; the logical database must be a number."
        ) from None


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
