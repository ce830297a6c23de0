"""How far a rehearsal has come: told by the process that holds it, read by who waits for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Step(TextChoices):
    """What is done one after another; a bundle of several rounds begins again at CHECK."""

    WRITE = "write", _("The draft is written as a bundle")
    START = "start", _("A process and a database of its own begin")
    IMPORT = "import", _("The bundle is imported")
    CHECK = "check", _("Targets, dates, answers and files are checked")
    PUBLISH = "publish", _("The round is published")
    HAND_IN = "hand-in", _("Teams hand in")
    SCORE = "score", _("Entries are scored")
    CLOSE = "close", _("The round closes: late files come, the last entries are scored")
    REVEAL = "reveal", _("Scores are revealed, credit is posted")
    REPORT = "report", _("What was seen is judged and reported")


@dataclass(frozen=True, slots=True)
class Told:
    """The step that is being done: of whom or what, and how many of how many."""

    step: Step
    detail: str = ""
    done: int = 0
    total: int = 0


Tell = Callable[[Told], None]


def nobody(told: Told) -> None:
    """Tell nobody."""


def tell_into(path: Path) -> Tell:
    """Return what adds each step to a file, a line each, for who reads it meanwhile.

    Once whoever started this process is gone nobody waits for its report: it ends.
    """
    parent = os.getppid()

    def tell(told: Told) -> None:
        if os.getppid() != parent:
            raise SystemExit(1)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(told)) + "\n")

    return tell


class Listener:
    """Reads the steps that have been told since it last looked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def news(self) -> list[Told]:
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._at)
            whole = file.read().rpartition(b"\n")[0]
            self._at += len(whole) + 1 if whole else 0
            return [_told(line) for line in whole.splitlines()]
        return []


def _told(line: bytes) -> Told:
    content = json.loads(line)
    return Told(**(content | {"step": Step(content["step"])}))
