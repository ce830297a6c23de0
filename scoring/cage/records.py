"""What goes into the cage and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

from scoring.contract import JsonValue

# Names of the files of a check or a scoring.
PREDICTION = "prediction"
REFERENCE = "reference/"


class CageOutcome(StrEnum):
    """How a caged job ended."""

    DONE = "done"
    MEMORY = "memory"  # it asked for more memory than allowed
    TIME = "time"  # wall clock or processor time ran out
    CRASHED = "crashed"  # the process died
    OUTPUT = "output"  # the answer is longer than allowed, or is no answer
    SETUP = "setup"  # the round's own choices are wrong; `detail` says which
    FAULT = "fault"  # an exception that nobody foresaw; `detail` says where
    BROKEN = "broken"  # the cage itself could not be used; the job did not run to an end


@dataclass(frozen=True, slots=True)
class CageLimits:
    """What one job may use.

    `memory_bytes` is counted on top of what the loaded libraries take. Platforms without an
    enforced address-space limit (macOS) are held by the clock only.
    """

    memory_bytes: int
    wall_s: float
    answer_bytes: int = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Layer:
    """One of the walls around a caged child, and whether it stands on this machine.

    `detail` says what it keeps out or, where it does not stand, why.
    """

    name: str
    active: bool
    detail: str


@dataclass(frozen=True, slots=True)
class CagedJob:
    """One function to run in the cage.

    Parameters
    ----------
    function : str
        ``module:name`` of ``function(request, files) -> JSON value``. It is named by the platform,
        never by a file or a request.
    request : mapping
        What the function gets, as JSON.
    files : mapping
        Open binary files by name. They cross the border as descriptors; there is no path.
    """

    function: str
    limits: CageLimits
    request: Mapping[str, JsonValue] = field(default_factory=dict)
    files: Mapping[str, BinaryIO] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CageResult:
    """How a job ended, and its answer if it is done.

    `detail` is for operators and organizers: it names places in the code and signals, never
    the content of a file. What a job that is done has used is the child's own word.
    """

    outcome: CageOutcome
    answer: JsonValue = None
    detail: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0
