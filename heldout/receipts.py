"""Score receipts: what a site signs of a scored submission, and how anyone checks it offline.

A receipt is a JSON document with a signature beside it. What is signed is the document in one
byte form (RFC 8785): keys sorted, no space, UTF-8. It holds no number with a fraction; such
numbers stand as strings, so every JSON library writes the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

FORMAT = "heldout/score-receipt/1"
ALGORITHM = "ed25519"
PREFIX = b"heldout/score-receipt/1\0"  # so that this signature fits nothing else
MISSING = (
    "Checking a signature needs one more package: pip install 'heldout[receipts]' (cryptography)"
)


class ReceiptError(Exception):
    """A receipt that is not one, or is not what the site signed."""


class CryptographyMissing(Exception):
    """The package that checks signatures is not installed."""


def canonical(document: Any) -> bytes:
    """Return the one byte form of a document.

    >>> canonical({"b": [1, None], "a": "é"})
    b'{"a":"\\xc3\\xa9","b":[1,null]}'
    """
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def without_fractions(value: Any) -> Any:
    """Return a document in which numbers with a fraction are strings.

    >>> without_fractions({"value": 0.1, "rank": 1})
    {'value': '0.1', 'rank': 1}
    """
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(key): without_fractions(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_fractions(inner) for inner in value]
    return value


def key_id(public_key: bytes) -> str:
    """Return the name of a key: the first 16 digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def read_keys(text: str) -> list[bytes]:
    """Return the public keys in a text: Base64, or JSON as /api/v1/keys/ gives it.

    Raises
    ------
    ReceiptError
        If there is none.
    """
    text = text.strip()
    try:
        given = json.loads(text) if text[:1] in {"{", "["} else [{"public_key": text}]
        rows: Iterable[Any] = given["keys"] if isinstance(given, dict) else given
        keys = [base64.b64decode(row["public_key"], validate=True) for row in rows]
    except (ValueError, KeyError, TypeError, binascii.Error):
        keys = []
    if not keys or any(len(key) != 32 for key in keys):
        raise ReceiptError(
            "This is no key: give the Base64 of one, or the answer of /api/v1/keys/."
        )
    return keys


def check(envelope: Any, keys: Iterable[bytes]) -> dict[str, Any]:
    """Return the receipt in an envelope if one of the keys signed it.

    Raises
    ------
    ReceiptError
        If it is damaged, was changed, or is signed with another key.
    CryptographyMissing
        If the package for it is not installed.
    """
    try:
        receipt, signature = envelope["receipt"], envelope["signature"]
        name, algorithm = str(signature["key"]), signature["algorithm"]
        value = base64.b64decode(signature["value"], validate=True)
        signed = PREFIX + canonical(receipt)
        is_receipt = receipt["format"] == FORMAT and algorithm == ALGORITHM
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise ReceiptError("This is no score receipt.") from None
    if not is_receipt:
        raise ReceiptError("This is a receipt of another kind than this program knows.")
    for key in keys:
        if key_id(key) == name:
            _verify(key, value, signed)
            return dict(receipt)
    raise ReceiptError(f"The receipt is signed with the key {name}, which is not the given one.")


def _verify(key: bytes, signature: bytes, signed: bytes) -> None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise CryptographyMissing(MISSING) from None
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except InvalidSignature:
        raise ReceiptError("The receipt was changed after it was signed.") from None
