"""What a person decides about a file, and the list of what is off in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from scoring.contract import Mending
from scoring.errors import ScoringError

CHANGES_SHOWN = 6


class DecisionError(ScoringError, ValueError):
    """What a person decided about a file does not go with it."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the file alone does not tell, said by the person whose file it is.

    Parameters
    ----------
    axes : tuple of int
        The order in which an array's axes are taken, from 0, as in ``numpy.transpose``.
    unit : str
        The unit the values are in.
    accept : frozenset of str
        Codes of mendings that are a guess until somebody agrees.
    """

    axes: tuple[int, ...] = ()
    unit: str = ""
    accept: frozenset[str] = frozenset()


class MendingLog:
    """Collects mendings; `applied` tells whether any of them changes the file."""

    def __init__(self, decisions: Decisions) -> None:
        self.decisions = decisions
        self.applied = False
        self.blocked = False
        self._mendings: list[Mending] = []

    @property
    def mendings(self) -> tuple[Mending, ...]:
        return tuple(self._mendings)

    def note(
        self,
        code: str,
        message: str,
        *,
        where: str = "",
        changes: Iterable[tuple[str, str]] = (),
        decide: str = "",
        blocks: bool = False,
    ) -> bool:
        """Note one mending; return whether it is to be applied.

        Until a person agrees to one that `blocks`, nothing of the file is mended.
        """
        certain = not decide or (decide == agreed(code) and code in self.decisions.accept)
        shown = tuple(changes)[:CHANGES_SHOWN]
        self._mendings.append(Mending(code, message, where, shown, "" if certain else decide))
        self.applied = self.applied or certain
        self.blocked = self.blocked or (blocks and not certain)
        return certain


def agreed(code: str) -> str:
    """Return how a person agrees to a mending that is a guess."""
    return f"--accept {code}"


@dataclass(frozen=True, slots=True)
class Harmonized:
    """What is off in a file, and the mended file if there is anything to write.

    `write` reads the original again, which must stay open until then.
    """

    mendings: tuple[Mending, ...] = ()
    write: Callable[[BinaryIO], None] | None = None
