"""Where in a file of named arrays each target's array stands: the option `path`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.contract import JsonValue, TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers.base import ReaderOption

_MARK = "{target}"
_PARTS = 16

PATH = ReaderOption(
    "path",
    "Where the array of a target stands, with {target} for the target's name: '{target}', "
    "'predictions/{target}', '{target}/velocity'. In a round with one target, {target} need not "
    "be part of it.",
    default=_MARK,
)
EXTRA_ARRAYS = ReaderOption(
    "extra_arrays",
    "What to do with names beside those of the targets.",
    default="refuse",
    choices=("refuse", "ignore"),
)


@dataclass(frozen=True, slots=True)
class ArrayPath:
    """The declared path, in parts."""

    parts: tuple[str, ...]

    @classmethod
    def declared(cls, path: str) -> ArrayPath:
        """Take the option apart.

        Raises
        ------
        ReaderOptionError
            If a part is empty or leads elsewhere (".", ".."), or {target} is there twice.
        """
        parts = tuple(path.split("/"))
        if len(parts) > _PARTS or any(part.strip() in ("", ".", "..") for part in parts):
            raise ReaderOptionError(
                "option path: write names with '/' between them, like 'predictions/{target}'"
            )
        rest = path.replace(_MARK, "")
        if path.count(_MARK) > 1 or not rest.isprintable() or set(rest) & set("{}\\"):
            raise ReaderOptionError("option path: {target} may be there once, and no other braces")
        return cls(parts)

    @property
    def names_target(self) -> bool:
        """Tell whether the target's name is part of it."""
        return any(_MARK in part for part in self.parts)

    @property
    def container(self) -> tuple[str, ...]:
        """The group in which the targets' names stand."""
        depth = next((i for i, part in enumerate(self.parts) if _MARK in part), 0)
        return self.parts[:depth]

    def of(self, slug: str) -> tuple[str, ...]:
        """Return where the array of a target stands."""
        return tuple(part.replace(_MARK, slug) for part in self.parts)

    def name_of(self, slug: str) -> str:
        """Return the name a target has in the container."""
        return self.of(slug)[len(self.container)]


def check_path(options: Mapping[str, JsonValue]) -> None:
    """Raise `ReaderOptionError` if the option `path` cannot be meant."""
    ArrayPath.declared(options[PATH.name])


def path_for(options: Mapping[str, JsonValue], targets: Sequence[TargetSpec]) -> ArrayPath:
    """Return the declared path, if it tells the targets apart."""
    path = ArrayPath.declared(options[PATH.name])
    if len(targets) > 1 and not path.names_target:
        raise ReaderOptionError("option path: with several targets it must contain {target}")
    return path
