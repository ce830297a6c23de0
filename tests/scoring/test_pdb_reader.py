"""PDB files as people write them, and as they should not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.contract import MetricChoice, PredictionFormat, ScoreStatus, TargetSpec
from scoring.engine import score
from scoring.errors import PredictionFormatError, ReaderOptionError
from scoring.readers import MemorySource
from tests.scoring.files import codes_of, problems_of, read, zip_bytes
from tests.scoring.structures import atom_line, chain, pdb_text

POINTS = chain(np.random.default_rng(1), 5)
SEQUENCE = "MKVLA"
NAMES = ["MET", "LYS", "VAL", "LEU", "ALA"]
TARGET = TargetSpec("t1", (5, 3))
TWO = (TARGET, TargetSpec("t2", (5, 3)))
DECLARED = {"residues": {"t1": {"sequence": SEQUENCE}}}


def lines_of(points=POINTS, *, first=1, names=NAMES, **more):
    return [
        atom_line(at + 1, xyz, number=at + first, residue=names[at], **more)
        for at, xyz in enumerate(points)
    ]


def text(*lines):
    return "\n".join(lines).encode() + b"\n"


def coordinates(content, *, targets=(TARGET,), **options):
    return read("pdb", content, targets, **(options or DECLARED)).sources["t1"].read()


def test_a_plain_file_gives_the_coordinates_in_the_order_of_the_sequence():
    np.testing.assert_array_equal(coordinates(text(*lines_of()[::-1], "TER", "END")), POINTS)


def test_line_ends_and_other_records_do_not_matter():
    lines = [
        "PFRMAT TS",
        "TARGET T1",
        "AUTHOR 0000",
        "METHOD by hand",
        "REMARK 99 nan ********",
        "MODEL  1",
        "PARENT N/A",
        *lines_of(),
        "TER",
        "END",
    ]
    content = "\r\n".join(lines).encode()
    np.testing.assert_array_equal(coordinates(content), POINTS)


def test_without_a_declared_sequence_any_residues_are_numbered_from_one():
    content = text(*lines_of(names=["UNK"] * 5, chain_id="Q"))
    np.testing.assert_array_equal(coordinates(content, atoms=["CA"]), POINTS)


def test_left_out_residue_is_a_row_of_nan_and_is_counted():
    prediction = read("pdb", text(*lines_of()[:3], lines_of()[4]), [TARGET], **DECLARED)
    values = prediction.sources["t1"].read()
    assert np.isnan(values[3]).all()
    np.testing.assert_array_equal(values[[0, 1, 2, 4]], POINTS[[0, 1, 2, 4]])
    assert prediction.metadata == {"residues": {"t1": 4}}


def test_residues_that_are_not_scored_may_be_there_or_not():
    target = TargetSpec("t1", (3, 3))
    options = {"residues": {"t1": {"sequence": "M-V-A"}}}
    for lines in (lines_of(), lines_of()[::2]):
        found = coordinates(text(*lines), targets=[target], **options)
        np.testing.assert_array_equal(found, POINTS[::2])


def test_pieces_of_two_chains_with_their_own_numbers():
    options = {
        "residues": {
            "t1": [
                {"chain": "A", "first": 11, "sequence": "MK"},
                {"chain": "B", "numbers": ["7", "7A", 9], "sequence": "VLA"},
            ]
        }
    }
    places = [("A", 11, " "), ("A", 12, " "), ("B", 7, " "), ("B", 7, "A"), ("B", 9, " ")]
    lines = [
        atom_line(1, xyz, number=number, residue=name, chain_id=letter, insertion=code)
        for xyz, name, (letter, number, code) in zip(POINTS, NAMES, places, strict=True)
    ]
    np.testing.assert_array_equal(coordinates(text(*lines[::-1]), **options), POINTS)


def test_several_atoms_of_each_residue_make_another_axis():
    target = TargetSpec("t1", (5, 2, 3))
    lines = [*lines_of(name=" N  "), *lines_of(POINTS + 1.0), *lines_of(name=" CB ")]
    found = coordinates(text(*lines), targets=[target], atoms=["N", "CA"], **DECLARED)
    np.testing.assert_allclose(found, np.stack([POINTS, POINTS + 1.0], axis=1), atol=1e-9)


def test_only_the_declared_model_is_read():
    lines = ["MODEL        1", *lines_of(), "ENDMDL", "MODEL        2", *lines_of(POINTS + 1.0)]
    np.testing.assert_array_equal(coordinates(text(*lines)), POINTS)
    np.testing.assert_allclose(coordinates(text(*lines), model=2, **DECLARED), POINTS + 1.0)
    assert codes_of("pdb", text(*lines), [TARGET], model=3, **DECLARED) == ["NO_ATOMS"]


def test_highest_occupancy_is_taken_and_of_equal_ones_the_first():
    def alternates(*pairs):
        lines = lines_of()[1:]
        for shift, (label, occupancy) in enumerate(pairs):
            lines.append(
                atom_line(
                    9,
                    POINTS[0] + shift,
                    number=1,
                    residue="MET",
                    alternate=label,
                    occupancy=occupancy,
                )
            )
        return coordinates(text(*lines))[0] - POINTS[0]

    np.testing.assert_allclose(alternates(("A", 0.4), ("B", 0.6)), 1.0)
    np.testing.assert_allclose(alternates(("B", 0.5), ("A", 0.5)), 0.0)


def test_modified_residues_count_as_their_parents_and_ions_are_passed_over():
    lines = lines_of()
    lines[0] = atom_line(1, POINTS[0], residue="MSE", record="HETATM")
    lines.append(atom_line(9, POINTS[0], number=3, name="CA  ", residue=" CA", record="HETATM"))
    np.testing.assert_array_equal(coordinates(text(*lines)), POINTS)


def test_blank_chain_stands_for_the_only_one():
    options = {"residues": {"t1": {"sequence": SEQUENCE, "chain": "A"}}}
    np.testing.assert_array_equal(coordinates(text(*lines_of(chain_id=" ")), **options), POINTS)
    assert codes_of("pdb", text(*lines_of(chain_id="B")), [TARGET], **options) == ["WRONG_CHAIN"]


def test_two_chains_where_one_is_expected_are_told_once():
    content = text(*lines_of(), *lines_of(chain_id="B"))
    (found,) = problems_of("pdb", content, [TARGET], **DECLARED)
    assert (found.code, found.where) == ("WRONG_CHAIN", "line 6")


@pytest.mark.parametrize(
    ("column", "field", "code"),
    [
        (30, "********", "NOT_A_NUMBER"),
        (30, "     nan", "MISSING_VALUE"),
        (38, "     inf", "NOT_FINITE"),
        (38, "   1e400", "NOT_FINITE"),
        (46, "        ", "MISSING_VALUE"),
        (46, "xxxx.xxx", "NOT_A_NUMBER"),
        (46, "1 2.3   ", "NOT_A_NUMBER"),
        (30, "      12", "BAD_COLUMNS"),
        (30, "   1e2  ", "BAD_COLUMNS"),
        (22, "  A1", "BAD_NUMBER"),
        (54, "   nan", "BAD_OCCUPANCY"),
    ],
)
def test_a_field_that_is_wrong_is_told_with_its_line(column, field, code):
    lines = lines_of()
    lines[2] = lines[2][:column] + field + lines[2][column + len(field) :]
    (found,) = problems_of("pdb", text(*lines), [TARGET], **DECLARED)
    assert found.code == code
    assert found.where.startswith("line 3")
    assert found.remedy


def test_all_problems_are_told_at_once():
    lines = lines_of()
    lines[0] = lines[0][:30] + "     nan" + lines[0][38:]
    lines[1] = lines[1][:40]
    lines[2] = lines[2].lower()
    lines[4] = atom_line(5, POINTS[4], number=4, residue="LEU")
    found = problems_of("pdb", text(*lines), [TARGET], **DECLARED)
    assert [p.code for p in found] == ["MISSING_VALUE", "BAD_ATOM", "BAD_RECORD", "DUPLICATE_ATOM"]
    assert "first in line 4" in found[3].message


@pytest.mark.parametrize(("first", "told"), [(0, "1 is added to"), (301, "300 is subtracted from")])
def test_numbering_that_is_off_as_a_whole_is_recognized(first, told):
    content = text(*lines_of(first=first))
    (found,) = problems_of("pdb", content, [TARGET], **DECLARED)
    assert found.code == "WRONG_NUMBERING"
    assert told in found.message


def test_single_strange_residues_are_told_with_what_is_expected():
    lines = lines_of(names=["MET", "LYS", "TRP", "LEU", "ALA"])
    lines.append(atom_line(6, POINTS[0], number=77, residue="GLY"))
    found = problems_of("pdb", text(*lines), [TARGET], **DECLARED)
    assert [(p.code, p.where) for p in found] == [
        ("WRONG_RESIDUE", "line 3"),
        ("UNKNOWN_RESIDUE", "line 6"),
    ]
    assert "'TRP'" in found[0].message
    assert "has V there" in found[0].message


def test_several_targets_follow_their_target_records():
    lines = ["TARGET t2", *lines_of(POINTS + 1.0), "END", "TARGET T1", "MODEL 1", *lines_of()]
    prediction = read("pdb", text(*lines), TWO)
    np.testing.assert_array_equal(prediction.sources["t1"].read(), POINTS)
    np.testing.assert_allclose(prediction.sources["t2"].read(), POINTS + 1.0)


def test_several_targets_in_a_zip_of_files():
    content = zip_bytes([("t2.pdb", text(*lines_of(POINTS + 1.0))), ("t1.pdb", text(*lines_of()))])
    prediction = read("pdb", content, TWO)
    np.testing.assert_array_equal(prediction.sources["t1"].read(), POINTS)
    np.testing.assert_allclose(prediction.sources["t2"].read(), POINTS + 1.0)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (lines_of(), "NO_TARGET"),
        (["TARGET t3", *lines_of()], "UNKNOWN_TARGET"),
        (["TARGET t1", "MODEL 1", *lines_of(), "MODEL 1", *lines_of()], "DUPLICATE_TARGET"),
        (["TARGET t1", "MODEL one"], "BAD_MODEL"),
        (["TARGET t1"], "NO_ATOMS"),
        ([""], "NO_ATOMS"),
    ],
)
def test_files_of_several_targets_that_are_unclear_are_refused(lines, code):
    assert codes_of("pdb", text(*lines), TWO) == [code]


def test_missing_target_is_a_problem_when_all_are_required():
    content = text("TARGET t1", *lines_of())
    assert read("pdb", content, TWO).answered == ("t1",)
    assert codes_of("pdb", content, TWO, require_all=True) == ["MISSING_TARGET"]


@pytest.mark.parametrize(
    ("members", "codes"),
    [
        ([("t9.pdb", b"")], ["BAD_NAME"]),
        ([("sub/t1.pdb", b"")], ["BAD_NAME"]),
        ([("t1.cif", b"")], ["BAD_NAME"]),
        ([("t1.pdb", text("TARGET t2", *lines_of()))], ["WRONG_TARGET"]),
        ([("t1.pdb", text("ATOM"))], ["BAD_RECORD"]),
    ],
)
def test_zips_that_do_not_hold_one_file_for_each_target_are_refused(members, codes):
    assert codes_of("pdb", zip_bytes(members), TWO) == codes


def test_places_in_a_zip_name_the_file():
    lines = lines_of()
    lines[1] = lines[1].replace(f"{POINTS[1][0]:8.3f}", "********")
    (found,) = problems_of("pdb", zip_bytes([("t1.pdb", text(*lines))]), TWO)
    assert found.where == "file 't1.pdb', line 2, x"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_second_file_for_a_target_is_refused():
    content = zip_bytes([("t1.pdb", text(*lines_of()))] * 2)
    assert codes_of("pdb", content, TWO) == ["DUPLICATE_TARGET"]


def test_damaged_and_bloated_zips_are_refused():
    content = zip_bytes([("t1.pdb", text(*lines_of()))])
    broken = content.replace(b"ATOM      3", b"ATOM      8")
    assert "CORRUPT_FILE" in codes_of("pdb", broken, TWO)
    bloated = zip_bytes([("t1.pdb", b"REMARK" + b" " * 10_000)], method=8)
    assert codes_of("pdb", bloated, TWO, max_atoms=10) == ["UNPACKED_TOO_LARGE"]
    assert codes_of("pdb", b"\x1f\x8b\x08\x00", TWO) == ["COMPRESSED"]
    assert codes_of("pdb", b"PK\x03\x04 and no more", TWO) == ["NOT_ZIP"]


def test_limits_end_the_reading():
    many = text(*[atom_line(at % 9999, POINTS[0], number=1, name=" CB ") for at in range(30)])
    assert codes_of("pdb", many, [TARGET], max_atoms=10) == ["TOO_MANY_ATOMS"]
    assert codes_of("pdb", text(*["REMARK"] * 50), [TARGET], max_atoms=10) == ["TOO_MANY_LINES"]
    numbers = [atom_line(1, POINTS[0], number=number) for number in range(6, 1200)]
    codes = codes_of("pdb", text(*numbers), [TARGET])
    assert codes[0] == "TOO_MANY_RESIDUES"
    assert set(codes[1:]) == {"UNKNOWN_RESIDUE"}


def test_range_of_a_target_binds_coordinates():
    target = TargetSpec("t1", (5, 3), low=-1.0, high=100.0)
    found = codes_of("pdb", text(*lines_of(POINTS - 50.0)), [target])
    assert set(found) == {"OUT_OF_RANGE"}


@pytest.mark.parametrize(
    "options",
    [
        {"atoms": []},
        {"atoms": ["CA", "CA"]},
        {"atoms": [3]},
        {"atoms": ["N", "CA"]},
        {"residues": {"t9": {"sequence": SEQUENCE}}},
        {"residues": {"t1": "MKVLA"}},
        {"residues": {"t1": {"sequence": "MKVL"}}},
        {"residues": {"t1": {"sequence": "MK VL"}}},
        {"residues": {"t1": {"sequence": ""}}},
        {"residues": {"t1": {"sequence": SEQUENCE, "first": "1"}}},
        {"residues": {"t1": {"sequence": SEQUENCE, "numbers": [1, 2]}}},
        {"residues": {"t1": {"sequence": SEQUENCE, "chain": "A B"}}},
        {"residues": {"t1": {"sequence": SEQUENCE, "start": 3}}},
        {"residues": {"t1": [{"sequence": "MKV"}, {"sequence": "LA"}]}},
        {"residues": {"t1": [{"sequence": "MKV"}, {"sequence": "LA", "chain": "B"}]}},
    ],
)
def test_declarations_that_do_not_fit_the_targets_are_the_organizers_to_mend(options):
    with pytest.raises(ReaderOptionError):
        read("pdb", text(*lines_of()), [TARGET], **options)


def test_target_of_free_length_needs_a_sequence():
    free = TargetSpec("t1", (None, 3))
    with pytest.raises(ReaderOptionError, match="needs a sequence"):
        read("pdb", text(*lines_of()), [free])
    np.testing.assert_array_equal(coordinates(text(*lines_of()), targets=[free]), POINTS)


def test_a_prediction_is_scored_with_its_gaps():
    content = text(*lines_of()[:4])
    report = score(
        io.BytesIO(content),
        PredictionFormat("pdb", DECLARED),
        [TARGET],
        {"t1": MemorySource(POINTS)},
        [MetricChoice(slug, slug) for slug in ("gdt_ts", "rmsd", "modelled_fraction")],
    )
    rows = {row.key: row for row in report.rows}
    assert (rows["gdt_ts"].value, rows["modelled_fraction"].value) == (80.0, 0.8)
    assert rows["rmsd"].status is ScoreStatus.UNDEFINED
    assert report.check.metadata == {"residues": {"t1": 4}}


GOOD = pdb_text(POINTS).encode()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_files_give_problems_or_coordinates_and_nothing_else(data):
    content = bytearray(data.draw(st.sampled_from([GOOD, zip_bytes([("t1.pdb", GOOD)])])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        junk = data.draw(st.binary(max_size=12) | st.sampled_from([b"\n", b"MODEL 1\n", b"TARGET"]))
        content[at : at + data.draw(st.integers(0, 12))] = junk
    try:
        values = coordinates(bytes(content), atoms=["CA"])
    except PredictionFormatError:
        return
    assert values.shape == (5, 3)
    assert not np.isinf(values).any()


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_give_problems_and_nothing_else(content):
    with pytest.raises(PredictionFormatError):
        read("pdb", content, [TARGET])
