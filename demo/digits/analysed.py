"""Answers with thought before arithmetic: each problem is turned into an easy one first."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.sparse import diags_array
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import lambertw

from demo.digits.chebyshev import best_cubic_error
from demo.digits.landscape import best_bumps, polish

FloatArray = NDArray[np.float64]


def oscillating_integral() -> float:
    """With t = -log(x) / x it is Re of the integral of exp(i t) W'(t); turn the path onto i t."""

    def integrand(tau: float) -> float:
        w = lambertw(1j * tau)
        slope = w / (1j * tau * (1.0 + w))
        return float((1j * slope).real * np.exp(-tau))

    return float(quad(integrand, 0.0, 45.0, epsabs=1e-13, epsrel=1e-13, limit=400)[0])


def photon() -> float:
    """Every reflection costs about a digit, so carry sixty."""
    with localcontext() as context:
        context.prec = 60
        x, y = Decimal("0.5"), Decimal("0.1")
        dx, dy = Decimal(1), Decimal(0)
        left = Decimal(10)
        while True:
            hit = _next_mirror(x, y, dx=dx, dy=dy)
            if hit is None or hit[0] >= left:
                break
            distance, mx, my = hit
            x, y, left = x + distance * dx, y + distance * dy, left - distance
            nx, ny = (x - mx) * 3, (y - my) * 3
            towards = dx * nx + dy * ny
            dx, dy = dx - 2 * towards * nx, dy - 2 * towards * ny
        x, y = x + left * dx, y + left * dy
        return float((x * x + y * y).sqrt())


def _next_mirror(
    x: Decimal, y: Decimal, *, dx: Decimal, dy: Decimal
) -> tuple[Decimal, int, int] | None:
    """Nearest mirror ahead within three units: how far, and its centre."""
    found: tuple[Decimal, int, int] | None = None
    for mx in range(int(x) - 3, int(x) + 4):
        for my in range(int(y) - 3, int(y) + 4):
            along = (mx - x) * dx + (my - y) * dy
            off_squared = (mx - x) ** 2 + (my - y) ** 2 - along * along
            if along <= 0 or 9 * off_squared >= 1:
                continue
            distance = along - (Decimal(1) / 9 - off_squared).sqrt()
            # The mirror just left touches the photon, at a distance of rounding size.
            if distance > Decimal("1e-30") and (found is None or distance < found[0]):
                found = (distance, mx, my)
    return found


def antidiagonal_matrix(size: int) -> FloatArray:
    """The leading block of the infinite matrix of problem 3."""
    i = np.arange(1, size + 1)[:, None]
    j = np.arange(1, size + 1)[None, :]
    return np.asarray(1.0 / ((i + j - 1) * (i + j) / 2 - (j - 1)))


def block_norm(size: int) -> float:
    """Largest singular value of the leading block, by power iteration."""
    matrix = antidiagonal_matrix(size)
    vector = np.ones(size)
    previous, square = 0.0, 1.0
    while abs(square - previous) > 1e-15 * square:
        vector = matrix.T @ (matrix @ (vector / np.linalg.norm(vector)))
        previous, square = square, float(np.linalg.norm(vector))
    return float(np.sqrt(square))


def infinite_norm() -> float:
    """Norms of blocks of 64, 128, ..., 1024 rows, extrapolated by Wynn's epsilon algorithm."""
    rows = [block_norm(size) for size in (64, 128, 256, 512, 1024)]
    lower = [0.0] * (len(rows) + 1)
    while len(rows) > 1:
        higher = [lower[k + 1] + 1.0 / (rows[k + 1] - rows[k]) for k in range(len(rows) - 1)]
        lower, rows = rows, higher
    return rows[0]


def bumpy_minimum() -> float:
    """Search a fine grid, then polish the best few."""
    # Beyond |x| = 3 the bowl alone lifts the surface above values found near the origin.
    return min(polish(x, y) for x, y in best_bumps(reach=3.0, spacing=0.004, count=20))


