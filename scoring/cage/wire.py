"""Messages over a stream socket: a length, descriptors, then the bytes.

Streams and not SOCK_SEQPACKET, which macOS does not have for local sockets.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
import time
from collections.abc import Sequence

from scoring.contract import JsonValue

HEAD = struct.Struct(">QI")
MAX_DESCRIPTORS = 64
BEGUN = b"b"  # what the zygote says when a child has the job
END = b"e"  # what it is told when the child shall end
_PIECE = 1 << 20


class ConnectionEndedError(Exception):
    """The other end is gone in the middle of a message, or before one."""


def send(channel: socket.socket, content: bytes, descriptors: Sequence[int] = ()) -> None:
    """Send one message, with open descriptors if there are any."""
    if len(descriptors) > MAX_DESCRIPTORS:
        raise ValueError(f"at most {MAX_DESCRIPTORS} descriptors fit one message")
    channel.sendall(HEAD.pack(len(content), len(descriptors)))
    if descriptors:
        socket.send_fds(channel, [b"f"], list(descriptors))
    channel.sendall(content)


def receive(
    channel: socket.socket, *, limit: int, deadline: float | None = None
) -> tuple[bytes, list[int]]:
    """Receive one message of at most `limit` bytes before `deadline` (monotonic seconds).

    Raises
    ------
    ConnectionEndedError
        If the other end is gone.
    TimeoutError
        If the deadline passes.
    ValueError
        If the message is longer than allowed.
    """
    length, count = HEAD.unpack(exactly(channel, HEAD.size, deadline))
    if length > limit or count > MAX_DESCRIPTORS:
        raise ValueError(f"a message of {length} bytes, more than {limit}")
    descriptors = _descriptors(channel, count, deadline) if count else []
    return exactly(channel, length, deadline), descriptors


def send_json(channel: socket.socket, value: JsonValue, descriptors: Sequence[int] = ()) -> None:
    """Send a JSON value as one message."""
    send(channel, json.dumps(value, allow_nan=False).encode(), descriptors)


def exactly(channel: socket.socket, length: int, deadline: float | None) -> bytes:
    """Receive so many bytes; raises as `receive` does."""
    content = bytearray()
    while len(content) < length:
        _wait_until(channel, deadline)
        piece = channel.recv(min(_PIECE, length - len(content)))
        if not piece:
            raise ConnectionEndedError
        content += piece
    return bytes(content)


def _descriptors(channel: socket.socket, count: int, deadline: float | None) -> list[int]:
    _wait_until(channel, deadline)
    space = socket.CMSG_LEN(count * array.array("i").itemsize)
    _, extra, _, _ = channel.recvmsg(1, space)
    found = array.array("i")
    for level, kind, content in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(content[: len(content) - len(content) % found.itemsize])
    if len(found) != count:
        for descriptor in found:
            os.close(descriptor)
        raise ConnectionEndedError
    return list(found)


def _wait_until(channel: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    channel.settimeout(left)
