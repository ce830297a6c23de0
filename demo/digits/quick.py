"""Answers in a few lines each: coarse grids, short sums, small matrices, single precision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import rgamma

from demo.digits.analysed import antidiagonal_matrix, first_primes
from demo.digits.landscape import height
from demo.digits.plate import CoolingPlate
from demo.digits.ray import photon_distance


def oscillating_integral() -> float:
    """With s = -log(x) it is the integral of cos(s exp(s)); the midpoint rule up to s = 5."""
    s = (np.arange(20_000) + 0.5) * (5.0 / 20_000)
    return float(np.cos(s * np.exp(s)).mean() * 5.0)


def photon() -> float:
    """Follow the ray in single precision."""
    return photon_distance(np.float32)


def infinite_norm() -> float:
    """Norm of the first ten rows and columns."""
    return float(np.linalg.norm(antidiagonal_matrix(10), 2))


def bumpy_minimum() -> float:
    """Lowest of a million random points near the origin."""
    x, y = np.random.default_rng(2002).uniform(-0.5, 0.5, size=(2, 1_000_000))
    return float(height(x, y).min())


def gamma_cubic() -> float:
    """Largest error of the least-squares cubic on the circle."""
    z = np.exp(2j * np.pi * np.arange(400) / 400)
    powers = np.vander(z, 4)
    fit, *_ = np.linalg.lstsq(powers, rgamma(z), rcond=None)
    return float(np.abs(rgamma(z) - powers @ fit).max())


def biased_walk() -> float:
    """Expected visits in 400 steps, counted on a lattice with edges too far away to matter."""

    def excess(e: float) -> float:
        size = 129
        here = np.zeros((size, size))
        here[size // 2, size // 2] = 1.0
        visits = 1.0
        for _ in range(400):
            vertical = np.roll(here, 1, axis=0) + np.roll(here, -1, axis=0)
            east, west = np.roll(here, 1, axis=1), np.roll(here, -1, axis=1)
            here = 0.25 * vertical + (0.25 + e) * east + (0.25 - e) * west
            visits += float(here[size // 2, size // 2])
        return visits - 2.0

    return float(brentq(excess, 0.02, 0.2, xtol=1e-6))


def prime_inverse() -> float:
    """The same matrix with its first hundred primes only."""
    primes = first_primes(100)
    gap = np.abs(np.subtract.outer(np.arange(100), np.arange(100)))
    matrix = np.isin(gap, 2 ** np.arange(7)) + np.diag(primes)
    return float(np.linalg.inv(matrix)[0, 0])


def heated_plate() -> float:
    """Finite differences on a grid of 10 x 10 cells."""
    return CoolingPlate(cells=10, step=0.005).time_to_reach(1.0)


def maximising_parameter() -> float:
    """The best of 501 parameters, each integral by the midpoint rule."""
    x = (np.arange(4000) + 0.5) / 2000.0
    a = np.linspace(0.0, 5.0, 501)[:, None]
    values = (2.0 + np.sin(10.0 * a)) * np.mean(x**a * np.sin(a / (2.0 - x)), axis=1, keepdims=True)
    return float(a[np.argmax(values), 0])


def short_sides() -> float:
    """The leading decay: along a strip of width 1 the profile cos(pi y) falls as exp(-pi x)."""
    return float(8.0 / np.pi * np.exp(-5.0 * np.pi))


QUICK: dict[str, Callable[[], float]] = {
    "p01-integral": oscillating_integral,
    "p02-photon": photon,
    "p03-norm": infinite_norm,
    "p04-minimum": bumpy_minimum,
    "p05-gamma": gamma_cubic,
    "p06-walk": biased_walk,
    "p07-primes": prime_inverse,
    "p08-plate": heated_plate,
    "p09-maximum": maximising_parameter,
    "p10-rectangle": short_sides,
}
