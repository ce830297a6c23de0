"""The first method one thinks of, in double precision, with library defaults and some patience."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.integrate import IntegrationWarning, quad
from scipy.optimize import brentq, minimize_scalar
from scipy.sparse import diags_array, eye_array, kron
from scipy.sparse.linalg import spsolve
from scipy.special import lambertw

from demo.digits.analysed import block_norm, first_primes
from demo.digits.chebyshev import fit_on_angles
from demo.digits.landscape import best_bumps, polish
from demo.digits.plate import CoolingPlate
from demo.digits.ray import photon_distance


def oscillating_integral() -> float:
    """Gauss quadrature between the zeros of the integrand; mean of the last two partial sums."""
    zeros = lambertw((np.arange(4000) + 0.5) * np.pi).real
    edges = np.concatenate([[0.0], zeros])
    nodes, weights = leggauss(12)
    half = np.diff(edges)[:, None] / 2.0
    s = (edges[1:] + edges[:-1])[:, None] / 2.0 + half * nodes
    sums = np.cumsum((np.cos(s * np.exp(s)) @ weights) * half[:, 0])
    return float((sums[-1] + sums[-2]) / 2.0)


def photon() -> float:
    """Follow the ray in double precision."""
    return photon_distance(np.float64)


def infinite_norm() -> float:
    """Norm of the first thousand rows and columns."""
    return block_norm(1000)


def bumpy_minimum() -> float:
    """Grid search, then the simplex method from the best point."""
    return min(polish(x, y) for x, y in best_bumps(reach=1.0, spacing=0.005, count=5))


def gamma_cubic() -> float:
    """Constrained optimisation with the error watched at 200 angles."""
    start = np.array([0.0, 1.0, 0.6, -0.6, 0.5])
    return float(fit_on_angles(np.linspace(0.0, np.pi, 200), start)[-1])


def biased_walk() -> float:
    """Expected visits from the Fourier integral, one of its two integrals done by hand."""

    def excess(e: float) -> float:
        def integrand(root_angle: float) -> float:
            # Substituting angle = root_angle^2 takes the sting out of the pole at zero.
            angle = root_angle**2
            a = 1.0 - 0.5 * np.cos(angle) - 2j * e * np.sin(angle)
            return float((2.0 * root_angle / np.sqrt(a - 0.5) / np.sqrt(a + 0.5)).real)

        return float(quad(integrand, 0.0, np.sqrt(np.pi))[0] / np.pi - 2.0)

    return float(brentq(excess, 0.02, 0.2))


def prime_inverse() -> float:
    """The same matrix with its first two thousand primes only."""
    size = 2000
    offsets = [sign * 2**power for power in range(11) for sign in (1, -1)]
    diagonals = [first_primes(size), *(np.ones(size - abs(offset)) for offset in offsets)]
    matrix = diags_array(diagonals, offsets=[0, *offsets]).toarray()
    return float(np.linalg.solve(matrix, np.eye(size, 1)[:, 0])[0])


def heated_plate() -> float:
    """Finite differences on a grid of 60 x 60 cells."""
    return CoolingPlate(cells=60, step=0.001).time_to_reach(1.0)


def maximising_parameter() -> float:
    """Adaptive quadrature of the integrand as it stands, and a bracketing search."""

    def loss(a: float) -> float:
        with warnings.catch_warnings():
            # The integrand oscillates without end at x = 2, and quad says so every time.
            warnings.simplefilter("ignore", IntegrationWarning)
            value = quad(lambda x: x**a * np.sin(a / (2.0 - x)), 0.0, 2.0, limit=200)[0]
        return float(-(2.0 + np.sin(10.0 * a)) * value)

    coarse = np.linspace(0.0, 5.0, 101)
    best = coarse[int(np.argmin([loss(a) for a in coarse]))]
    found = minimize_scalar(
        loss, bounds=(best - 0.05, best + 0.05), method="bounded", options={"xatol": 1e-9}
    )
    return float(found.x)


def short_sides() -> float:
    """Harmonic measure by finite differences with 40 cells across the short side."""
    across, along = 39, 399
    rod = [np.ones(across - 1), -2.0 * np.ones(across), np.ones(across - 1)]
    length = [np.ones(along - 1), -2.0 * np.ones(along), np.ones(along - 1)]
    laplacian = kron(diags_array(length, offsets=[-1, 0, 1]), eye_array(across)) + kron(
        eye_array(along), diags_array(rod, offsets=[-1, 0, 1])
    )
    boundary = np.zeros((along, across))
    boundary[0] = boundary[-1] = -1.0
    u = spsolve(laplacian.tocsc(), boundary.ravel())
    return float(u[along // 2 * across + across // 2])


PLAIN: dict[str, Callable[[], float]] = {
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
