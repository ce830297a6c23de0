"""A challenge of 10 GB out of one site and into another: ``python -m bench.bundles``.

Made on purpose, never by the ordinary tests: it takes minutes, and as much room in a temporary
folder as three times the answers. The answers are mostly holes of the file system; each step is
what an organizer or operator runs, in a process of its own, whose largest memory the kernel tells.
In the end every answer and the entry must be, bit for bit, what they were in the beginning.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

ROOT = Path(__file__).resolve().parent.parent
PIECE = 2**20
COLUMNS = 1_000
SHARES = {"broad": 0.42, "deep": 0.42, "entered": 0.08}  # of all; the entry is as large as the last
SITE = "bench.bundles_site"
BUNDLE = """\
bundle: 1
challenge:
  slug: large-fields
  title: Large fields
  summary: Three fields, too large to be held in memory.
  domain_question: How does the field go on?
  ml_task: Predict arrays.
  domain_primer: A field has a value at each place.
  ml_primer: The error is a distance.
  data_statement: Mostly zeros.
  ethics: No risk known.
  licence: CC0-1.0
artifacts:
  - kind: target-set
    slug: large-fields-made
    title: Large fields
    summary: Made for measuring.
    contributors: [{user: ada}]
rounds:
  - slug: first
    title: First round
    task: Predict the fields.
    opens_at: %(opens)s
    closes_at: %(closes)s
    embargo: Nothing is held back.
    upload_limit_bytes: %(limit)d
    targets: {table: targets.csv}
    metrics: [{metric: nrmse, is_primary: true, parameters: {layout: tx}}]
    references: {folder: secret}
    files: [{path: inputs.csv}]
    target_set: large-fields-made/1
