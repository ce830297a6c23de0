"""Where a bundle keeps the answers of a round."""

from __future__ import annotations

from dataclasses import dataclass, field

from heldout.bundle.section import Section
from scoring.contract import JsonValue

ANSWER_KINDS = ("folder", "npz", "csv", "file")


@dataclass(frozen=True, slots=True)
class AnswersPlan:
    """Where the answers are: a folder of .npy files, or one file for all targets."""

    section: Section
    kind: str  # folder, or the reader of the one file
    path: str
    options: dict[str, JsonValue] = field(default_factory=dict)
    is_like_predictions: bool = False  # read with the round's own reader and its options


def read_answers_plan(section: Section) -> AnswersPlan | None:
    """Read `references` of a round; None where there are none, or after noting what is wrong."""
    found = section.section("references")
    if found is None:
        return None
    named = [kind for kind in ANSWER_KINDS if found.has(kind)]
    kind = named[0] if named else ""
    if len(named) != 1:
        found.fault("", f"name the answers by one of {', '.join(ANSWER_KINDS)}.")
    options: dict[str, object] = {}
    if kind == "csv":
        options["id_column"] = found.text("id", "target")
        options["value_columns"] = found.words("value") or ["value"]
        options["delimiter"] = found.text("delimiter", ",")
        options["extra_columns"] = "ignore"
    path = found.text(kind) if kind == "folder" else found.file(kind) if kind else ""
    found.close()
    is_like_predictions = kind == "file"
    if is_like_predictions:  # written like a prediction, such as the file of the solved structure
        kind, options = section.text("reader", "npz"), section.mapping("reader_options")
    if not path:
        return None
    return AnswersPlan(found, kind, path, options, is_like_predictions)
