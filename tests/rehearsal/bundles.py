"""Bundles with mistakes planted in them, one for each thing that a rehearsal must find."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from tests.challenges.bundle_files import npz, write_folder

NUMBERS = {f"m{i}": float(v) for i, v in enumerate((3.1, -2.2, 0.7, 5.9, -4.4, 1.6, 8.3, -0.9), 1)}
CHARTER = """\
bundle: 1
challenge:
  slug: numbers
  title: Numbers
  summary: Predict some numbers.
  domain_question: Which numbers are they?
  ml_task: Predict them.
  domain_primer: A number is what one counts with.
  ml_primer: The error is a distance.
  data_statement: Counted twice.
  ethics: No risk known.
  licence: CC-BY-4.0
artifacts:
  - kind: target-set
    slug: numbers-counted
    title: Numbers
    summary: Counted by hand.
    contributors: [{name: C. Doe}]
rounds:
"""
ROUND: dict[str, str] = {
    "title": "A round",
    "task": "Predict the numbers.",
    "embargo": "Nothing is held back.",
    "opens_at": "2099-01-01T00:00:00Z",
    "closes_at": "2099-02-01T00:00:00Z",
    "reader": "csv",
    "bootstrap_resamples": "100",
    "targets": "{table: targets.csv}",
    "metrics": "[{metric: absolute_error, is_primary: true}]",
    "references": "{csv: secret/answers.csv}",
    "files": "[{path: inputs.csv}]",
    "target_set": "numbers-counted/1",
}


def round_text(slug: str, **changes: str) -> str:
    """Write a round; an empty value leaves its key out."""
    keys = {key: value for key, value in (ROUND | changes).items() if value}
    return "".join([f"  - slug: {slug}\n", *(f"    {k}: {v}\n" for k, v in keys.items())])


def table(values: dict[str, Any]) -> bytes:
    return "".join(["target,value\n", *(f"{k},{v}\n" for k, v in values.items())]).encode()


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array, dtype=float))
    return buffer.getvalue()


def write(folder: Path, text: str, **more: bytes) -> Path:
    """Write a bundle with the files that its rounds name; `more` replaces or adds some."""
    slugs = list(NUMBERS)
    late = "slug,summary,opens_at,closes_at\n" + "".join(
        f"{slug},Counted.,2099-01-{1 + 3 * i:02d}T00:00:00Z,2099-01-{3 + 3 * i:02d}T00:00:00Z\n"
        for i, slug in enumerate(slugs)
    )
    content = {
        "challenge.yaml": text.encode(),
        "targets.csv": ("slug,summary\n" + "".join(f"{s},Counted.\n" for s in slugs)).encode(),
        "apart.csv": late.encode(),
        "inputs.csv": b"target,colour\nm1,red\n",
        "secret/answers.csv": table(NUMBERS),
    }
    return write_folder(folder, content | {name: data for name, data in more.items()})


FIELD = np.sin(np.linspace(0, 5, 40)).round(5)
# Each mistake stands in a line of its own, so that its line can be asked for.
SETUP = (
    CHARTER.replace("  licence: CC-BY-4.0\n", "  licence: ''\n")
    + """\
  - slug: fields
    title: Fields
    task: Predict the fields.
    embargo: Nothing is held back.
    opens_at: 2099-01-01T00:00:00Z
    closes_at: 2099-02-01T00:00:00Z
    reader: npz
    reader_options: {require_all: true}
    targets:
      - slug: u1
        shape: [40]
        weight: 0
        closes_at: 2099-01-10T00:00:00Z
      - slug: flat
        shape: [40]
        opens_at: 2099-01-20T00:00:00Z
      - slug: never
        shape: [40]
        opens_at: 2099-03-01T00:00:00Z
        closes_at: 2099-03-02T00:00:00Z
    metrics: [{metric: rmse, is_primary: true}]
    references: {npz: secret/fields.npz}
    files:
      - path: secret/fields.npz
      - path: inputs/history.npz
      - path: inputs/table.csv
      - path: template.npz
    target_set: numbers-counted/1
"""
    + round_text("past", closes_at="2020-02-01T00:00:00Z", opens_at="2020-01-01T00:00:00Z")
)


def setup_bundle(folder: Path) -> Path:
    arrays = {"u1": FIELD, "flat": np.full(40, 2.5), "never": FIELD**2 + 1}
    more = {
        "secret/fields.npz": npz(arrays),
        "inputs/history.npz": npz({"past": np.arange(50.0), "oops": np.append(0.5, FIELD)}),
        "inputs/table.csv": "\n".join(f"{i},{v!r}" for i, v in enumerate(FIELD)).encode(),
        "template.npz": npz({slug: np.zeros(41) for slug in arrays}),
    }
    return write(folder, SETUP, **more)


IMPORT = (
    CHARTER
    + round_text("typo", reader_options="{id_colum: target}")
    + round_text("backward", closes_at="2098-12-01T00:00:00Z")
    + round_text("penalty", missing_policy="worst")
    + round_text("parameter", metrics="[{metric: absolute_error, parameters: {scale: 2}}]")
    + round_text("key", deadline="2099-02-01T00:00:00Z")
)
ANSWERS = (
    CHARTER
    + round_text("gap", references="{csv: secret/gap.csv}")
    + round_text("bounds", targets="{table: bounds.csv}")
)


def import_bundle(folder: Path) -> Path:
    return write(folder, IMPORT)


def answers_bundle(folder: Path) -> Path:
    bounds = "slug,summary,low,high\n" + "".join(f"{s},Counted.,0,4\n" for s in NUMBERS)
    more = {"secret/gap.csv": table(NUMBERS | {"m3": "nan"}), "bounds.csv": bounds.encode()}
    return write(folder, ANSWERS, **more)


TRACKS = CHARTER + round_text(
    "staged",
    upload_replaces="answers",
    tracks="[{slug: server, title: Server, target_hours: 72}, {slug: human, title: Human}]",
    schedule='{days_open: 10, per_release: 4, at: "12:00"}',
)
HELD = (
    CHARTER
    + round_text("ceiling", perfect_value="-5")
    + round_text("tied", tie_tolerance="1000")
    + round_text("direction", metrics="[{metric: closeness, is_primary: true}]")
    + round_text("blind", metrics="[{metric: size, is_primary: true}]")
)
RULES = (
    CHARTER
    + round_text("cheap", missing_policy="worst", missing_penalty="0")
    + round_text("skip", missing_policy="skip")
    + round_text("apart", targets="{table: apart.csv}")
    + round_text("small", upload_limit_bytes="20")
    + round_text(
        "undefined",
        reader="npz",
        targets="[{slug: zero, shape: [40], summary: Off.}, {slug: on, shape: [40], summary: On.}]",
        metrics="[{metric: nrmse, is_primary: true, parameters: {layout: x}}]",
        references="{npz: secret/zero.npz}",
    )
    + round_text("same", references="{csv: secret/same.csv}")
)


def held_bundle(folder: Path) -> Path:
    return write(folder, HELD)


def rules_bundle(folder: Path) -> Path:
    more = {
        "secret/zero.npz": npz({"zero": np.zeros(40), "on": FIELD}),
        "secret/same.csv": table(dict.fromkeys(NUMBERS, 1.5)),
    }
    return write(folder, RULES, **more)


def tracks_bundle(folder: Path) -> Path:
    return write(folder, TRACKS)
