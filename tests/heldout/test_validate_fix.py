import json

import h5py
import numpy as np
import pytest

from tests.challenges.bundle_files import answers, files, npz, write_folder, write_zip

CSV = ["validate", "--reader", "csv", "--target", "p1", "--target", "p2"]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("target;value\nP1;1,5\nP2;2,25\n")
    return path


def test_problems_come_with_how_a_machine_would_mend_them(run, table):
    code, out, _ = run(*CSV, table)
    assert code == 3
    assert "there is no column 'target'" in out
    assert "DELIMITER" in out
    assert "'P1' -> 'p1'" in out
    code, out, _ = run(*CSV, table, "--json")
    content = json.loads(out)
    assert [each["code"] for each in content["suggestions"]] == [
        *("DELIMITER", "ID_SPELLING", "DECIMAL_COMMA"),
    ]
    assert content["suggestions"][2]["changes"][0] == ["1,5", "1.5"]


def test_fix_writes_a_new_file_that_is_in_order_and_leaves_the_old_one(run, table, tmp_path):
    before = table.read_bytes()
    code, out, _ = run(*CSV, table, "--fix", tmp_path / "mended.csv")
    assert code == 0
    assert "2 of 2 targets answered" in out
    assert table.read_bytes() == before
    assert (tmp_path / "mended.csv").read_text() == "target,value\np1,1.5\np2,2.25\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mended.csv", "p.csv"]


def test_fix_never_writes_over_a_file(run, table):
    before = table.read_bytes()
    code, _, err = run(*CSV, table, "--fix", table)
    assert code == 2
    assert "nothing is overwritten" in err
    assert table.read_bytes() == before


def test_what_cannot_be_mended_is_told_after_the_rest_is(run, table, tmp_path):
    table.write_text("target;value\nP1;1,5\np9;2,25\n")
    code, out, _ = run(*CSV, table, "--fix", tmp_path / "mended.csv", "--json")
    content = json.loads(out)
    assert code == 3
    assert content["written"] == str(tmp_path / "mended.csv")
    assert [problem["code"] for problem in content["problems"]] == ["UNKNOWN_TARGET"]


def test_damage_found_while_mending_is_told_and_leaves_no_file(run, tmp_path):
    content = bytearray(npz({"u": np.ones((300, 200))}))
    content[content.index(np.float64(1.0).tobytes()) + 6] ^= 1
    (tmp_path / "p.npz").write_bytes(bytes(content))
    order = ["validate", "--reader", "npz", "--target", "u:200x300", tmp_path / "p.npz"]
    code, out, err = run(*order, "--fix", tmp_path / "m.npz")
    assert (code, out) == (2, "")
    assert "the file is damaged" in err
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


def test_good_file_needs_no_fix_and_none_is_written(run, table, tmp_path):
    table.write_text("target,value\np1,1.5\np2,2.25\n")
    code, out, _ = run(*CSV, table, "--fix", tmp_path / "mended.csv")
    assert code == 0
    assert "Nothing is written" in out
    assert not (tmp_path / "mended.csv").exists()


def test_a_guess_waits_for_the_person(run, tmp_path):
    np.save(tmp_path / "p.npy", np.arange(6.0))
    order = ["validate", "--reader", "npy", "--target", "u:2x3", tmp_path / "p.npy"]
    code, out, _ = run(*order, "--fix", tmp_path / "m.npy")
    assert code == 3
    assert "not done by itself: --accept RESHAPE" in out
    assert not (tmp_path / "m.npy").exists()
    code, _, err = run(*order, "--fix", tmp_path / "m.npy", "--accept", "AXES")
    assert (code, err.strip()[-18:]) == (2, "say --accept RESHAPE"[-18:])
    code, _, _ = run(*order, "--fix", tmp_path / "m.npy", "--accept", "RESHAPE")
    assert code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "m.npy"), np.arange(6.0).reshape(2, 3))


def test_axes_and_unit_are_said_on_the_command_line(run, tmp_path):
    square = np.arange(4.0).reshape(2, 2)
    np.save(tmp_path / "p.npy", square)
    units = 'units={"unit": "m", "accepts": {"km": 1000}}'
    code, _, _ = run(
        *("validate", "--reader", "npy", "--target", "u:2x2", "--option", units),
        *(tmp_path / "p.npy", "--fix", tmp_path / "m.npy", "--axes", "1,0", "--unit", "km"),
    )
    assert code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "m.npy"), 1000 * square.T)


def test_hdf5_file_in_another_unit_is_told_of_and_mended_on_request_only(run, tmp_path):
    with h5py.File(tmp_path / "p.h5", "w") as file:
        file.create_dataset("u", data=[1.0, 2.0]).attrs["units"] = "km"
    units = 'units={"unit": "m", "accepts": {"km": 1000}}'
    order = ["validate", "--reader", "hdf5", "--target", "u:2", "--option", units]
    code, out, _ = run(*order, tmp_path / "p.h5")
    assert code == 0
    assert "u: 1 km -> 1000 m" in out
    assert run(*order, tmp_path / "p.h5", "--fix", tmp_path / "m.h5")[0] == 0
    with h5py.File(tmp_path / "m.h5") as mended:
        assert mended["u"][:].tolist() == [1000.0, 2000.0]
        assert mended["u"].attrs["units"] == "m"
    assert run(*order, tmp_path / "m.h5")[1].strip().count("\n") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.h5", "p.h5"]


@pytest.mark.parametrize("packed", [False, True])
def test_file_is_checked_and_mended_by_a_bundle(run, tmp_path, packed):
    bundle = tmp_path / ("b.zip" if packed else "b")
    (write_zip if packed else write_folder)(bundle, files())
    good = answers()
    (tmp_path / "p.npz").write_bytes(npz(good))
    assert run("validate", "--bundle", bundle, tmp_path / "p.npz")[0] == 0
    (tmp_path / "t.npz").write_bytes(npz({slug: array.T for slug, array in good.items()}))
    order = ["validate", "--bundle", bundle, "--round", "first", tmp_path / "t.npz"]
    assert run(*order)[0] == 3
    assert run(*order, "--fix", tmp_path / "m.npz")[0] == 0
    with np.load(tmp_path / "m.npz") as mended:
        assert all(np.array_equal(mended[slug], array) for slug, array in good.items())
