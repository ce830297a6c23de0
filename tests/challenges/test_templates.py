"""Templates: each imports as it is, can be computed, and cannot open with its prompts in it."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from challenges.errors import TemplateRefused
from challenges.models import Challenge, Round
from challenges.selectors import metric_choices, primary_metric, target_specs
from challenges.services.bundles import import_whole_bundle
from challenges.services.placeholders import PROMPT
from challenges.services.readiness import findings_of
from challenges.services.references import set_reference
from challenges.services.templates import Start, Template, all_templates, start_challenge
from scoring.metrics import check_choices, get_metric
from tests.challenges.builders import person

pytestmark = pytest.mark.django_db

START = Start(
    "ours", 'Ours: a "new" one', datetime(2098, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
)
SLUGS = ["classification", "forecast", "labelling", "pde-field", "structure", "table-regression"]


@pytest.fixture
def ada() -> User:
    return person("ada")


def test_there_is_one_for_each_usual_kind_of_challenge() -> None:
    assert sorted(template.slug for template in all_templates()) == SLUGS
    assert all(template.choices and template.summary for template in all_templates())


@pytest.mark.parametrize("template", all_templates(), ids=lambda template: template.slug)
def test_a_template_becomes_a_draft_that_lacks_texts_and_answers_only(
    template: Template, ada: User
) -> None:
    round_ = start_challenge(template, START, by=ada).rounds[0].round
    assert round_.challenge.title == START.title
    assert round_.challenge.roles.get().user == ada
    assert check_choices(metric_choices(round_), target_specs(round_)) == ()
    primary = primary_metric(round_)
    assert get_metric(primary.metric, primary.version).rankable
    assert primary.aggregate != "pooled"
    assert round_.metrics.count() >= 4
    blocking = [found for found in findings_of(round_) if found.blocks]
    others = [
        found.sentence
        for found in blocking
        if "prompt:" not in found.sentence and "no reference answer" not in found.sentence
    ]
    assert others == []
    assert {found.place for found in blocking} >= {"challenge.ethics", "round.task", "answers"}


@pytest.mark.parametrize("template", all_templates(), ids=lambda template: template.slug)
def test_answers_of_the_examples_shapes_are_taken(template: Template, ada: User) -> None:
    round_ = start_challenge(template, START, by=ada).rounds[0].round
    for target in round_.targets.all():
        values = np.ones([size or 1 for size in target.answer_shape])
        set_reference(target=target, values=values, by=ada)
    assert not [found for found in findings_of(round_) if found.place == "answers"]


def test_a_template_does_not_overwrite_a_challenge(ada: User) -> None:
    template = all_templates()[0]
    start_challenge(template, START, by=ada)
    with pytest.raises(TemplateRefused, match="address ours"):
        start_challenge(template, START, by=ada)
    assert Challenge.objects.count() == 1


@pytest.mark.parametrize("slug", SLUGS)
def test_the_command_writes_a_folder_that_imports(slug: str, ada: User, tmp_path: Path) -> None:
    folder = tmp_path / "my-waves"
    call_command("bundle_new", slug, str(folder), "--by", "ada", stdout=StringIO())
    text = (folder / "challenge.yaml").read_text()
    assert PROMPT in text
    assert "{{" not in text
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "challenge.yaml",
        "targets.csv",
    ]
    import_whole_bundle(folder, by=ada)
    assert Round.objects.get().challenge.title == "My waves"
    with pytest.raises(CommandError, match="there already"):
        call_command("bundle_new", slug, str(folder))


def test_the_command_lists_the_templates_and_names_them_after_a_wrong_one(tmp_path: Path) -> None:
    told = StringIO()
    call_command("bundle_new", stdout=told)
    assert [line.split(":")[0] for line in told.getvalue().splitlines()] == [
        template.slug for template in all_templates()
    ]
    with pytest.raises(CommandError, match="There are: classification"):
        call_command("bundle_new", "weather", str(tmp_path / "x"))
