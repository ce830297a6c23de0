"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is. Only `BAD` stops the site from doing its work, or loses something."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"
    SKIPPED = "skipped"  # it cannot be looked at while something else is bad


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; what is not well carries a remedy."""

    part: str
    verdict: Verdict
    told: str
    remedy: str = ""


def ok(part: str, told: str) -> Finding:
    return Finding(part, Verdict.OK, told)


def warning(part: str, told: str, *, remedy: str) -> Finding:
    return Finding(part, Verdict.WARNING, told, remedy)


def bad(part: str, told: str, *, remedy: str) -> Finding:
    return Finding(part, Verdict.BAD, told, remedy)


def skipped(part: str, *, until: str) -> Finding:
    return Finding(part, Verdict.SKIPPED, f"not looked at: {until} first")
