"""What can go wrong between a client and a server; needs no package."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """The server refused: `code` and `message` say why, `problems` where and how to mend it."""

    def __init__(
        self, status: int, code: str, message: str, problems: list[dict[str, Any]]
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.problems = problems
        super().__init__(message)


class ServerUnreachable(Exception):
    """No answer from the server's address."""
