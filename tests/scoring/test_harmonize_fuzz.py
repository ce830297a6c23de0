import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.contract import PredictionFormat, TargetSpec
from scoring.engine import check
from scoring.harmonize import Decisions, harmonize
from scoring.harmonize.array_files import UnreadableError
from tests.scoring.files import npy_bytes, npz_bytes
from tests.scoring.test_harmonize_formats import SOME, arrays_file, parquet, reader_of

UNITS = {"units": {"unit": "m", "accepts": {"km": 1000.0}}}
TARGETS = [TargetSpec("u1", (2, 3), low=-5.0, high=5.0), TargetSpec("u2", (2, 3))]
NUMBERS = [TargetSpec("u1", low=-5.0, high=5.0), TargetSpec("u2")]
FIELD = np.arange(6.0).reshape(2, 3)
AGREED = Decisions(
    axes=(1, 0),
    accept=frozenset({"INDEX_BASE", "RESHAPE", "TARGET_ORDER", "EXTRA_ARRAYS", "DECIMAL_COMMA"}),
)
LINES = b'[{"Name": "U1", "value [km]": "0,001", "n": 1}, {"Name": "u 2", "value [km]": 2}]'
COLUMNS = {"Name": ["U1", "u 2"], "value [km]": ["1,5", "2"], "unit": ["km", "km"]}
ARRAYS = {"U1": FIELD.T, "g/u2": FIELD * 1000}
SEEDS = {
    "jsonl": (LINES, NUMBERS),
    "sections": ("Predictions\nName;value [km]\nU1;0,001\nu 2;\u22122D-3\n".encode(), NUMBERS),
    "parquet": (parquet(COLUMNS), NUMBERS),
    "hdf5": (arrays_file("hdf5", ARRAYS, unit="km"), TARGETS),
    "netcdf": (arrays_file("netcdf", ARRAYS, unit="km"), TARGETS),
    "classic": (arrays_file("classic", {"U1": FIELD.T}, unit="km"), TARGETS),
    "zarr": (arrays_file("zarr", ARRAYS, unit="km"), TARGETS),
    "npz": (npz_bytes({"U1": FIELD.T, "u2": FIELD * 1000, "unit": np.array("km")}), TARGETS),
    "npy": (npy_bytes(np.stack([FIELD, FIELD]).T), TARGETS),
    "csv": ("Name;value [km]\nU1;0,001\nu\u20132;\u22122D-3\n".encode(), NUMBERS),
}


@pytest.mark.parametrize("reader", SEEDS)
@settings(SOME, max_examples=100)
@given(
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=5),
    end=st.floats(0, 1),
    agreed=st.booleans(),
)
def test_no_damaged_file_brings_mending_down(reader, cuts, end, agreed):
    content, targets = SEEDS[reader]
    damaged = bytearray(content)
    for place, piece in cuts:
        start = int(place * len(damaged))
        damaged[start : start + len(piece)] = piece
    if end > 0.5:
        del damaged[int(len(damaged) * end) :]
    options = UNITS | ({"stack": ["u1", "u2"]} if reader == "npy" else {})
    declared = PredictionFormat(reader_of(reader), options)
    file = io.BytesIO(bytes(damaged))
    found = harmonize(file, declared, targets, AGREED if agreed else None)
    if found.write is not None:
        out = io.BytesIO()
        try:
            found.write(out)
        except UnreadableError:
            return  # values behind a damaged checksum, found only when they are read
        check(out, declared, targets)
