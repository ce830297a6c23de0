"""The texts of a generic starter kit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MOST_ROWS = 40

BASELINE = '''\
"""A prediction for every target that is of the right form: the place for your own idea.

Run `python baseline.py`; it writes PREDICTIONS.
"""

import json
from pathlib import Path

import numpy as np

from heldout.prediction_files import start_value, write_predictions

HERE = Path(__file__).resolve().parent


def predict(target, files):
    """Return a number or an array of the target's shape; `files` are its input files.

    This one says the same everywhere: the number nearest to zero that the bounds allow.
    """
    shape = [1 if length is None else length for length in target["shape"]]
    return np.full(shape, start_value(target))


def main():
    about = json.loads((HERE / "round.json").read_text(encoding="utf-8"))
    declared = json.loads((HERE / "format.json").read_text(encoding="utf-8"))
    values = {}
    for target in about["targets"]:
        if target["cancelled_at"] is None:
            files = [HERE / "data" / name for name in target["files"]]
            values[target["slug"]] = predict(target, files)
    return write_predictions(HERE / "PREDICTIONS", values, declared)


if __name__ == "__main__":
    print(main())
'''

LOOK = """\
for path in sorted(Path("data").iterdir()):
    print(f"{path.name:40} {path.stat().st_size:>12,} bytes")
round_.targets"""


def baseline_from_template(template: str, predictions: str) -> str:
    """Return a baseline that hands the organizers' template in."""
    return f'''\
"""The organizers' template, handed in as it is: the place for your own idea.

Run `python baseline.py`; it writes {predictions}.
"""

import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main():
    return Path(shutil.copyfile(HERE / {template!r}, HERE / {predictions!r}))


if __name__ == "__main__":
    print(main())
'''


def readme(
    round_: dict[str, Any],
    targets: Sequence[dict[str, Any]],
    *,
    template: str,
    predictions: str,
    has_baseline: bool,
) -> str:
    """Return the page that explains a kit."""
    parts = [
        f"# {round_['title']} ({round_['name']})",
        round_["task"].strip(),
        _dates(round_),
        "## What is here\n" + _files(template, has_baseline=has_baseline),
        "## What to do\n" + _steps(round_["name"], predictions, has_baseline=has_baseline),
        "## The targets\n" + _targets(targets),
        f"The file is read by `{round_['reader']}`; `format.json` says how it is set up.",
    ]
    return "\n\n".join(parts) + "\n"


def _dates(round_: dict[str, Any]) -> str:
    limit = f"{round_['upload_limit_bytes'] / 1e6:g} MB"
    return (
        f"Server: {round_['server']}. Closes: {round_['closes_at']}. "
        f"At most {round_['submissions_per_day']} submissions a day, files of at most {limit}."
    )


def _files(template: str, *, has_baseline: bool) -> str:
    lines = [
        "- `data/`: the inputs of the targets and the data that the round offers",
        "- `round.json`, `format.json`: the round, its targets, and the form of a prediction file",
    ]
    if template:
        lines.append(f"- `{template}`: a file of the right form")
    if has_baseline:
        lines += [
            "- `baseline.py`: writes a prediction; change its `predict`",
            "- `start.ipynb`: the same as a notebook, from the data to the score",
        ]
    else:
        lines.append(
            "- There is no template and no baseline: files of this format are not made of arrays "
            "or numbers alone, and the organizers offer none."
        )
    return "\n".join(lines)


def _steps(name: str, predictions: str, *, has_baseline: bool) -> str:
    file = predictions or "YOUR-FILE"
    commands = [
        *(["python baseline.py"] if has_baseline else []),
        f"heldout validate {file}",
        f'heldout submit {name} {file} --method "My first try" --wait',
    ]
    return "```\n" + "\n".join(commands) + "\n```\nOnce before: `heldout login`."


def _targets(targets: Sequence[dict[str, Any]]) -> str:
    rows = [
        f"| {target['slug']} | {_shape(target['shape'])} | {_bounds(target)} | "
        f"{', '.join(target['files'])} |"
        for target in targets[:MOST_ROWS]
    ]
    left = len(targets) - MOST_ROWS
    if left > 0:
        rows.append(f"\n... and {left} more in `round.json`.")
    return "\n".join(["| target | shape | bounds | inputs |", "|---|---|---|---|", *rows])


def _shape(shape: Sequence[int | None]) -> str:
    return " x ".join("any" if each is None else str(each) for each in shape) or "one number"


def _bounds(target: dict[str, Any]) -> str:
    low, high = target["low"], target["high"]
    if low is None and high is None:
        return ""
    return f"{'' if low is None else low} ... {'' if high is None else high}"
