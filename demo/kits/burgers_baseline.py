"""Persistence: the flow stays as it began. The place for your own idea is `predict`.

Run `python baseline.py` in the folder of the starter kit; it writes predictions.npz.
"""

import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent


def predict(x, times, initial, viscosity):
    """Return u at `times` and `x`, time first."""
    return np.tile(initial, (len(times), 1))


def main():
    """Predict every target, and return the file that was written."""
    about = json.loads((HERE / "round.json").read_text(encoding="utf-8"))
    values = {}
    for target in about["targets"]:
        (name,) = target["files"]
        with np.load(HERE / "data" / name) as inputs:
            values[target["slug"]] = predict(**inputs)
    path = HERE / "predictions.npz"
    np.savez_compressed(path, **values)
    return path


if __name__ == "__main__":
    print(main())
