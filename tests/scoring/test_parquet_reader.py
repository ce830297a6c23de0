import io
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.contract import TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers.parquet_pages import PageError, unpacked_bytes
from tests.scoring.files import codes_of, problems_of, read

TARGETS = (TargetSpec("p1"), TargetSpec("p2", low=0.0), TargetSpec("p3"))


def parquet_bytes(columns, **settings):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **settings)
    return buffer.getvalue()


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "brotli", "lz4"])
@pytest.mark.parametrize("page", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_tables_are_read_however_they_are_packed(codec, page, dictionary):
    count = 5000
    targets = [TargetSpec(f"p{i}") for i in range(count)]
    columns = {"target": [t.slug for t in targets][::-1], "value": np.arange(count)[::-1] / 8}
    content = parquet_bytes(
        columns,
        compression=codec,
        data_page_version=page,
        use_dictionary=dictionary,
        row_group_size=1500,
        write_page_index=True,
    )
    sources = read("parquet", content, targets).sources
    assert [float(sources[t.slug].read()) for t in targets] == [i / 8 for i in range(count)]


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int8", "uint32", "int64"])
def test_every_plain_number_type_is_read(kind):
    values = pa.array(np.array([1, 2, 3], kind))
    sources = read(
        "parquet", parquet_bytes({"target": ["p1", "p2", "p3"], "value": values}), TARGETS
    )
    assert [float(s.read()) for s in sources.sources.values()] == [1.0, 2.0, 3.0]


def test_several_value_columns_make_a_vector():
    content = parquet_bytes({"y": [2.0], "target": ["v"], "x": [1.0], "note": ["?"]})
    options = {"value_columns": ["x", "y"], "extra_columns": "ignore"}
    source = read("parquet", content, [TargetSpec("v", (2,))], **options).sources["v"]
    assert source.read().tolist() == [1.0, 2.0]


def test_value_columns_that_do_not_fit_the_target_are_the_organizers_fault():
    with pytest.raises(ReaderOptionError, match="number of values"):
        read("parquet", b"", [TargetSpec("v", (3,))])


def test_all_problems_of_a_table_are_told_with_their_rows():
    columns = {
        "target": ["p1", "p1", "P2", None, "p2", "p3", "x" * 600],
        "value": [float("nan"), 2.0, 3.0, 4.0, -1.0, None, 1.0],
    }
    found = problems_of("parquet", parquet_bytes(columns), TARGETS)
    assert [(p.code, p.where) for p in found] == [
        ("NOT_FINITE", "row 1, column value"),
        ("DUPLICATE_TARGET", "row 2"),
        ("UNKNOWN_TARGET", "row 3"),
        ("BAD_NAME", "row 4"),
        ("OUT_OF_RANGE", "row 5, column value"),
        ("MISSING_VALUE", "row 6, column value"),
        ("BAD_NAME", "row 7"),
    ]
    assert "Did you mean 'p2'?" in found[2].message
    assert all(p.remedy for p in found)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"id": ["p1"], "value": [1.0]}, "BAD_HEADER"),
        ({"target": ["p1"], "value": [1.0], "more": [1]}, "UNKNOWN_COLUMN"),
        ({"target": ["p1"], "value": ["1.0"]}, "BAD_DTYPE"),
        ({"target": [1], "value": [1.0]}, "BAD_DTYPE"),
        ({"target": ["p1"], "value": [True]}, "BAD_DTYPE"),
        ({"target": ["p1"], "value": pa.array([0], pa.timestamp("s"))}, "BAD_DTYPE"),
        ({"target": [b"p1"], "value": [1.0]}, "BAD_DTYPE"),
    ],
)
def test_other_columns_and_types_are_refused(columns, code):
    assert code in codes_of("parquet", parquet_bytes(columns), TARGETS)


def test_more_rows_than_targets_are_refused_before_they_are_read():
    content = parquet_bytes({"target": ["p1"] * 5000, "value": np.zeros(5000)})
    assert codes_of("parquet", content, TARGETS) == ["TOO_MANY_ROWS"]


def test_long_text_repeated_by_a_dictionary_is_refused_before_it_is_unpacked():
    names = pa.DictionaryArray.from_arrays(np.zeros(1000, "i4"), ["x" * 2**25])
    content = parquet_bytes({"target": names, "value": np.zeros(1000)}, compression="zstd")
    assert len(content) < 100_000
    assert codes_of("parquet", content, TARGETS) == ["TOO_LARGE"]


def test_long_text_repeated_by_prefixes_is_refused():
    columns = {"target": ["x" * 2**16 + str(i) for i in range(500)], "value": np.zeros(500)}
    settings = {"use_dictionary": False, "column_encoding": {"target": "DELTA_BYTE_ARRAY"}}
    assert codes_of("parquet", parquet_bytes(columns, **settings), TARGETS) == ["DAMAGED"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1PAR1",
        b"PAR1" + b"\0" * 20 + struct.pack("<I", 0xFFFFFFF0) + b"PAR1",
        b"ARROW1\0\0" + b"\0" * 50,
        b"target,value\np1,1\n",
    ],
)
def test_other_files_are_refused(content):
    assert codes_of("parquet", content, TARGETS) == ["NOT_PARQUET"]


def test_junk_in_the_footer_is_told_as_damage():
    content = b"PAR1" + bytes(range(256)) * 2 + struct.pack("<I", 400) + b"PAR1"
    assert codes_of("parquet", content, TARGETS) == ["DAMAGED"]


def test_empty_table_answers_nothing():
    columns = {"target": pa.array([], pa.string()), "value": pa.array([], pa.float64())}
    assert read("parquet", parquet_bytes(columns), TARGETS).answered == ()
    assert (
        codes_of("parquet", parquet_bytes(columns), TARGETS, require_all=True)
        == ["MISSING_TARGET"] * 3
    )


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"\x15\x00\x15\x08",  # ends in the middle
        b"\x1c" * 40,  # structs in structs
        b"\x15" + b"\xff" * 12,  # a number without end
        b"\x18" + b"\xff" * 9 + b"\x01",  # a text of 2^64 bytes
        b"\x1b\x00",  # a map
        b"\x15\x00\x15\x00\x15\x00\x25\x00\x00",  # a number where a page is described
        b"\x19\xf5\xff\xff\xff\x0f\x00",  # a list longer than the header
    ],
)
def test_page_headers_that_cannot_be_read_are_damage(header):
    with pytest.raises(PageError):
        unpacked_bytes(io.BytesIO(header + b"\0"), start=0, length=len(header) + 1)
