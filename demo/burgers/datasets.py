"""The two public training datasets, and how each is made.

``burgers-trajectories`` is simulated. ``burgers-symmetry-augmented`` is made from the file of the
first: images of its trajectories under exact symmetries of the equation, and extra trajectories
at viscosities below any in the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.burgers.arrays import FloatArray, read_npz, write_npz
from demo.burgers.fields import grid, random_field
from demo.burgers.solver import solve

POINTS = 128
TIMES: FloatArray = np.arange(0, 81) / 80.0  # 0, 0.0125, ..., 1
ORIGINAL = "burgers-trajectories"
AUGMENTED = "burgers-symmetry-augmented"
ORIGINAL_SEED, AUGMENTED_SEED = 20_250_101, 20_250_202  # unlike those of the rounds
ORIGINAL_VISCOSITIES = (0.08, 0.04, 0.02, 0.012, 0.008, 0.005)
ORIGINAL_PER_VISCOSITY = 12
EXTRA_VISCOSITIES = (0.004, 0.003)  # sharper fronts than the first dataset holds
EXTRA_PER_VISCOSITY = 10
STORED_TOLERANCE = 1e-7  # single precision holds no more


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """What the catalogue says about a dataset."""

    slug: str
    title: str
    version: str
    licence: str
    summary: str
    description: str
    made_from: tuple[str, ...]  # slugs of the datasets it is derived from

    @property
    def filename(self) -> str:
        """Name of the file in a release."""
        return f"{self.slug}-v{self.version}.npz"


CARDS = (
    DatasetCard(
        slug=ORIGINAL,
        title="Burgers trajectories",
        version="1",
        licence="CC-BY-4.0",
        summary="72 simulated flows at six viscosities from 0.005 to 0.08",
        description=(
            "Solutions of the viscous Burgers equation on the periodic unit interval from random "
            "initial fields (mean flow and five Fourier modes), twelve for each of the viscosities "
            "0.08, 0.04, 0.02, 0.012, 0.008 and 0.005. Values at 128 points and 81 times from 0 "
            "to 1. Arrays: u (trajectory, time, x) in single precision, viscosity (trajectory), "
            "x, times. Solved to at least seven digits, the precision stored."
        ),
        made_from=(),
    ),
    DatasetCard(
        slug=AUGMENTED,
        title="Burgers trajectories, symmetry-augmented",
        version="1",
        licence="CC-BY-4.0",
        summary="72 exact symmetry images of the first dataset and 20 sharper flows",
        description=(
            "Each trajectory of burgers-trajectories appears once, moved by an exact symmetry of "
            "the equation drawn at random: a shift, a change of the observer's velocity, and for "
            "half of them a mirror image with reversed sign. The images are as exact as the grid "
            "of 128 points allows: 1e-6 at viscosity 0.012 and above, 1e-3 at 0.005. Ten new "
            "flows at each of the viscosities 0.004 and 0.003 add fronts thinner than any in the "
            "original. Same grid, times and array names; image_of holds the row of the original, "
            "or -1 for a new flow."
        ),
        made_from=(ORIGINAL,),
    ),
)


@dataclass(frozen=True, slots=True)
class Trajectories:
    """A training dataset in memory.

    ``u`` has shape (n_trajectories, n_times, n_points), ``viscosity`` (n_trajectories,).
    """

    u: FloatArray
    viscosity: FloatArray
    x: FloatArray
    times: FloatArray


def card(slug: str) -> DatasetCard:
    """Return the card of a dataset of this challenge."""
    return next(entry for entry in CARDS if entry.slug == slug)


def write_original(path: Path, *, per_viscosity: int = ORIGINAL_PER_VISCOSITY) -> None:
    """Simulate ``burgers-trajectories`` and write it to `path`."""
    rng = np.random.default_rng(ORIGINAL_SEED)
    u, viscosity = _simulate(rng, ORIGINAL_VISCOSITIES, count=per_viscosity)
    _write(path, u, viscosity=viscosity)


def write_augmented(
    path: Path, original: Path, *, per_viscosity: int = EXTRA_PER_VISCOSITY
) -> None:
    """Make ``burgers-symmetry-augmented`` from the file `original` and write it to `path`."""
    rng = np.random.default_rng(AUGMENTED_SEED)
    source = read_trajectories(original)
    images = np.stack([_random_image(rng, flow, times=source.times) for flow in source.u])
    extra, extra_viscosity = _simulate(rng, EXTRA_VISCOSITIES, count=per_viscosity)
    origin = np.concatenate([np.arange(len(images)), np.full(len(extra), -1)])
    _write(
        path,
        np.concatenate([images, extra]),
        viscosity=np.concatenate([source.viscosity, extra_viscosity]),
        origin=origin,
    )


def read_trajectories(*paths: Path) -> Trajectories:
    """Read one or more training datasets on the same grid and join them, in double precision."""
    parts = [read_npz(path) for path in paths]
    return Trajectories(
        u=np.concatenate([part["u"] for part in parts]).astype(np.float64),
        viscosity=np.concatenate([part["viscosity"] for part in parts]),
        x=parts[0]["x"],
        times=parts[0]["times"],
    )


def symmetry_image(
    u: FloatArray, times: FloatArray, *, shift: float, boost: float, mirror: bool
) -> FloatArray:
    """Return another exact solution made from the solution `u` of shape (n_times, n_points).

    ``v(t, x) = u(t, x - shift - boost t) + boost``, after ``u(t, x) -> -u(t, -x)`` if `mirror`.
    """
    points = u.shape[1]
    source = -np.roll(u[:, ::-1], 1, axis=1) if mirror else u
    k = np.arange(points // 2 + 1)
    phase = np.exp(-2j * np.pi * np.outer(shift + boost * times, k))
    return np.asarray(np.fft.irfft(np.fft.rfft(source, axis=1) * phase, n=points, axis=1) + boost)


def _random_image(rng: np.random.Generator, u: FloatArray, *, times: FloatArray) -> FloatArray:
    return symmetry_image(
        u,
        times,
        shift=float(rng.uniform()),
        boost=float(rng.uniform(-0.3, 0.3)),
        mirror=bool(rng.integers(2)),
    )


def _simulate(
    rng: np.random.Generator, viscosities: tuple[float, ...], *, count: int
) -> tuple[FloatArray, FloatArray]:
    x = grid(POINTS)
    flows = []
    for viscosity in viscosities:
        initial = np.stack([random_field(rng).sample(x) for _ in range(count)])
        flows.append(solve(initial, TIMES, viscosity=viscosity, tolerance=STORED_TOLERANCE))
    return np.concatenate(flows), np.repeat(viscosities, count)


def _write(
    path: Path, u: FloatArray, *, viscosity: FloatArray, origin: NDArray[np.int64] | None = None
) -> None:
    arrays: dict[str, NDArray[Any]] = {
        "u": u.astype(np.float32),
        "viscosity": viscosity,
        "x": grid(POINTS),
        "times": TIMES,
    }
    if origin is not None:
        arrays["image_of"] = origin
    write_npz(path, arrays)
