"""A small OpenID provider on loopback, spoken to over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

CLIENT, SECRET = "heldout-test", "a secret between the two"


class Provider(ThreadingHTTPServer):
    """Authenticates one person at once, without asking, and checks what it is sent."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.claims = dict(claims)
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.refused: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            return self._discovery()
        if parts.path == "/authorize":
            return self._authorize(given)
        if parts.path == "/userinfo":
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if token in self.server.tokens:
                return self._json(200, self.server.claims)
        return self._refuse(f"GET {parts.path}")

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(size).decode()).items()}
        known = self.server.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            known is None
            or (form["client_id"], form["client_secret"]) != (CLIENT, SECRET)
            or form["redirect_uri"] != known["redirect_uri"]
            or base64.urlsafe_b64encode(proof).decode().rstrip("=") != known["code_challenge"]
        ):
            return self._refuse("token")
        token = secrets.token_urlsafe()
        self.server.tokens.add(token)
        now = int(time.time())
        claims = {"iss": self.server.url, "aud": CLIENT, "iat": now, "exp": now + 60}
        identity = jwt.encode(claims | self.server.claims, "k" * 32, algorithm="HS256")
        return self._json(
            200, {"access_token": token, "token_type": "Bearer", "id_token": identity}
        )

    def _discovery(self) -> None:
        url = self.server.url
        self._json(
            200,
            {
                "issuer": url,
                "authorization_endpoint": f"{url}/authorize",
                "token_endpoint": f"{url}/token",
                "userinfo_endpoint": f"{url}/userinfo",
                "jwks_uri": f"{url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
        )

    def _authorize(self, given: dict[str, str]) -> None:
        if given.get("client_id") != CLIENT or "openid" not in given.get("scope", ""):
            return self._refuse("authorize")
        code = secrets.token_urlsafe()
        self.server.codes[code] = given
        self.send_response(302)
        back = urlencode({"code": code, "state": given["state"]})
        self.send_header("Location", f"{given['redirect_uri']}?{back}")
        self.end_headers()
        return None

    def _refuse(self, what: str) -> None:
        self.server.refused.append(what)
        self._json(400, {"error": "invalid_request"})

    def _json(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def provider_running(**claims: Any) -> Iterator[Provider]:
    """Run a provider that authenticates the person of these claims."""
    provider = Provider(claims)
    thread = threading.Thread(target=provider.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.shutdown()
        provider.server_close()
        thread.join()
