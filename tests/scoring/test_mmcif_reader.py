"""mmCIF files as programs write them, and as they should not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.contract import TargetSpec
from scoring.errors import PredictionFormatError
from tests.scoring.files import codes_of, problems_of, read, zip_bytes
from tests.scoring.structures import chain, cif_rows, cif_text

POINTS = chain(np.random.default_rng(1), 5)
TARGET = TargetSpec("t1", (5, 3))
TWO = (TARGET, TargetSpec("t2", (5, 3)))


def coordinates(text, *, targets=(TARGET,), **options):
    return read("mmcif", text.encode(), targets, **options).sources["t1"].read()


def codes(text, *, targets=(TARGET,), **options):
    return codes_of("mmcif", text.encode(), targets, **options)


def test_a_plain_loop_gives_the_coordinates():
    np.testing.assert_array_equal(coordinates(cif_text(cif_rows(POINTS))), POINTS)


def test_everything_else_that_cif_allows_is_read_over():
    before = """# a comment with 'quotes
data_MODEL
_entry.id  "a 'model' of it"
_struct.title
;A text of
_atom_site.Cartn_x nan
loop_
; _struct.other 'it''s' # behind
loop_
_entity.id
_entity.details
1 'has an apostrophe's inside'
2
;text in a loop
;
"""
    table = cif_text(cif_rows(POINTS)).replace("data_model\n", before).replace("loop_", "LOOP_")
    after = "save_frame\n_x.y 1\nloop_\n_atom_type.symbol\nC\nN\n"
    np.testing.assert_array_equal(coordinates(table + after), POINTS)


def test_rows_may_be_broken_over_lines_and_names_may_be_of_any_case():
    table = cif_text(cif_rows(POINTS)).replace(" ALA A", "\n  ALA\nA").replace("Cartn", "CARTN")
    np.testing.assert_array_equal(coordinates(table), POINTS)


def test_a_single_atom_may_stand_outside_a_loop():
    (row,) = cif_rows(POINTS[:1])
    items = "\n".join(f"_atom_site.{name} {value}" for name, value in row.items())
    target = TargetSpec("t1", (1, 3))
    for rest in ("", "\ndata_next\n_x.y 1", "\nloop_\n_x.y\n1"):
        found = coordinates(f"data_x\n{items}{rest}\n", targets=[target])
        np.testing.assert_array_equal(found, POINTS[:1])


def test_quoted_atom_names_of_nucleotides():
    rows = cif_rows(POINTS, label_atom_id='"C3\'"', label_comp_id="A")
    options = {"atoms": ["C3'"], "residues": {"t1": {"sequence": "AAAAA"}}}
    np.testing.assert_array_equal(coordinates(cif_text(rows), **options), POINTS)


def test_identifiers_of_the_authors_or_of_the_dictionary():
    rows = cif_rows(POINTS, auth_asym_id="X")
    for number, row in enumerate(rows):
        row["auth_seq_id"] = str(100 + number)
    authors = {"t1": {"sequence": "AAAAA", "first": 100, "chain": "X"}}
    dictionary = {"t1": {"sequence": "AAAAA", "chain": "A"}}
    table = cif_text(rows)
    np.testing.assert_array_equal(coordinates(table, residues=authors), POINTS)
    found = coordinates(table, residues=dictionary, identifiers="label")
    np.testing.assert_array_equal(found, POINTS)
    for row in rows:
        del row["auth_asym_id"], row["auth_seq_id"]
    np.testing.assert_array_equal(coordinates(cif_text(rows), residues=dictionary), POINTS)


def test_columns_that_may_be_left_out():
    rows = cif_rows(POINTS)
    for row in rows:
        for name in ("group_PDB", "occupancy", "pdbx_PDB_ins_code", "pdbx_PDB_model_num"):
            del row[name]
    np.testing.assert_array_equal(coordinates(cif_text(rows)), POINTS)


@pytest.mark.parametrize("name", ["Cartn_y", "label_atom_id", "label_comp_id"])
def test_columns_that_may_not_be_left_out(name):
    rows = cif_rows(POINTS)
    for row in rows:
        del row[name]
    (found,) = problems_of("mmcif", cif_text(rows).encode(), [TARGET])
    assert found.code == "MISSING_COLUMN"
    assert f"_atom_site.{name}" in found.message


def test_model_and_alternate_positions():
    rows = [*cif_rows(POINTS), *cif_rows(POINTS + 1.0, pdbx_PDB_model_num="2")]
    np.testing.assert_array_equal(coordinates(cif_text(rows)), POINTS)
    np.testing.assert_allclose(coordinates(cif_text(rows), model=2), POINTS + 1.0)
    rows = [
        *cif_rows(POINTS, label_alt_id="A", occupancy="0.3"),
        *cif_rows(POINTS + 1.0, label_alt_id="B", occupancy="0.7"),
    ]
    np.testing.assert_allclose(coordinates(cif_text(rows)), POINTS + 1.0)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Cartn_x", "?", "MISSING_VALUE"),
        ("Cartn_y", ".", "MISSING_VALUE"),
        ("Cartn_z", "''", "MISSING_VALUE"),
        ("Cartn_x", "nan", "MISSING_VALUE"),
        ("Cartn_x", "inf", "NOT_FINITE"),
        ("Cartn_x", "1e400", "NOT_FINITE"),
        ("Cartn_x", "********", "NOT_A_NUMBER"),
        ("Cartn_x", "1.234(5)", "NOT_A_NUMBER"),
        ("Cartn_x", "1e9", "OUT_OF_RANGE"),
        ("occupancy", "full", "NOT_A_NUMBER"),
        ("auth_seq_id", ".", "BAD_NUMBER"),
        ("auth_seq_id", "9" * 5000, "BAD_NUMBER"),
    ],
)
def test_a_value_that_is_wrong_is_told_with_its_line(name, value, code):
    rows = cif_rows(POINTS)
    rows[1][name] = value
    (found,) = problems_of("mmcif", cif_text(rows).encode(), [TARGET])
    assert found.code == code
    assert found.where.startswith("line 23")
    assert found.remedy


def test_a_row_too_short_is_told_where_it_begins():
    table = cif_text(cif_rows(POINTS)).replace(" A 1\n#\n", "\n#\n")
    (found,) = problems_of("mmcif", table.encode(), [TARGET])
    assert (found.code, found.where) == ("BAD_ROW", "line 26")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("CA . ALA A 1 2", "'CA . ALA A 1 2", "BAD_QUOTES"),
        ("loop_", ";\nloop_", "OPEN_TEXT"),
        ("_atom_site.Cartn_y", "_atom_site.Cartn_x", "DUPLICATE_NAME"),
    ],
)
def test_broken_syntax_is_told(old, new, code):
    assert code in codes(cif_text(cif_rows(POINTS)).replace(old, new))


def test_numbering_and_duplicates_are_told_as_for_pdb():
    rows = cif_rows(POINTS)
    assert codes(cif_text([*rows, rows[0]])) == ["DUPLICATE_ATOM"]
    shifted = {"t1": {"sequence": "AAAAA", "first": 2}}
    assert codes(cif_text(rows), residues=shifted) == ["WRONG_NUMBERING"]
    assert codes(cif_text(rows), max_atoms=3) == ["TOO_MANY_ATOMS"]


def test_data_blocks_are_named_like_their_targets():
    both = cif_text(cif_rows(POINTS + 1.0), block="t2") + cif_text(cif_rows(POINTS), block="T1")
    prediction = read("mmcif", both.encode(), TWO)
    np.testing.assert_array_equal(prediction.sources["t1"].read(), POINTS)
    np.testing.assert_allclose(prediction.sources["t2"].read(), POINTS + 1.0)
    assert codes(cif_text(cif_rows(POINTS), block="t3"), targets=TWO) == ["UNKNOWN_TARGET"]


def test_zip_with_one_file_for_each_target():
    content = zip_bytes([("t1.cif", cif_text(cif_rows(POINTS)).encode())])
    values = read("mmcif", content, TWO).sources["t1"].read()
    np.testing.assert_array_equal(values, POINTS)


GOOD = cif_text(cif_rows(POINTS)).encode()
JUNK = [b"\n", b"loop_\n", b"data_", b"_atom_site.id", b"'", b'"', b"\n;", b"#", b"save_", b"?"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_files_give_problems_or_coordinates_and_nothing_else(data):
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        junk = data.draw(st.binary(max_size=12) | st.sampled_from(JUNK))
        content[at : at + data.draw(st.integers(0, 12))] = junk
    try:
        values = read("mmcif", bytes(content), [TARGET]).sources["t1"].read()
    except PredictionFormatError:
        return
    assert values.shape == (5, 3)
    assert not np.isinf(values).any()


@settings(max_examples=100, deadline=None)
@given(words=st.lists(st.sampled_from([*JUNK, b"_x.y", b" ", b"1", b"_atom_site.cartn_x"])))
def test_any_syntax_gives_problems_and_nothing_else(words):
    with pytest.raises(PredictionFormatError):
        read("mmcif", b" ".join(words), [TARGET])
