"""Two of the ten numbers, to a few digits. The place for your own ideas is `ANSWERS`.

Run `python baseline.py` in the folder of the starter kit; it writes predictions.csv.
"""

import csv
import json
import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent


def infinite_norm(size=60):
    """Norm of the first rows and columns of the infinite matrix."""
    row, column = np.indices((size, size))
    diagonal = row + column
    place = diagonal * (diagonal + 1) // 2 + row + 1
    return float(np.linalg.norm(1.0 / place, 2))


def short_sides():
    """First term of the series for the chance to leave a 10 x 1 rectangle by a short side."""
    return 8 / math.pi * math.exp(-5 * math.pi)


ANSWERS = {"p03-norm": infinite_norm, "p10-rectangle": short_sides}


def main():
    """Compute what there is, 0 for the rest, and return the file that was written."""
    about = json.loads((HERE / "round.json").read_text(encoding="utf-8"))
    path = HERE / "predictions.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["target", "value"])
        for target in about["targets"]:
            answer = ANSWERS.get(target["slug"], float)
            rows.writerow([target["slug"], repr(answer())])
    return path


if __name__ == "__main__":
    print(main())
