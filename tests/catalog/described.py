"""A dataset and a model that say all there is to say, for tests of what is made of it."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from accounts.models import User
from catalog.models import Artifact
from catalog.services import (
    Share,
    create_artifact,
    declare_input,
    publish_statement,
    save_answers,
    set_people,
    upload_file,
)
from catalog.statements import SECTIONS, Shape, fields_of
from tests.factories import make_team, make_user

ORCID = "0000-0002-1825-0097"
ROR = "https://ror.org/05dxps055"
TABLE = b"id,density\na,1.5\nb,2.5\n"
OF_SHAPE: dict[Shape, Any] = {
    Shape.TEXT: 'Said at length, with <b>signs</b> & "quotes" </script>.',
    Shape.LINE: "One line of 100 % {braces}",
    Shape.DATE: "2026-03-31",
    Shape.NUMBER: 12.5,
    Shape.COUNT: 607_684,
    Shape.YES_NO: True,
    Shape.LINES: ["10.5281/zenodo.1234567", "https://example.org/more"],
    Shape.COLUMNS: [
        {"name": "id", "type": "text", "meaning": "Name of the sample"},
        {"name": "density", "type": "number", "unit": "g/cm3", "split": "train"},
    ],
}


def answers_for(kind: str) -> dict[str, Any]:
    """Answer every question of a statement."""
    found = {each.key: _answer(each) for each in fields_of(kind)}
    special = {"languages": ["en", "de"], "keywords": ["crystal", "density"]}
    special |= {"code_url": "https://example.org/code", "contact": "ada@example.org"}
    return found | {key: value for key, value in special.items() if key in found}


def _answer(field: Any) -> Any:
    if field.shape is Shape.CHOICE:
        return field.choices[0][0]
    if field.shape is Shape.CHOICES:
        return [field.choices[0][0], field.choices[1][0]]
    return OF_SHAPE[field.shape]


def full_dataset(ada: User | None = None) -> Artifact:
    """Make a derived dataset with a file, two makers, an input and a published statement."""
    ada = ada or make_user("ada", display_name="Ada Lovelace", orcid=ORCID)
    source = create_artifact(
        kind="dataset",
        title="Raw crystals",
        summary="As measured.",
        by=ada,
        origin="original",
        licence="CC0-1.0",
        doi="10.5281/zenodo.42",
    )
    data = create_artifact(
        kind="dataset",
        title="Crystal densities & more",
        summary="Densities of crystals. Good for learning density.",
        description="From **one** laboratory.",
        by=ada,
        origin="derived",
        licence="CC-BY-4.0",
    )
    set_people(
        data,
        [
            Share(
                person=ada,
                orcid=ORCID,
                affiliation="California Institute of Technology",
                ror=ROR,
                roles=("data-curation", "software"),
                share_bp=7000,
                confirmed=True,
            ),
            Share(name="Bo", roles=("supervision",), share_bp=3000),
        ],
        by=ada,
    )
    upload_file(data, name="rows.csv", content=io.BytesIO(TABLE), by=ada, media_type="text/csv")
    declare_input(data, source, relation="derived-from", use="", by=ada)
    save_answers(data, answers_for("dataset"), by=ada)
    publish_statement(data, by=ada)
    return data


def full_model(data: Artifact) -> Artifact:
    """Make a team's model that was trained on a dataset and started from another model."""
    ada = data.registered_by
    team = make_team(ada, name="Team Ada")
    base = create_artifact(
        kind="model",
        title="Base",
        summary="A base.",
        by=ada,
        origin="original",
        url="https://huggingface.co/some/base",
    )
    model = create_artifact(
        kind="model",
        title="Density model",
        summary="Predicts densities.",
        by=ada,
        origin="derived",
        licence="Apache-2.0 OR MIT",
        team=team,
    )
    declare_input(model, data, relation="trained-on", use="train", by=ada)
    declare_input(model, base, relation="fine-tuned-from", use="finetune", by=ada)
    save_answers(model, answers_for("model"), by=ada)
    publish_statement(model, by=ada)
    return model


RELEASED = date(2026, 3, 31)
SECTION_KEYS = [section.key for section in SECTIONS]
