import pytest

from tests.docs import links
from tests.docs.places import ROOT


def test_every_relative_link_of_the_repository_leads_somewhere():
    assert links.problems(ROOT) == []


def test_the_pages_of_the_documentation_are_among_those_looked_at():
    names = {page.relative_to(ROOT).as_posix() for page in links.pages(ROOT)}
    assert {"docs/scoring.md", "docs/adr/README.md", "docs/metrics.md"} <= names
    assert not any(name.startswith((".", "var/")) for name in names)


@pytest.fixture
def site(tmp_path):
    root = tmp_path / "site"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "there.md").write_text("# A heading\n\nText\n", encoding="utf-8")
    (root / "engine.py").write_text("one = 1\ntwo = 2\n", encoding="utf-8")
    (tmp_path / "outside.md").write_text("not ours\n", encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("absent.md", "a file that is not there"),
        ("there.md#another-heading", "a heading that is not there"),
        ("#nowhere", "a heading that is not there"),
        ("../engine.py#L3", "a line that is not there"),
        ("../engine.py#two", "leads to no page"),
        ("../../outside.md", "out of the repository"),
        ("/docs/there.md", "relative"),
    ],
)
def test_a_link_to_nothing_is_told(site, target, reason):
    (site / "docs" / "page.md").write_text(f"# Page\n\nSee [it]({target}).\n", encoding="utf-8")
    (problem,) = links.problems(site)
    assert problem.startswith("docs/page.md:3: ")
    assert reason in problem


def test_a_picture_that_is_not_there_is_told(site):
    (site / "page.md").write_text("![drawing](docs/drawing.svg)\n", encoding="utf-8")
    assert len(links.problems(site)) == 1


@pytest.mark.parametrize(
    "target",
    [
        "there.md",
        "there.md#a-heading",
        "#page-two",
        "../engine.py#L2",
        "../docs/",
        "https://example.org/absent",
        "mailto:someone@example.org",
    ],
)
def test_a_link_to_something_is_fine(site, target):
    text = f"# Page: *two*\n\nSee [it]({target}).\n\n```\n[code](absent.md)\n```\n"
    (site / "docs" / "page.md").write_text(text, encoding="utf-8")
    assert links.problems(site) == []


def test_anchors_are_made_as_on_the_page():
    text = "# The `run` of 2 (two)\n\n## Twice\n\n## Twice\n\n<a id='own'></a> and text\n"
    assert links.anchors(text) == {"the-run-of-2-two", "twice", "twice-1", "own"}
