import pytest

from scoring.cage.client import stop_zygote
from scoring.cage.records import CageOutcome
from tests.scoring.hostile.case import SECRET, Case, examined
from tests.scoring.hostile.catalogue import CASES

# Beyond a good file's: two bands of a large array, or the longest line and its numbers.
MEMORY_BYTES = 96 * 2**20


@pytest.fixture(scope="module", autouse=True)
def _zygote():
    yield
    stop_zygote()


@pytest.fixture(scope="module")
def plain_peak(tmp_path_factory):
    """Return the memory of a child that reads a good file of two lines."""
    good = Case("", "", "csv", lambda folder: b"target,value\np,1\n", frozenset())
    result = examined(good, tmp_path_factory.mktemp("good"))
    assert result.codes == frozenset()
    return result.peak_bytes


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.reader}: {case.title}")
def test_hostile_file_gets_its_answer_within_bounded_memory(case, tmp_path, plain_peak):
    result = examined(case, tmp_path)
    assert result.outcome is CageOutcome.DONE
    assert result.codes <= case.codes
    assert bool(result.codes) == bool(case.codes)
    assert result.peak_bytes - plain_peak < MEMORY_BYTES
    secret = SECRET.decode().split(",")[-1].strip()
    for forbidden in (str(tmp_path), "Traceback", secret, "site-packages", ".py"):
        assert forbidden not in result.said


def test_titles_are_told_apart():
    titles = [(case.group, case.reader, case.title) for case in CASES]
    assert len(set(titles)) == len(titles)
