import io

import numpy as np
import pytest

from scoring.contract import TargetSpec
from scoring.errors import ReaderOptionError
from scoring.readers import ProblemLog
from scoring.readers.npy_format import open_array
from tests.scoring.files import codes_of, npy_bytes, npy_claim, npy_header, problems_of, read

PAIR = (TargetSpec("a", (3,)), TargetSpec("b", (3,)))


def test_single_target_is_the_whole_array():
    array = np.arange(6.0).reshape(2, 3)
    prediction = read("npy", npy_bytes(array), [TargetSpec("t", (2, 3))])
    np.testing.assert_array_equal(prediction.sources["t"].read(), array)


@pytest.mark.parametrize("order", ["C", "F"])
def test_stacked_targets_follow_the_declared_order(order):
    array = np.array([[1.0, 2, 3], [4, 5, 6]], order=order)
    prediction = read("npy", npy_bytes(array), PAIR, stack=["b", "a"])
    assert prediction.sources["b"].read().tolist() == [1, 2, 3]
    assert prediction.sources["a"].read().tolist() == [4, 5, 6]


def test_stacked_scalars_are_single_numbers():
    targets = [TargetSpec("p"), TargetSpec("q")]
    prediction = read("npy", npy_bytes(np.array([1.5, 2.5])), targets, stack=["p", "q"])
    assert [float(prediction.sources[slug].read()) for slug in "pq"] == [1.5, 2.5]


def test_stack_of_another_length_is_a_bad_shape():
    (found,) = problems_of("npy", npy_bytes(np.zeros((3, 3))), PAIR, stack=["a", "b"])
    assert found.code == "BAD_SHAPE"
    assert "expected 2 x 3, found 3 x 3" in found.message


def test_not_finite_value_is_told_for_its_target():
    (found,) = problems_of(
        "npy", npy_bytes(np.array([[1.0, 2, 3], [4, np.nan, 6]])), PAIR, stack=["a", "b"]
    )
    assert (found.code, found.where) == ("NOT_FINITE", "target b, index (1)")


@pytest.mark.parametrize(
    "options", [{}, {"stack": ["a"]}, {"stack": ["a", "a", "b"]}, {"stack": ["a", "c"]}]
)
def test_round_with_several_targets_must_declare_the_whole_stack(options):
    with pytest.raises(ReaderOptionError, match="stack"):
        read("npy", npy_bytes(np.zeros((2, 3))), PAIR, **options)


def test_targets_of_different_shapes_cannot_be_stacked():
    with pytest.raises(ReaderOptionError, match="same shape"):
        read("npy", b"", [TargetSpec("a", (3,)), TargetSpec("b", (2,))], stack=["a", "b"])


@pytest.mark.parametrize("length", [0, 5, 60, 130, 151])
def test_cut_file_is_refused(length):
    content = npy_bytes(np.arange(3.0))[:length]
    assert codes_of("npy", content, PAIR[:1])[0] in {"NOT_NPY", "BAD_LENGTH"}


def test_file_with_a_tail_is_refused():
    assert codes_of("npy", npy_bytes(np.arange(3.0)) + b"x", PAIR[:1]) == ["BAD_LENGTH"]


def test_fortran_array_too_large_to_reorder_is_refused_unread(monkeypatch):
    monkeypatch.setattr("scoring.readers.npy_format.FORTRAN_LIMIT_BYTES", 47)
    content = npy_bytes(np.asfortranarray(np.zeros((3, 2))))
    assert codes_of("npy", content, [TargetSpec("t", (3, 2))]) == ["FORTRAN_ORDER"]


def test_empty_array_has_no_blocks():
    log = ProblemLog()
    source = open_array(io.BytesIO(npy_claim("<f8", "(0, 4)")), log, where="it")
    assert source is not None
    assert list(source.chunks()) == []
    assert source.read().shape == (0, 4)


@pytest.mark.parametrize("version", [2, 3])
def test_later_header_versions_are_read(version):
    header = npy_header(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", version=version
    )
    prediction = read("npy", header + np.arange(3.0).tobytes(), PAIR[:1])
    assert prediction.sources["a"].read().tolist() == [0, 1, 2]