"""


@dataclass
class Step:
    """One command: how long it took and the most memory that one of its processes held."""

    name: str
    seconds: float
    peak_bytes: int
    out: str = ""


@dataclass
class Run:
    """A temporary folder with two sites in it, and what was measured."""

    folder: Path
    steps: list[Step] = field(default_factory=list)

    def step(self, name: str, *words: str, site: str) -> Step:
        """Run a command of Python for one of the two sites, its progress on our stderr."""
        say(f"{name} ...")
        home = self.folder / site
        home.mkdir(exist_ok=True)
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=_environ(home, self.folder),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{name} ended with {process.returncode}.\n{out}")
        made = Step(name, time.monotonic() - started, used.ru_maxrss * 1024, out)
        self.steps.append(made)
        say(f"{name}: {made.seconds:.0f} s, {made.peak_bytes / 1e6:.0f} MB")
        return made


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.bundles", description=__doc__)
    parser.add_argument("--gb", type=float, default=10.5, help="answers and entry together (10.5)")
    parser.add_argument("--zip", action="store_true", help="export an archive, not a folder")
    parser.add_argument("--folder", type=Path, help="where to make the temporary folder")
    arguments = parser.parse_args()
    size = int(arguments.gb * 1e9)
    free = shutil.disk_usage(arguments.folder or tempfile.gettempdir()).free
    if free < 3 * size:
        raise SystemExit(f"{3 * size / 1e9:.0f} GB must be free; {free / 1e9:.0f} GB are.")
    with tempfile.TemporaryDirectory(prefix="heldout-bench-", dir=arguments.folder) as folder:
        return measure(Run(Path(folder)), size=size, archive=arguments.zip)


def measure(run: Run, *, size: int, archive: bool) -> int:
    """Take the challenge through both sites; 1 if a bit is another one in the end."""
    before = write_bundle(run.folder / "bundle", size=size)
    entry, before["entry"] = write_entry(run.folder, rows=_rows(size, "entered"))
    for site in ("from", "to"):
        run.step(f"empty site ({site})", "-m", SITE, "begin", site=site)
    run.step("import", *_import(run.folder / "bundle"), site="from")
    run.step("publish and hand in", "-m", SITE, "enter", str(entry), site="from")
    entry.unlink()
    out = run.folder / ("out.zip" if archive else "out")
    words = ("large-fields", f"--out={out}", "--with-answers", "--with-entries")
    run.step("export", "manage.py", "bundle_export", *words, site="from")
    shutil.rmtree(run.folder / "from")  # its files are as large as all that follows
    exported = digests_of(out)
    run.step("import again", *_import(out), site="to")
    told = run.step("read what is stored", "-m", SITE, "digests", site="to")
    stored = json.loads(told.out)
    total = sum(path.stat().st_size for path in (run.folder / "bundle/secret").iterdir())
    print(f"\n{total / 1e9:.2f} GB of answers, an entry of {size * 0.08 / 1e9:.2f} GB\n")
    print("| step | time | largest memory |\n| --- | ---: | ---: |")
    for step in run.steps:
        print(f"| {step.name} | {step.seconds:.0f} s | {step.peak_bytes / 1e6:.0f} MB |")
    wrong = [name for name in before if exported.get(name) != before[name]]
    wrong += [name for name in SHARES if stored.get(name) != before[name]]
    print(f"\nNot bit for bit the same: {', '.join(wrong) or 'nothing'}.")
    return 1 if wrong else 0


def write_bundle(folder: Path, *, size: int) -> dict[str, str]:
    """Write the challenge with answers mostly of holes; return the digest of each."""
    (folder / "secret").mkdir(parents=True)
    now = datetime.now(UTC).replace(microsecond=0)
    dates = {"opens": now - timedelta(days=1), "closes": now + timedelta(days=9)}
    text = {name: when.isoformat() for name, when in dates.items()}
    limit = int(size * SHARES["entered"]) + 2**20
    (folder / "challenge.yaml").write_text(BUNDLE % {**text, "limit": limit})
    lines = [f"{name},Large.,{_rows(size, name)}x{COLUMNS}\n" for name in SHARES]
    (folder / "targets.csv").write_text("slug,summary,shape\n" + "".join(lines))
    (folder / "inputs.csv").write_text("target,colour\nbroad,red\n")
    for seed, name in enumerate(SHARES):
        path = folder / f"secret/{name}.npy"
        write_sparse(path, rows=_rows(size, name), seed=seed)
    return {name: _digest(folder / f"secret/{name}.npy") for name in SHARES}


def write_sparse(path: Path, *, rows: int, seed: int) -> None:
    """Write an array with something to see in every hundredth piece and at both ends."""
    draws = np.random.default_rng(seed)
    with path.open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (rows, COLUMNS)}
        npy.write_array_header_1_0(file, header)
        first, length = file.tell(), rows * COLUMNS * 8
        file.truncate(first + length)
        for at in [*range(0, length, 100 * PIECE), length - 8 * COLUMNS]:
            file.seek(first + at)
            file.write(draws.normal(size=COLUMNS).tobytes())


def write_entry(folder: Path, *, rows: int) -> tuple[Path, str]:
    """Write a prediction of the smallest target; the one real file of the beginning."""
    array, made = folder / "entered.npy", folder / "entry.npz"
    write_sparse(array, rows=rows, seed=9)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        archive.write(array, "entered.npy")
    array.unlink()
    return made, _digest(made)


def digests_of(out: Path) -> dict[str, str]:
    """Return the digests of answers and entry in an exported bundle."""
    if out.is_dir():
        found = {str(path.relative_to(out)): path for path in out.rglob("*") if path.is_file()}
        return {_short(name): _digest(path) for name, path in found.items() if _short(name)}
    with zipfile.ZipFile(out) as archive:
        made = {}
        for name in filter(_short, archive.namelist()):
            with archive.open(name) as member:
                made[_short(name)] = _digest_of(member)
        return made


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _import(path: Path) -> tuple[str, ...]:
    return ("manage.py", "bundle_import", str(path), "--by=ada")


def _rows(size: int, name: str) -> int:
    return int(size * SHARES[name]) // (8 * COLUMNS)


def _short(name: str) -> str:
    """Return the target of an answer, `entry` for the entry, nothing for another file."""
    if "/answers/" in name:
        return Path(name).stem
    return "entry" if "/entries/" in name else ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(stream: object) -> str:
    return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


def _environ(home: Path, scratch: Path) -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HELDOUT_HOME": str(home),
        "TMPDIR": str(scratch),
        "SECRET_KEY": "for measuring, on a site that is gone in a minute",
        "HTTPS": "0",
        "BROKER_URL": "memory://",
        "LOG_LEVEL": "ERROR",
    }


if __name__ == "__main__":
    sys.exit(main())
