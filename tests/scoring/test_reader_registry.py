import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from scoring.contract import TargetSpec
from scoring.errors import (
    MissingPackageError,
    PredictionFormatError,
    ReaderOptionError,
    UnknownReaderError,
)
from scoring.readers import MemorySource, ProblemLog, all_readers, get_reader
from tests.scoring.files import read


def test_built_in_readers_are_found_and_explain_themselves():
    readers = {reader.slug: reader for reader in all_readers()}
    assert {"npz", "npy", "csv"} <= set(readers)
    for reader in readers.values():
        assert reader.title
        assert reader.help
        assert all(extension.startswith(".") for extension in reader.extensions)
        assert all(option.help for option in reader.options)


def test_unknown_reader_is_refused_with_those_there_are():
    with pytest.raises(UnknownReaderError, match="npz"):
        get_reader("exe")


@pytest.mark.parametrize(
    "options",
    [{"nope": 1}, {"require_all": "yes"}, {"delimiter": "::"}, {"id_column": 3}],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(ReaderOptionError):
        get_reader("csv").complete(options)


def test_options_are_completed_with_defaults():
    complete = get_reader("csv").complete({"delimiter": ";"})
    assert (complete["delimiter"], complete["id_column"]) == (";", "target")


def test_problem_log_keeps_to_its_limit_and_counts_the_rest():
    log = ProblemLog(limit=2)
    log.raise_if_any()
    for number in range(5):
        log.add("X", f"problem {number}")
    with pytest.raises(PredictionFormatError, match="problem 0; problem 1") as caught:
        log.raise_if_any()
    assert (len(caught.value.problems), caught.value.left_out, len(log)) == (2, 3, 5)


@pytest.mark.parametrize("max_bytes", [1, 16, 17, 48, 10_000])
def test_memory_source_chunks_put_together_are_the_array(max_bytes):
    array = np.arange(14.0).reshape(7, 2)
    blocks = list(MemorySource(array).chunks(max_bytes))
    np.testing.assert_array_equal(np.concatenate(blocks), array)
    assert max(block.nbytes for block in blocks) <= max(16, max_bytes)


def test_every_format_is_listed_whether_its_package_is_there_or_not():
    listed = {reader.slug for reader in all_readers()}
    assert {"csv", "hdf5", "jsonl", "netcdf", "npy", "npz", "parquet", "sections", "tsv"} <= listed


def test_format_without_its_package_says_what_to_install():
    reader = replace(get_reader("hdf5"), packages=("a_package_that_is_not_there",))
    assert not reader.is_installed
    reader.load_packages()
    with pytest.raises(MissingPackageError, match=r"pip install 'heldout\[hdf5\]'"):
        reader.complete({})


def test_formats_load_their_packages_only_when_they_read():
    program = (
        "import sys; from scoring.readers import all_readers; all_readers(); "
        "print({'h5py', 'pyarrow', 'numcodecs'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.parametrize(
    ("reader", "options"),
    [
        ("csv", {"value_columns": []}),
        ("csv", {"value_columns": ["target"]}),
        ("parquet", {"value_columns": [1]}),
        ("sections", {"sections": {"a": {"kind": "text"}}}),
        ("sections", {"id_column": 0}),
        ("sections", {"encodings": ["klingon"]}),
    ],
)
def test_options_that_contradict_each_other_are_refused_at_set_up(reader, options):
    with pytest.raises(ReaderOptionError):
        get_reader(reader).complete(options)


def test_tabs_separate_the_cells_of_a_tsv_table():
    content = b"target\tvalue\np,1\t1.5\n"
    assert read("tsv", content, [TargetSpec("p,1")]).sources["p,1"].read() == 1.5
    assert "delimiter" not in {option.name for option in get_reader("tsv").options}
