"""What is wrong in a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BundleProblem:
    """One thing wrong in a bundle: which file, which line, what, and how to mend it."""

    file: str
    line: int | None
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.message} {self.remedy}".strip()


class BundleError(Exception):
    """A bundle that cannot be read; `problems` lists everything that is wrong."""

    def __init__(self, problems: Sequence[BundleProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))
