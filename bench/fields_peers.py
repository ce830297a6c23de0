"""Field scoring with what need not be installed, and in several processes."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

import numpy as np

from bench import fields


def installed(*names: str) -> bool:
    """Tell whether all of these packages are there."""
    return all(importlib.util.find_spec(name) is not None for name in names)


def engine_compiled(**arguments: Any) -> list[float]:
    """Score as a worker does whose zygote has compiled the sums."""
    from scoring.metrics.fields import compiled_sums

    if not compiled_sums.prepare():
        raise RuntimeError("the extra 'fast' is not installed")
    return fields.engine(**arguments)


def twice(**arguments: Any) -> list[float]:
    """Score in two processes at once; return what this one found."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            fields.engine(**arguments)
            code = 0
        finally:
            os._exit(code)
    values = fields.engine(**arguments)
    if os.waitpid(child, 0)[1]:
        raise RuntimeError("the second process failed")
    return values


def torch_float32(
    *, reference: str, prediction: str, layout: str, shape: list[int], fourier: bool
) -> list[float]:
    """Write the published definitions down in PyTorch: whole arrays, in the files' precision."""
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    truth, guess = (torch.from_numpy(np.load(path)) for path in (reference, prediction))
    space = tuple(i for i, axis in enumerate(layout) if axis in "xyz")
    samples = tuple(i for i, axis in enumerate(layout) if axis == "b")
    points = int(np.prod([shape[axis] for axis in space]))
    mean_square = torch.mean((guess - truth) ** 2, dim=space)
    norms = torch.sqrt(mean_square) / torch.sqrt(torch.mean(truth**2, dim=space))
    scaled = torch.sqrt(mean_square / (torch.std(truth, dim=space) ** 2 + fields.VRMSE_EPS))
    peaks = torch.amax(torch.abs(guess - truth), dim=(*space, *samples))
    drift = (torch.sum(guess, dim=space) - torch.sum(truth, dim=space)) ** 2
    conserved = torch.sqrt(torch.mean(drift, dim=0, keepdim=True) if samples else drift) / points
    faces = sum(
        torch.sum((guess.select(axis, end) - truth.select(axis, end)) ** 2, dim=others)
        if (others := tuple(other - (other > axis) for other in space if other != axis))
        else (guess.select(axis, end) - truth.select(axis, end)) ** 2
        for axis in space
        for end in (0, -1)
    )
    edges = torch.sqrt(faces / sum(2 * points // shape[axis] for axis in space))
    values = [norms.mean(), scaled.mean(), peaks.mean(), conserved.mean(), edges.mean()]
    if fourier:
        values += _bands(torch, guess, truth, space=space, with_samples=bool(samples))
    return [float(value) for value in values]


def _bands(
    torch: Any, guess: Any, truth: Any, *, space: tuple[int, ...], with_samples: bool
) -> list[Any]:
    points = int(np.prod([guess.shape[axis] for axis in space]))
    if len(space) == 1:
        both = [torch.fft.rfft(field, dim=space[0]) for field in (guess, truth)]
        power = torch.movedim(torch.abs(both[0] - both[1]) ** 2, space[0], -1)
    else:
        both = [torch.fft.fftn(field, dim=space) for field in (guess, truth)]
        halves = [guess.shape[axis] // 2 for axis in space]
        power = torch.movedim(
            torch.abs(both[0] - both[1]) ** 2, space, tuple(range(-len(space), 0))
        )
        power = power[(..., *(slice(half) for half in halves))]
        wave = np.sqrt(sum(k.astype(float) ** 2 for k in np.indices(halves)))
        shells = [torch.from_numpy(np.floor(wave) == shell) for shell in range(min(halves))]
        power = torch.stack([power[..., shell].sum(dim=-1) for shell in shells], dim=-1)
    mean = torch.mean(power, dim=0) if with_samples else power
    amplitude = torch.sqrt(mean) / points
    return [torch.mean(amplitude[..., band]) for band in (slice(4), slice(4, 12), slice(12, None))]
