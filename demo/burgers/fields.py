"""Random smooth initial fields: a mean flow and a few Fourier modes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.burgers.arrays import ComplexArray, FloatArray

MODES = 5  # highest wavenumber of an initial field
MEAN_RANGE = (-0.4, 0.4)  # mean velocity: shocks travel, and losing mass shows in the mean
RMS_RANGE = (0.4, 0.7)  # root mean square of the field about its mean


@dataclass(frozen=True, slots=True)
class InitialField:
    """``u0(x) = mean + 2 Re sum_k coefficients[k-1] exp(2 pi i k x)`` with k = 1, 2, ..."""

    mean: float
    coefficients: ComplexArray

    def sample(self, x: FloatArray) -> FloatArray:
        """Return u0 at the points `x`."""
        k = np.arange(1, self.coefficients.size + 1)
        waves = np.exp(2j * np.pi * np.multiply.outer(x, k)) @ self.coefficients
        return np.asarray(self.mean + 2.0 * waves.real, dtype=np.float64)

    def potential(self, x: FloatArray) -> FloatArray:
        """Return the periodic part of the antiderivative of u0 at the points `x`."""
        k = np.arange(1, self.coefficients.size + 1)
        waves = np.exp(2j * np.pi * np.multiply.outer(x, k)) @ (
            self.coefficients / (2j * np.pi * k)
        )
        return np.asarray(2.0 * waves.real, dtype=np.float64)


def random_field(rng: np.random.Generator) -> InitialField:
    """Draw a field: Gaussian modes with amplitude falling as 1/k, then a drawn mean and RMS."""
    k = np.arange(1, MODES + 1)
    real, imaginary = rng.normal(size=(2, MODES)) / k
    coefficients = np.asarray(real + 1j * imaginary, dtype=np.complex128)
    rms = np.sqrt(2.0 * np.sum(np.abs(coefficients) ** 2))
    scaled = coefficients * (rng.uniform(*RMS_RANGE) / rms)
    return InitialField(float(rng.uniform(*MEAN_RANGE)), scaled)


def grid(points: int) -> FloatArray:
    """Return the uniform periodic grid ``j / points`` on [0, 1)."""
    return np.arange(points, dtype=np.float64) / points
