"""People with verified addresses, and a receiver of webhooks on this machine."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from allauth.account.models import EmailAddress

from accounts.models import User
from community.services.record import record_new
from tests.factories import make_user


def reachable(username: str = "", *, verified: bool = True) -> User:
    """Make a person with a mail address."""
    person = make_user(username)
    person.email = f"{person.username}@example.org"
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=verified, primary=True)
    return person


def begin() -> None:
    """Let the search for happenings begin now: what was before is told to nobody."""
    record_new()


@dataclass
class Receiver:
    """A program that takes webhooks as the Standard Webhooks libraries do."""

    secret: str = ""
    answers: list[int] = field(default_factory=list)  # what the next requests are answered
    seen: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    before_answer: Callable[[], None] | None = None

    def verified(self, headers: Any, body: bytes) -> bool:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = [each.partition(",") for each in headers["webhook-signature"].split()]
        return any(version == "v1" and value == expected for version, _, value in given)


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a port of loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            code = receiver.answers.pop(0) if receiver.answers else 200
            receiver.seen.append(
                {
                    "id": self.headers["webhook-id"],
                    "host": self.headers["host"],
                    "path": self.path,
                    "verified": receiver.verified(self.headers, body),
                    "body": json.loads(body),
                }
            )
            if receiver.before_answer:
                receiver.before_answer()
            self.send_response(code)
            if code == 302:
                self.send_header("Location", receiver.url + "elsewhere")
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever asked is gone
                self.wfile.write(b"x" * 5000)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
