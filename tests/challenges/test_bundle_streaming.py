"""A bundle with a large answer goes in and out piece by piece, telling how far it is."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from numpy.lib import format as npy

from challenges.models import Reference
from challenges.services.bundles import import_whole_bundle
from challenges.services.bundles.progress import progress_lines
from heldout.bundle.sink import open_sink
from tests.challenges.builders import person
from tests.rehearsal.bundles import CHARTER, round_text, write

pytestmark = pytest.mark.django_db

ROWS, COLUMNS = 37_500, 1_000  # of float64: 300 MB
SIZE = ROWS * COLUMNS * 8
AT_MOST = 48 * 2**20


def sparse_npy(path: Path, *, rows: int = ROWS, columns: int = COLUMNS) -> None:
    """Write zeros as a hole of the file system: large to read, small to keep."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (rows, columns)}
        npy.write_array_header_1_0(file, header)
        file.truncate(file.tell() + rows * columns * 8)


def large_bundle(folder: Path) -> Path:
    text = CHARTER + round_text(
        "large",
        reader="npz",
        targets=f"[{{slug: big, shape: [{ROWS}, {COLUMNS}], summary: Large.}}]",
        metrics="[{metric: nrmse, is_primary: true, parameters: {layout: tx}}]",
        references="{folder: secret/answers}",
    )
    write(folder, text)
    sparse_npy(folder / "secret/answers/big.npy")
    return folder


def zipped(folder: Path, out: Path) -> Path:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, str(path.relative_to(folder)))
    return out


def as_npz(folder: Path) -> Path:
    """Pack the answers into one stored archive of arrays."""
    with zipfile.ZipFile(folder / "secret/answers.npz", "w", zipfile.ZIP_STORED) as archive:
        archive.write(folder / "secret/answers/big.npy", "big.npy")
    text = (
        (folder / "challenge.yaml")
        .read_text()
        .replace("folder: secret/answers", "npz: secret/answers.npz")
    )
    (folder / "challenge.yaml").write_text(text)
    return folder


def peak_of(act: Callable[[], object]) -> int:
    """Return the most memory that was held at once, NumPy's included."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["folder", "zip", "npz"])
def test_a_large_answer_is_never_held_in_memory(tmp_path: Path, kind: str) -> None:
    ada = person("ada")
    bundle = large_bundle(tmp_path / "bundle")
    if kind == "zip":
        bundle = zipped(bundle, tmp_path / "bundle.zip")
    elif kind == "npz":
        bundle = as_npz(bundle)
    seen: list[tuple[str, int, int]] = []
    peak = peak_of(
        lambda: import_whole_bundle(bundle, by=ada, progress=lambda *told: seen.append(told))
    )
    assert peak < AT_MOST
    reference = Reference.objects.get()
    assert (reference.shape, reference.size_bytes) == ([ROWS, COLUMNS], SIZE + 128)
    name = "secret/answers.npz" if kind == "npz" else "secret/answers/big.npy"
    counts = [done for told, done, _ in seen if told == name]
    assert max(counts) >= SIZE
    assert len(counts) > 10
    out = tmp_path / ("out.zip" if kind == "zip" else "out")
    told = io.StringIO()
    peak = peak_of(
        lambda: call_command(
            "bundle_export", "numbers", f"--out={out}", "--with-answers", stderr=told, verbosity=0
        )
    )
    assert peak < AT_MOST
    assert out.exists()


def test_progress_is_a_line_every_few_seconds(tmp_path: Path) -> None:
    out, moment = io.StringIO(), [0.0]
    told = progress_lines(out, every_s=5, clock=lambda: moment[0])
    told("a.npy", 10**9, 4 * 10**9)
    assert out.getvalue() == ""  # who waits shortly is told nothing
    moment[0] = 6.0
    told("a.npy", 2 * 10**9, 4 * 10**9)
    told("a.npy", 3 * 10**9, 4 * 10**9)
    assert out.getvalue() == "a.npy: 2.00 of 4.00 GB (50 %)"
    moment[0] = 12.0
    told("b.npy", 5 * 10**8, 0)
    assert out.getvalue().endswith("b.npy: 0.50 GB")


def test_what_is_written_is_told_too(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with open_sink(tmp_path / "out", progress=lambda *told: seen.append(told)) as sink:
        sink.add("a.bin", io.BytesIO(np.zeros(3 * 2**17).tobytes()))
    assert [done for _, done, _ in seen] == [2**20, 2 * 2**20, 3 * 2**20]
    assert {size for _, _, size in seen} == {3 * 2**20}
