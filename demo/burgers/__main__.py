"""Hold the challenge in memory and print how good references and entries are.

``python -m demo.burgers [SEED]`` needs nothing but NumPy and SciPy.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from demo.burgers.arrays import FloatArray
from demo.burgers.challenge import CLASSES, POINTS, TIMES, Target, targets
from demo.burgers.cole_hopf import exact_solution
from demo.burgers.datasets import AUGMENTED, ORIGINAL, card, write_augmented, write_original
from demo.burgers.entries import ENTRIES, Materials, predict

DEFAULT_SEED = 1


def normalised_rmse(answer: FloatArray, prediction: FloatArray) -> float:
    """Return the root mean square error over x, relative to the answer's, averaged over times."""
    error = np.sqrt(np.mean((prediction - answer) ** 2, axis=1))
    return float(np.mean(error / np.sqrt(np.mean(answer**2, axis=1))))


def print_references(held: list[Target]) -> None:
    """Print how far each reference is from the Cole-Hopf solution."""
    print(f"{'target':12} {'viscosity':>10} {'largest difference from Cole-Hopf':>34}")
    for target in held:
        viscosity = target.inputs.viscosity
        exact = exact_solution(target.field, TIMES, viscosity=viscosity, points=POINTS)
        worst = np.abs(exact - target.answer).max()
        print(f"{target.slug:12} {viscosity:10.5f} {worst:34.1e}")


def print_entries(held: list[Target], materials: Materials) -> None:
    """Print the nRMSE of every entry, over all targets and per class."""
    inputs = [target.inputs for target in held]
    print(f"\n{'entry':22} {'nRMSE':>9}", *(f"{label:>9}" for label in CLASSES), f"{'seconds':>8}")
    for entry in ENTRIES:
        prediction = predict(entry, inputs, materials=materials)
        errors = {t.slug: normalised_rmse(t.answer, prediction.arrays[t.slug]) for t in held}
        classes = [
            np.mean([errors[t.slug] for t in held if t.inputs.label == label]) for label in CLASSES
        ]
        numbers = [np.mean(list(errors.values())), *classes]
        print(
            f"{entry.slug:22}",
            *(f"{value:9.5f}" for value in numbers),
            f"{prediction.seconds:8.2f}",
        )


def main() -> None:
    """Print both tables."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_SEED
    held = targets(seed)
    print_references(held)
    with tempfile.TemporaryDirectory() as folder:
        paths = {slug: Path(folder) / card(slug).filename for slug in (ORIGINAL, AUGMENTED)}
        write_original(paths[ORIGINAL])
        write_augmented(paths[AUGMENTED], paths[ORIGINAL])
        print_entries(held, Materials(paths))


if __name__ == "__main__":
    main()
