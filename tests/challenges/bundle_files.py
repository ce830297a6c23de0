"""A bundle that uses every key, as an organizer would write it by hand."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

CHALLENGE = """\
bundle: 1
challenge:
  slug: waves
  title: Waves
  summary: How do waves steepen?
  domain_question: {file: charter/domain.md}
  ml_task: |
    Predict the field at later times.
  domain_primer: A wave steepens where its crest is faster than its foot.
  ml_primer: The error is relative, and says nothing of where it is.
  data_statement: Computed with a solver.
  ethics: No risk known.
  licence: CC-BY-4.0
  people:
    - {user: bob, role: organizer}
artifacts:
  - kind: dataset
    slug: wave-runs
    version: 1.10
    title: Wave runs
    summary: Many runs. Good for training.
    licence: CC-BY-4.0
    files:
      - {path: data/runs.csv, description: All runs, media_type: text/csv}
    contributors:
      - {user: ada, share_bp: 7000, roles: [data-curation, software]}
      - {name: C. Doe, orcid: 0000-0002-1825-0097, share_bp: 3000}
  - kind: dataset
    slug: wave-runs-smooth
    title: Smooth wave runs
    summary: Filtered. Good for training.
    origin: derived
    licence: CC-BY-4.0
    inputs:
      - {artifact: wave-runs/1.10, relation: derived-from, use: filtered}
    contributors:
      - user: bob
  - kind: target-set
    slug: wave-targets
    title: Wave targets
    summary: Two fields. Held out.
    contributors: [{user: ada}, {user: bob}]
rounds:
  - slug: first
    title: First round
    task: Predict the fields.
    embargo: Results stay with their teams until the reveal.
    design_items: {mission: A candidate for larger solvers., awards: None.}
    opens_at: 2099-01-01T00:00:00Z
    closes_at: 2099-02-01T00:00:00+01:00
    reader: npz
    reader_options: {require_all: true}
    upload_limit_bytes: 1000000
    submissions_per_day: 3
    missing_policy: worst
    missing_penalty: 1
    tie_tolerance: 1e-9
    near_duplicate_percent: 2.5
    bootstrap_resamples: 500
    bootstrap_seed: 7
    perfect_value: 0
    targets:
      - slug: u1
        title: Gentle
        summary: A gentle wave.
        shape: [2, 8]
        low: -10
        high: 10
        weight: 2
        evaluation_units: 3
        classes: [smooth]
        family: gentle
        commentary: Everybody got this one.
        opens_at: 2099-01-02T00:00:00Z
        closes_at: 2099-01-20T00:00:00Z
        input: inputs/u1.csv
      - {slug: u2, shape: 2x8, classes: steep; shock}
    metrics:
      - {key: nrmse, metric: nrmse, parameters: {layout: tx}, is_primary: true, label: nRMSE}
      - {metric: max_error, parameters: {layout: tx}, version: 1, aggregate: median}
    references:
      npz: secret/answers.npz
    files:
      - {path: inputs/u2.csv, name: second.csv, target: u2, description: Input of u2}
      - {path: inputs/grid.csv}
    target_set: wave-targets/1
    offered_data: [wave-runs/1.10, wave-runs-smooth/1]
"""


def answers() -> dict[str, np.ndarray]:
    return {"u1": np.linspace(0, 1, 16).reshape(2, 8), "u2": np.linspace(1, 3, 16).reshape(2, 8)}


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def files(text: str = CHALLENGE) -> dict[str, bytes]:
    """Return the bundle's files by name."""
    return {
        "challenge.yaml": text.encode(),
        "charter/domain.md": b"Why do they break?\n",
        "data/runs.csv": b"run,value\n1,2\n",
        "inputs/u1.csv": b"x,u\n0,1\n",
        "inputs/u2.csv": b"x,u\n0,2\n",
        "inputs/grid.csv": b"x\n0\n",
        "secret/answers.npz": npz(answers()),
    }


def write_folder(root: Path, content: dict[str, bytes]) -> Path:
    """Write the files under `root`."""
    for name, data in content.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def write_zip(path: Path, content: dict[str, bytes], *, top: str = "") -> Path:
    """Write the files as a zip archive, below the folder `top` if there is one."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(top + name, data)
    return path


def line_of(text: str, part: str, *, number: int = 1) -> int:
    """Return the line on which `part` stands, the `number`-th time."""
    lines = [index for index, line in enumerate(text.splitlines(), 1) if part in line]
    return lines[number - 1]