def biased_walk() -> float:
    """The walk returns with probability 1 - 1/G; the expected number of visits G must be 2.

    After a shift of the path of integration G is the mean over angles t of
    1 / sqrt((1 - 2 r cos t)^2 - 1/4) with r^2 = 1/16 - e^2: periodic and smooth.
    """
    angles = (np.arange(400) + 0.5) * np.pi / 400

    def excess(e: float) -> float:
        r = np.sqrt(1.0 / 16.0 - e * e)
        return float(np.mean(1.0 / np.sqrt((1.0 - 2.0 * r * np.cos(angles)) ** 2 - 0.25)) - 2.0)

    return float(brentq(excess, 0.02, 0.2, xtol=1e-16, rtol=1e-15))


def first_primes(count: int) -> FloatArray:
    """The first `count` primes, by a sieve."""
    limit = int(count * (np.log(count) + np.log(np.log(count)))) + 10
    sieve = np.ones(limit + 1, dtype=bool)
    sieve[:2] = False
    for number in range(2, int(limit**0.5) + 1):
        if sieve[number]:
            sieve[number * number :: number] = False
    return np.flatnonzero(sieve)[:count].astype(np.float64)


def prime_inverse() -> float:
    """Conjugate gradients; divided by its diagonal the matrix is close to the identity."""
    size = 20_000
    primes = first_primes(size)
    offsets = [sign * 2**power for power in range(15) for sign in (1, -1)]
    matrix = diags_array(
        [primes, *(np.ones(size - abs(offset)) for offset in offsets)], offsets=[0, *offsets]
    ).tocsr()
    unit = np.zeros(size)
    unit[0] = 1.0
    jacobi = LinearOperator((size, size), matvec=lambda v: v / primes, dtype=np.float64)
    column, _ = cg(matrix, unit, rtol=1e-15, atol=0.0, maxiter=200, M=jacobi)
    return float(column[0])


def heated_plate() -> float:
    """By symmetry each side gives a quarter of what four hot sides give: 5/4 (1 - phi(t)^2).

    phi is the temperature in the middle of a rod of length 2, cooling from 1.
    """
    odd = 2 * np.arange(12) + 1
    signs = np.where(np.arange(12) % 2, -1.0, 1.0)

    def excess(time: float) -> float:
        phi = 4.0 / np.pi * np.sum(signs / odd * np.exp(-(odd**2) * np.pi**2 * time / 4.0))
        return float(1.25 * (1.0 - phi * phi) - 1.0)

    return float(brentq(excess, 0.1, 1.0, xtol=1e-16, rtol=1e-15))


def maximising_parameter() -> float:
    """Zero of the derivative; with u = 1 / (2 - x) the path is turned to u = 1/2 + i v.

    Along it sin(a u) decays, and the double-exponential substitution takes care of v = 0.
    """
    s = np.linspace(-4.2, 5.5, 1200)
    v = np.exp(s - np.exp(-s))
    u = 0.5 + 1j * v
    weight = 1j * v * (1.0 + np.exp(-s)) * (s[1] - s[0]) / u**2
    # 2 - 1/u without cancellation: it vanishes at v = 0.
    base = 2j * v / u

    def slope(a: float) -> float:
        integrand = weight * base**a * np.exp(1j * a * u)
        value = float(integrand.sum().imag)
        change = float((integrand * (np.log(base) + 1j * u)).sum().imag)
        return float(10.0 * np.cos(10.0 * a) * value + (2.0 + np.sin(10.0 * a)) * change)

    return float(brentq(slope, 0.75, 0.82, xtol=1e-15, rtol=1e-15))


def short_sides() -> float:
    """Separation of variables; two terms are already more than double precision holds."""
    odd = np.array([1.0, 3.0])
    return float(4.0 / np.pi * np.sum(np.array([1.0, -1.0]) / odd / np.cosh(5.0 * np.pi * odd)))


ANALYSED: dict[str, Callable[[], float]] = {
    "p01-integral": oscillating_integral,
    "p02-photon": photon,
    "p03-norm": infinite_norm,
    "p04-minimum": bumpy_minimum,
    "p05-gamma": best_cubic_error,
    "p06-walk": biased_walk,
    "p07-primes": prime_inverse,
    "p08-plate": heated_plate,
    "p09-maximum": maximising_parameter,
    "p10-rectangle": short_sides,
}
