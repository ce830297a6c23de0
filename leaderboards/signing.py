"""The site's signing key: from the environment, or made on first use and kept in its folder."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from heldout.receipts import ALGORITHM, PREFIX, canonical, key_id

FILE_NAME = "signing.key"


def signed(receipt: dict[str, Any]) -> dict[str, Any]:
    """Return a receipt with the site's signature beside it."""
    value = _private_key().sign(PREFIX + canonical(receipt))
    return {
        "receipt": receipt,
        "signature": {
            "algorithm": ALGORITHM,
            "key": key_id(public_key()),
            "value": base64.b64encode(value).decode(),
        },
    }


def public_key() -> bytes:
    """Return the site's public key of today."""
    return _private_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_keys() -> list[dict[str, Any]]:
    """Return the keys that receipts of this site are signed with: today's, then earlier ones."""
    retired = [base64.b64decode(text) for text in settings.RETIRED_SIGNING_KEYS]
    return [
        {
            "id": key_id(key),
            "algorithm": ALGORITHM,
            "public_key": base64.b64encode(key).decode(),
            "is_current": place == 0,
        }
        for place, key in enumerate([public_key(), *retired])
    ]


def _private_key() -> Ed25519PrivateKey:
    return _loaded(settings.SIGNING_KEY or _kept(Path(settings.HELDOUT_HOME) / FILE_NAME))


@lru_cache(maxsize=4)
def _loaded(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text))


@lru_cache(maxsize=4)
def _kept(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked: nobody who comes at the same moment reads half of it.
        aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)).decode())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
        aside.unlink()
    return path.read_text(encoding="utf-8").strip()
