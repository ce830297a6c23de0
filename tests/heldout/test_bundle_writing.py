"""What is written as YAML is read back as it was, whatever the text looks like."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heldout.bundle.located import parse_yaml, plain_value
from heldout.bundle.writing import write_yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault
@given(document=st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
def test_any_document_is_read_back_as_written(document: dict[str, object]) -> None:
    read = plain_value(parse_yaml(write_yaml(document), file="x.yaml"))
    assert read == document
    assert repr(read) == repr(document)  # 1 is not 1.0, nor true


@pytest.mark.parametrize(
    "text",
    ["1.10", "1e5", "null", "~", "", "no", "12:30", "2099-01-01", " a ", "a\r\nb", "a\n b\n", "a\n"
     "\n", "\n a", "x: y", "# a", "*a", "'", '"', "- a", "true", "+.5", "a\x85b", "\u2028", "\t"],
)  # fmt: skip
def test_a_text_that_looks_like_something_else_stays_text(text: str) -> None:
    assert plain_value(parse_yaml(write_yaml({"a": text}), file="x.yaml")) == {"a": text}


def test_a_text_of_several_lines_is_written_as_lines() -> None:
    assert write_yaml({"a": "one\ntwo\n"}) == "a: |\n  one\n  two\n"
