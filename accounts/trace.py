"""What a log line belongs to: which request, which submission, which attempt.

Kept beside the work, not passed through it, so that a line written anywhere below carries it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_facts: ContextVar[Mapping[str, object]] = ContextVar("trace", default={})  # noqa: B039


def traced_facts() -> Mapping[str, object]:
    """Return what lines written now belong to."""
    return _facts.get()


def request_id() -> str | None:
    """Return the id of the web request that is being answered, if one is."""
    found = _facts.get().get("request")
    return None if found is None else str(found)


@contextmanager
def traced(**facts: object) -> Iterator[None]:
    """Add facts to every line written within the block; None takes one away."""
    token = _facts.set({**_facts.get(), **facts})
    try:
        yield
    finally:
        _facts.reset(token)
