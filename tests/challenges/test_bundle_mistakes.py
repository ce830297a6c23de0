"""What an organizer easily gets wrong in a bundle is told with its line and how to mend it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from challenges.services.bundles import import_bundle
from heldout.bundle.errors import BundleError
from scoring.readers import all_readers
from scoring.readers.base import HARMONIZING_OPTIONS
from tests.challenges.builders import person

ROOT = Path(__file__).parents[2]
RIVER, FOLDS, YAML = "river-stage", "small-folds", "challenge.yaml"
UNITS = "reader: jsonl\n    reader_options: {units: {unit: m, accepts: {ft: foot}}}"
BIAS = """metric: quantile_bias
        label: Bias
        parameters: {levels: [0.05, 0.25, 0.5, 0.75, 0.95]}"""
# Example, file, what stands there, what is planted, what is told of it, and the remedy.
MISTAKES = (
    (RIVER, YAML, "reader: jsonl", UNITS, "ft needs a factor", "lists the options"),
    (RIVER, YAML, "metric: wis", "metric: wiss", "did you mean wis", "`heldout metrics` lists"),
    (RIVER, YAML, BIAS, "metric: lddt", "for 7 more targets", "another metric"),
    (RIVER, YAML, "closes_at: 2099", "closes_at: 2098", "opens before it closes", "Move one"),
    (RIVER, YAML, "    embargo:", "\tembargo:", "not readable as YAML", "Indent with spaces"),
    (RIVER, YAML, "title: Stage of", "title: Stage: of", "not readable as YAML", "between quotes"),
    (RIVER, "targets.csv", "\n", ",weight\n", "the header", "as many commas in each row"),
    (FOLDS, YAML, "0000-0002-1825-0097", "0000-0002-1825-0098", "typing error", "orcid.org"),
    (FOLDS, YAML, "licence: CC0-1.0", "licence: CC-ZERO", "Unknown license", "Write for example"),
    (FOLDS, YAML, "[24, 3], summary", "[23, 3], summary", "another shape", "reader_options fit"),
    (FOLDS, YAML, "hth1: {seq", "hth9: {seq", "no targets: hth9", "reader_options fit"),
    (FOLDS, YAML, "slug: helix2", "slug: helix1", "is there twice", "Remove one of the two"),
)


@pytest.mark.django_db
def test_what_is_easily_got_wrong_is_told_with_line_and_remedy(tmp_path: Path) -> None:
    ada = person("ada")
    for number, (name, file, there, planted, told, remedy) in enumerate(MISTAKES):
        folder = shutil.copytree(ROOT / "examples" / name, tmp_path / str(number))
        text = (folder / file).read_text()
        assert there in text, (name, there)
        (folder / file).write_text(text.replace(there, planted, 1))
        with pytest.raises(BundleError) as refused:
            import_bundle(folder, by=ada)
        found = [each for each in refused.value.problems if told in each.message]
        assert len(found) == 1, (planted, refused.value.problems)
        assert remedy in str(found[0])
        assert (found[0].file, found[0].line is None) == (file, False)


def test_the_page_on_bundles_lists_every_reader_with_its_options() -> None:
    page = (ROOT / "docs/bundle.md").read_text(encoding="utf-8")
    table = page[page.index("### Readers and their options") :]
    rows = {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}
    for reader in all_readers():
        for option in reader.options:
            assert f"`{option.name}`" in rows[reader.slug], (reader.slug, option.name)
    assert all(f"`{option.name}`" in table for option in HARMONIZING_OPTIONS)
