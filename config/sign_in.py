"""Signing in elsewhere: ORCID, GitHub and OpenID Connect, from environment variables only."""

from __future__ import annotations

import json
import os
import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import environment

ORCID_SERVER = "https://orcid.org"
IDENTITIES = ("orcid", "email", "manual")
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def email_verification(*, mail_is_sent: bool) -> str:
    """Read EMAIL_VERIFICATION; unset, an address must be verified where mail is sent."""
    found = os.environ.get("EMAIL_VERIFICATION", "").strip().lower()
    if found not in {"", "mandatory", "optional", "none"}:
        raise ImproperlyConfigured(
            f"EMAIL_VERIFICATION={found!r} is not one of mandatory, optional, none."
        )
    return found or ("mandatory" if mail_is_sent else "optional")


def credit_identity() -> str:
    """Read CREDIT_IDENTITY."""
    found = os.environ.get("CREDIT_IDENTITY", "").strip().lower()
    if found and found not in IDENTITIES:
        raise ImproperlyConfigured(
            f"CREDIT_IDENTITY={found!r} is not one of {', '.join(IDENTITIES)}."
        )
    if found == "orcid" and not os.environ.get("ORCID_CLIENT_ID"):
        raise ImproperlyConfigured("CREDIT_IDENTITY=orcid needs ORCID_CLIENT_ID and its secret.")
    return found


def providers() -> dict[str, Any]:
    """Return what allauth signs people in with; nothing is set, nothing is offered."""
    connect = [*_orcid(), *_connect()]
    names = [app["provider_id"] for app in connect]
    if len(set(names)) != len(names):
        raise ImproperlyConfigured(f"OIDC_PROVIDERS names a provider twice: {', '.join(names)}.")
    return {"openid_connect": {"APPS": connect}, "github": {"APPS": _github()}}


def origins(found: dict[str, Any]) -> list[str]:
    """Return the origins that signing in elsewhere sends a browser to."""
    sites = {app["settings"]["authorize_origin"] for app in found["openid_connect"]["APPS"]}
    return sorted(sites | ({"https://github.com"} if found["github"]["APPS"] else set()))


def _orcid() -> list[dict[str, Any]]:
    """ORCID speaks OpenID Connect: the subject is the iD, which no other way in can say."""
    key, secret = _pair("ORCID")
    if not key:
        return []
    server = environment.env.str("ORCID_SERVER", default=ORCID_SERVER).rstrip("/")
    app = _app("orcid", "ORCID", server=server, key=key, secret=secret)
    app["settings"] |= {"scope": ["openid"], "token_auth_method": "client_secret_post"}
    return [app]


def _github() -> list[dict[str, Any]]:
    key, secret = _pair("GITHUB")
    return [{"client_id": key, "secret": secret}] if key else []


def _connect() -> list[dict[str, Any]]:
    text = environment.secret("OIDC_PROVIDERS")
    if not text:
        return []
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"OIDC_PROVIDERS is no JSON: {error}.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ImproperlyConfigured("OIDC_PROVIDERS is a list of objects.")
    return [_named(row) for row in rows]


def _named(row: dict[str, Any]) -> dict[str, Any]:
    known = {"id", "name", "server_url", "client_id", "secret", "scope", "authorize_origin"}
    missing = {"id", "name", "server_url", "client_id", "secret"} - set(row)
    if missing or set(row) - known:
        raise ImproperlyConfigured(
            "An entry of OIDC_PROVIDERS has id, name, server_url, client_id and secret, and may "
            f"have scope and authorize_origin; wrong: {', '.join(missing | (set(row) - known))}."
        )
    if not _ID.fullmatch(str(row["id"])) or row["id"] == "orcid":
        raise ImproperlyConfigured(
            f"The id {row['id']!r} in OIDC_PROVIDERS is not lower-case letters, digits and "
            "hyphens, or is orcid, which ORCID_CLIENT_ID is for."
        )
    app = _app(
        row["id"], row["name"], server=row["server_url"], key=row["client_id"], secret=row["secret"]
    )
    app["settings"] |= {name: row[name] for name in ("scope", "authorize_origin") if name in row}
    return app


def _app(id_: str, name: str, *, server: str, key: str, secret: str) -> dict[str, Any]:
    parts = urlsplit(server)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ImproperlyConfigured(f"The address {server} of the provider {id_} is not https.")
    return {
        "provider_id": id_,
        "name": name,
        "client_id": key,
        "secret": secret,
        "settings": {
            "server_url": server,
            "authorize_origin": f"{parts.scheme}://{parts.netloc}",
            "oauth_pkce_enabled": True,
        },
    }


def _pair(name: str) -> tuple[str, str]:
    key = os.environ.get(f"{name}_CLIENT_ID", "").strip()
    secret = environment.secret(f"{name}_CLIENT_SECRET")
    if bool(key) != bool(secret):
        raise ImproperlyConfigured(f"{name}_CLIENT_ID and {name}_CLIENT_SECRET go together.")
    return key, secret
