"""Bundles as zip archives that somebody made with care, or with malice."""

from __future__ import annotations

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from heldout.bundle.errors import BundleError
from heldout.bundle.source import open_source
from tests.challenges.bundle_files import files, write_zip


def read_all(path: Path) -> None:
    with open_source(path) as source:
        for name in ("challenge.yaml", "big", "damaged"):
            if source.has(name):
                source.open(name).close()


def refusal_of(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        read_all(path)
    return str(caught.value)


@pytest.mark.parametrize("top", ["", "waves/"])
def test_one_top_folder_is_looked_through(tmp_path: Path, top: str) -> None:
    with open_source(write_zip(tmp_path / "b.zip", files(), top=top)) as source:
        assert source.has("challenge.yaml")
        assert source.names_in("inputs") == ["inputs/grid.csv", "inputs/u1.csv", "inputs/u2.csv"]
        with source.open("inputs/grid.csv") as handle:
            assert (handle.read(), handle.seek(0), handle.read(1)) == (b"x\n0\n", 0, b"x")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a\\..\\x", "C:/x"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "b.zip", {"challenge.yaml": b"", name: b"x"})
    assert "leads out of the bundle" in refusal_of(path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        link = zipfile.ZipInfo("challenge.yaml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "is a link or a device" in refusal_of(tmp_path / "b.zip")


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "b.zip", {"challenge.yaml": b"a", "Challenge.yaml": b"b"})
    assert "is there twice" in refusal_of(path)


def test_a_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "b.zip", {"challenge.yaml": b"", "big": bytes(40 * 1024**2)})
    assert "unpacks to far more" in refusal_of(path)


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "b.zip", {"challenge.yaml": b"x"})
    content = bytearray(path.read_bytes())
    for marker, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = content.index(marker) + offset
        struct.pack_into("<H", content, place, 1)
    path.write_bytes(content)
    assert "is encrypted" in refusal_of(path)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("challenge.yaml", b"fine")
        archive.writestr("damaged", b"original content")
    content = (tmp_path / "b.zip").read_bytes().replace(b"original", b"tampered")
    (tmp_path / "b.zip").write_bytes(content)
    assert "the file damaged in it is damaged" in refusal_of(tmp_path / "b.zip")


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heldout.bundle.source.MAX_FILES", 3)
    path = write_zip(tmp_path / "b.zip", files())
    assert "holds 7 files, more than 3" in refusal_of(path)
