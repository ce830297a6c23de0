"""How much of everything a run has, and what is sent: all drawn from one seed."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field

import numpy as np

TARGETS = ("t1", "t2", "t3")
# What the plug-in metric of tests/submissions/plugin does to its scorer at these predictions.
POISONS = {"memory": 1.0, "crash": 3.0, "leaves": 8.5, "time": 2.0}
LEASE_S = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a run."""

    submissions: int = 1000
    challenges: int = 4
    teams: int = 5
    poison: int = 8
    worker_kills: int = 25
    child_kills: int = 25
    freezes: int = 6
    flushes: int = 5
    redis_restarts: int = 3
    postgres_restarts: int = 3
    disk_fills: int = 1
    seed: int = 7

    def faults(self) -> list[str]:
        """Return the faults in the order in which they happen."""
        numbers = {
            "worker": self.worker_kills,
            "child": self.child_kills,
            "freeze": self.freezes,
            "flush": self.flushes,
            "redis": self.redis_restarts,
            "postgres": self.postgres_restarts,
            "disk": self.disk_fills,
        }
        faults = [fault for fault, number in numbers.items() for _ in range(number)]
        random.Random(self.seed).shuffle(faults)
        return faults

    def letters(self) -> list[Letter]:
        """Return what is sent, by each team in this order."""
        draw = random.Random(self.seed + 1)
        letters = [
            Letter(
                key=f"chaos-{self.seed}-{number}",
                team=number % self.teams,
                challenge=number // self.teams % self.challenges,
                values={target: 10 + draw.random() for target in TARGETS},
            )
            for number in range(self.submissions)
        ]
        poisoned = [each for each in letters if each.challenge == self.challenges - 1]
        kinds = list(POISONS)
        for place, letter in enumerate(draw.sample(poisoned, self.poison)):
            letter.poison = kinds[place % len(kinds)]
            letter.values["t1"] = POISONS[letter.poison]
        return letters


@dataclass(slots=True)
class Letter:
    """One submission as its sender knows it."""

    key: str
    team: int
    challenge: int
    values: dict[str, float]
    poison: str = ""
    code: str = ""
    answers: list[int] = field(default_factory=list)

    def file(self) -> bytes:
        """Return the file that is sent."""
        buffer = io.BytesIO()
        np.savez(buffer, **{name: np.array(value) for name, value in self.values.items()})
        return buffer.getvalue()


def reference(challenge: int, target: str) -> float:
    """Return the held-out answer of a target."""
    return 0.84217 + challenge + TARGETS.index(target) / 10
