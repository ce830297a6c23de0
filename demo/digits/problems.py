"""The ten problems, told in our own words, with their known answers."""

from __future__ import annotations

from dataclasses import dataclass

CITATION = (
    "L. N. Trefethen, A Hundred-dollar, Hundred-digit Challenge, SIAM News 35(1), 2002. Answers: "
    "F. Bornemann, D. Laurie, S. Wagon, J. Waldvogel, The SIAM 100-Digit Challenge: A Study in "
    "High-Accuracy Numerical Computing, SIAM, 2004."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: a scalar target.

    ``digits`` are the first ten significant digits, cut and not rounded; ``answer`` is the
    double nearest to the known value.
    """

    slug: str
    title: str
    statement: str
    digits: str
    answer: float


PROBLEMS = (
    Problem(
        slug="p01-integral",
        title="An oscillating integral",
        statement=(
            "The limit, as e falls to 0, of the integral over x from e to 1 of cos(log(x) / x) / x."
        ),
        digits="0.3233674316",
        answer=0.32336743167777876,
    ),
    Problem(
        slug="p02-photon",
        title="A photon among mirrors",
        statement=(
            "Circular mirrors of radius 1/3 stand at every point of the plane with integer "
            "coordinates. A photon leaves (0.5, 0.1) at time 0 in the direction of growing x, at "
            "speed 1. How far from the origin is it at time 10?"
        ),
        digits="0.9952629194",
        answer=0.9952629194433542,
    ),
    Problem(
        slug="p03-norm",
        title="Norm of an infinite matrix",
        statement=(
            "The infinite matrix A holds 1, 1/2, 1/3, ... along its antidiagonals: a11 = 1, "
            "a12 = 1/2, a21 = 1/3, a13 = 1/4, a22 = 1/5, a31 = 1/6 and so on. What is its norm as "
            "an operator on square-summable sequences?"
        ),
        digits="1.274224152",
        answer=1.2742241528212282,
    ),
    Problem(
        slug="p04-minimum",
        title="A bumpy surface",
        statement=(
            "The global minimum over the plane of exp(sin(50 x)) + sin(60 exp(y)) + "
            "sin(70 sin(x)) + sin(sin(80 y)) - sin(10 (x + y)) + (x^2 + y^2) / 4."
        ),
        digits="-3.306868647",
        answer=-3.3068686474752373,
    ),
    Problem(
        slug="p05-gamma",
        title="A cubic for the reciprocal gamma function",
        statement=(
            "Among all cubic polynomials p, the smallest possible value of the largest "
            "|1/Gamma(z) - p(z)| on the closed unit disk |z| <= 1."
        ),
        digits="0.2143352345",
        answer=0.21433523459045964,
    ),
    Problem(
        slug="p06-walk",
        title="A biased random walk",
        statement=(
            "A walker on the integer lattice starts at (0, 0) and steps north or south with "
            "probability 1/4 each, east with 1/4 + e, west with 1/4 - e. For which positive e is "
            "the probability that it ever returns to (0, 0) one half?"
        ),
        digits="0.06191395447",
        answer=0.06191395447399094,
    ),
    Problem(
        slug="p07-primes",
        title="A matrix of primes",
        statement=(
            "The 20,000 x 20,000 matrix A is zero but for the primes 2, 3, 5, ..., 224737 along "
            "its diagonal and the number 1 wherever |i - j| is 1, 2, 4, 8, ..., 16384. What is "
            "the (1, 1) entry of its inverse?"
        ),
        digits="0.7250783462",
        answer=0.7250783462684012,
    ),
    Problem(
        slug="p08-plate",
        title="A heated plate",
        statement=(
            "The square plate [-1, 1] x [-1, 1] is at temperature 0. From time 0 one side is held "
            "at 5 and the three others at 0, and heat flows as u_t = u_xx + u_yy. When does the "
            "centre reach temperature 1?"
        ),
        digits="0.4240113870",
        answer=0.42401138703368836,
    ),
    Problem(
        slug="p09-maximum",
        title="A parameter that maximises an integral",
        statement=(
            "The integral over x from 0 to 2 of (2 + sin(10 a)) x^a sin(a / (2 - x)) depends on "
            "the parameter a. For which a in [0, 5] is it largest?"
        ),
        digits="0.7859336743",
        answer=0.7859336743503715,
    ),
    Problem(
        slug="p10-rectangle",
        title="Leaving by the short sides",
        statement=(
            "A particle in the middle of a 10 x 1 rectangle undergoes Brownian motion until it "
            "hits the boundary. With what probability does it hit a short side?"
        ),
        digits="0.0000003837587979",
        answer=3.837587979251226e-07,
    ),
)


def problem(slug: str) -> Problem:
    """Return the problem called `slug`."""
    return next(candidate for candidate in PROBLEMS if candidate.slug == slug)
