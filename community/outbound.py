"""One POST to one judged address: bounded in time and size, and no redirect is followed."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from community.addresses import Place, Resolve, place_of
from community.errors import AddressRefused

STEP_S = 5.0  # for each wait on the other side
WHOLE_S = 10.0  # for all of it, however slowly the other side drips
KEPT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; the text is for the owner's log."""

    ok: bool
    text: str
    status: int | None = None
    is_final: bool = False  # there is no use in trying again


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, resolve: Resolve | None = None
) -> Outcome:
    """Send a body and tell how it ended; nothing is raised."""
    try:
        place = place_of(url, resolve=resolve)
    except AddressRefused as error:
        return Outcome(ok=False, text=error.message, is_final=True)
    except (OSError, UnicodeError):
        return Outcome(ok=False, text="The name of the host cannot be looked up.")
    try:
        return _sent(place, body, headers)
    except ssl.SSLError as error:
        return Outcome(ok=False, text=f"TLS failed: {error.reason or 'closed'}.")
    except TimeoutError:
        return Outcome(ok=False, text="No answer in time.")
    except (OSError, http.client.HTTPException) as error:
        return Outcome(ok=False, text=f"No connection: {_words(error)}.")


class _ToPlace(http.client.HTTPConnection):
    """A connection to the judged address; name and certificate are those of the host."""

    def __init__(self, place: Place) -> None:
        host = f"[{place.host}]" if ":" in place.host else place.host
        super().__init__(host, place.port, timeout=STEP_S)
        # http.client leaves the port out of `Host` only where it is the scheme's own.
        self.default_port = 443 if place.is_secure else 80
        self.place = place

    def connect(self) -> None:
        plain = socket.create_connection((self.place.address, self.place.port), timeout=STEP_S)
        self.sock = plain
        if self.place.is_secure:
            context = ssl.create_default_context()
            # The handshake apart, so that the watch can cut it too.
            wrapped = context.wrap_socket(
                plain, server_hostname=self.place.host, do_handshake_on_connect=False
            )
            self.sock = wrapped
            wrapped.do_handshake()


def _sent(place: Place, body: bytes, headers: Mapping[str, str]) -> Outcome:
    connection = _ToPlace(place)
    watch = threading.Timer(WHOLE_S, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", place.path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        said = answer.read(KEPT_CHARACTERS).decode("utf-8", "replace")
    finally:
        watch.cancel()
        connection.close()
    return _outcome(answer.status, said)


def _cut(connection: http.client.HTTPConnection) -> None:
    """End a connection from another thread: the wait in its own returns at once."""
    try:
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _outcome(status: int, said: str) -> Outcome:
    if 200 <= status < 300:
        return Outcome(ok=True, text=f"Taken ({status}).", status=status)
    if 300 <= status < 400:
        text = f"Answered {status}: redirects are not followed."
    elif status == 410:
        return Outcome(ok=False, text="Answered 410: gone.", status=status, is_final=True)
    else:
        shown = " ".join("".join(c if c.isprintable() else " " for c in said).split())
        text = f"Answered {status}: {shown}" if shown else f"Answered {status}."
    return Outcome(ok=False, text=text[:KEPT_CHARACTERS], status=status)


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
