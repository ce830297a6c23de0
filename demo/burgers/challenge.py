"""Targets of the challenge: what is released, and the answers that are held out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demo.burgers.arrays import FloatArray, npz_bytes, read_npz
from demo.burgers.fields import InitialField, grid, random_field
from demo.burgers.solver import solve

POINTS = 256
TIMES: FloatArray = np.arange(1, 21) / 20.0  # 0.05, 0.10, ..., 1.00
SHAPE = (len(TIMES), POINTS)

# Class label -> viscosities. A front of jump 2 is about 2 nu wide: from a quarter of the
# domain down to less than two grid cells.
CLASSES: dict[str, tuple[float, ...]] = {
    "smooth": (0.05, 0.02),
    "steep": (0.01, 0.0075),
    "shock": (0.005, 0.01 / np.pi),
}


@dataclass(frozen=True, slots=True)
class TargetInputs:
    """All that is public about one target.

    ``x`` has shape (256,), ``times`` (20,), ``initial`` is u(0, x) with shape (256,). The
    prediction is u at `times` and `x`, shape (time, x) = (20, 256), float64.
    """

    slug: str
    label: str
    viscosity: float
    x: FloatArray
    times: FloatArray
    initial: FloatArray

    @property
    def title(self) -> str:
        """A name for people."""
        number = int(self.slug.rsplit("-", 1)[-1])
        return f"{self.label.capitalize()} flow {number}, nu = {self.viscosity:.4g}"


@dataclass(frozen=True, slots=True)
class Target:
    """A target with its held-out answer, shape (time, x)."""

    inputs: TargetInputs
    field: InitialField
    answer: FloatArray

    @property
    def slug(self) -> str:
        """The name of the target, unique in its round."""
        return self.inputs.slug


def targets(seed: int, count: int = 12) -> list[Target]:
    """Make the targets of one round, classes taking turns.

    The same seed gives the same round. The seed decides the answers, so whoever holds a round
    open keeps its seed secret.
    """
    rng = np.random.default_rng(seed)
    labels = list(CLASSES)
    drawn: list[tuple[str, str, float, InitialField]] = []
    for index in range(count):
        label, turn = labels[index % len(labels)], index // len(labels)
        viscosity = CLASSES[label][turn % len(CLASSES[label])]
        drawn.append((f"{label}-{turn + 1:02d}", label, viscosity, random_field(rng)))
    answers = _solve_by_viscosity([(nu, field) for _, _, nu, field in drawn])
    x = grid(POINTS)
    return [
        Target(TargetInputs(slug, label, nu, x, TIMES, field.sample(x)), field, answer)
        for (slug, label, nu, field), answer in zip(drawn, answers, strict=True)
    ]


def _solve_by_viscosity(cases: list[tuple[float, InitialField]]) -> list[FloatArray]:
    """Solve all cases, those of one viscosity together, which is faster."""
    groups: dict[float, list[int]] = defaultdict(list)
    for index, (viscosity, _) in enumerate(cases):
        groups[viscosity].append(index)
    answers: dict[int, FloatArray] = {}
    for viscosity, members in groups.items():
        initial = np.stack([cases[index][1].sample(grid(POINTS)) for index in members])
        solved = solve(initial, TIMES, viscosity=viscosity)
        answers.update(zip(members, solved, strict=True))
    return [answers[index] for index in range(len(cases))]


def inputs_bytes(inputs: TargetInputs) -> bytes:
    """Pack the public inputs of a target as an ``.npz`` file: x, times, initial, viscosity."""
    return npz_bytes(
        {
            "x": inputs.x,
            "times": inputs.times,
            "initial": inputs.initial,
            "viscosity": np.array(inputs.viscosity),
        }
    )


def read_inputs(path: Path, slug: str) -> TargetInputs:
    """Read released inputs back, as a participant would; the label is read off the slug."""
    arrays = read_npz(path)
    return TargetInputs(
        slug=slug,
        label=slug.rsplit("-", 1)[0],
        viscosity=float(arrays["viscosity"]),
        x=arrays["x"],
        times=arrays["times"],
        initial=arrays["initial"],
    )
