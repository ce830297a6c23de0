"""The rotation that lays one set of points on another, for one pair of sets or thousands."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_ROUNDS = 12  # nearly all rows need five or six
_FEW = 48  # up to here singular values are quicker than two hundred calls for the polynomial
_CONVERGED = 1e-9  # Newton's next step would be of the square of this
# Squared length of the eigenvector before it is scaled: below it, two eigenvalues are so close
# that the polynomial no longer tells their vectors apart.
_DEGENERATE = 1e-8
_SHORT = 1e-4  # squared length of a column that is made again, from all four


def superposed(model: FloatArray, target: FloatArray) -> FloatArray:
    """Return the model laid on the target with the least squared distance, never mirrored.

    Parameters
    ----------
    model, target : array of shape (n, 3)
        The same points in the same order.

    Notes
    -----
    Kabsch, Acta Cryst. A32 (1976) 922 and A34 (1978) 827, by singular values. Fewer than three
    points, or points on a line, leave a rotation about that line free; distances do not depend
    on it.
    """
    middle = model.mean(axis=0)
    covariance = (model - middle).T @ (target - target.mean(axis=0))
    rotation = _rotations_by_svd(covariance[np.newaxis])[0]
    return np.asarray((model - middle) @ rotation.T + target.mean(axis=0))


def rmsd(model: FloatArray, target: FloatArray) -> float:
    """Return the root of the mean squared distance after the best superposition."""
    apart = superposed(model, target) - target
    return float(np.sqrt(np.mean(np.sum(apart**2, axis=-1))))


def rotations(covariances: FloatArray, scales: FloatArray) -> FloatArray:
    """Return the best rotation of each of many pairs of sets, with target ~ rotation @ model.

    Parameters
    ----------
    covariances : array of shape (s, 3, 3)
        Sum over points of model coordinate i times target coordinate j, both centred.
    scales : array of shape (s,)
        The product of the two sets' root sums of squares: no eigenvalue is larger.

    Notes
    -----
    The rotation is the eigenvector, as a quaternion, of the largest eigenvalue of a symmetric
    4 x 4 matrix (Horn, J. Opt. Soc. Am. A 4 (1987) 629), found as the largest root of its
    characteristic polynomial (Theobald, Acta Cryst. A61 (2005) 478). A few rows where it has no
    single such vector go to the singular values.
    """
    if len(covariances) < _FEW:
        return _rotations_by_svd(covariances)
    scaled = covariances / np.where(scales > 0, scales, 1.0)[:, np.newaxis, np.newaxis]
    elements = np.ascontiguousarray(np.moveaxis(scaled, 0, -1))  # (3, 3, s): rows side by side
    matrix = _quaternion_matrix(elements)
    largest, converged = _largest_eigenvalues(elements, matrix)
    for axis in range(4):
        matrix[axis, axis] -= largest
    vectors = _eigenvectors(matrix)
    lengths = np.einsum("is,is->s", vectors, vectors)
    unclear = ~(converged & (lengths > _DEGENERATE))
    lengths[unclear] = 1.0
    found = _rotations_of_quaternions(vectors / np.sqrt(lengths))
    if unclear.any():
        found[unclear] = _rotations_by_svd(scaled[unclear])
    return found


def _rotations_by_svd(covariances: FloatArray) -> FloatArray:
    left, _, right = np.linalg.svd(covariances)
    # A determinant of -1 would be a mirror image: turn the weakest axis round.
    right[:, 2] *= np.linalg.det(left @ right)[:, np.newaxis].round()
    return np.asarray(np.swapaxes(left @ right, 1, 2))


def _quaternion_matrix(elements: FloatArray) -> NDArray[Any]:
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = elements
    matrix = np.empty((4, 4, len(xx)))
    matrix[0, 0], matrix[1, 1] = xx + yy + zz, xx - yy - zz
    matrix[2, 2], matrix[3, 3] = yy - xx - zz, zz - xx - yy
    matrix[0, 1] = matrix[1, 0] = yz - zy
    matrix[0, 2] = matrix[2, 0] = zx - xz
    matrix[0, 3] = matrix[3, 0] = xy - yx
    matrix[1, 2] = matrix[2, 1] = xy + yx
    matrix[1, 3] = matrix[3, 1] = zx + xz
    matrix[2, 3] = matrix[3, 2] = yz + zy
    return matrix


def _largest_eigenvalues(
    elements: FloatArray, matrix: NDArray[Any]
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the largest root of x^4 + c2 x^2 + c1 x + c0 by Newton's steps from above."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = elements
    c2 = -2.0 * np.einsum("ijs,ijs->s", elements, elements)
    c1 = -8.0 * (xx * (yy * zz - yz * zy) - xy * (yx * zz - yz * zx) + xz * (yx * zy - yy * zx))
    c0 = _determinants(matrix)
    root = np.ones_like(xx)
    step = root
    for _ in range(_ROUNDS):
        square = root * root
        part = (square + c2) * root
        cubic = part + c1
        step = (cubic * root + c0) / (2.0 * square * root + part + cubic + 1e-300)
        root = root - step
        if np.abs(step).max() < _CONVERGED:
            break
    return root, np.abs(step) < _CONVERGED


def _determinants(matrix: NDArray[Any]) -> FloatArray:
    """Return the determinants, by the 2 x 2 minors of the upper and the lower two rows."""
    upper, lower = _minors(matrix[0], matrix[1]), _minors(matrix[2], matrix[3])
    signs = (1.0, -1.0, 1.0, 1.0, -1.0, 1.0)
    return np.asarray(sum(s * a * b for s, a, b in zip(signs, upper, reversed(lower), strict=True)))


def _minors(first: FloatArray, second: FloatArray) -> list[FloatArray]:
    pairs = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
    return [first[i] * second[j] - first[j] * second[i] for i, j in pairs]


def _eigenvectors(singular: NDArray[Any]) -> NDArray[Any]:
    """Return, for each matrix of rank three, a column of its adjugate that is not short.

    Every column is a multiple of the eigenvector. The first one does for nearly all matrices; the
    others are made for those few where it is short.
    """
    found = np.array([_cofactor(singular, row=row, column=0) for row in range(4)])
    again = np.flatnonzero(np.einsum("is,is->s", found, found) < _SHORT)
    if again.size:
        few = singular[:, :, again]
        adjugate = np.array([[_cofactor(few, row=i, column=j) for j in range(4)] for i in range(4)])
        longest = np.abs(adjugate[range(4), range(4)]).argmax(axis=0)
        found[:, again] = adjugate[:, longest, np.arange(again.size)]
    return found


def _cofactor(matrix: NDArray[Any], *, row: int, column: int) -> FloatArray:
    p, q, r = (matrix[i] for i in range(4) if i != row)
    a, b, c = (j for j in range(4) if j != column)
    minor = (
        p[a] * (q[b] * r[c] - q[c] * r[b])
        - p[b] * (q[a] * r[c] - q[c] * r[a])
        + p[c] * (q[a] * r[b] - q[b] * r[a])
    )
    return np.asarray(-minor if (row + column) % 2 else minor)


def _rotations_of_quaternions(quaternions: NDArray[Any]) -> FloatArray:
    w, x, y, z = quaternions
    rows = [
        [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
    return np.ascontiguousarray(np.moveaxis(np.array(rows), -1, 0))
