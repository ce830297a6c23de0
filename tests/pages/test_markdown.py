"""What people write is shown as text or as harmless HTML."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.test import Client

from accounts.models import User
from pages.markdown import render
from tests.factories import make_artifact, make_challenge, make_team, make_user

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
    '[x](/a "\\" onmouseover=alert(1) x=\\"")',
    '![x](x" onerror="alert(1))',
    "<svg/onload=alert(1)>",
    "<style>*{display:none}</style>",
    "<iframe src=//elsewhere.example></iframe>",
    "`<script>alert(1)</script>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


class Elements(HTMLParser):
    """Collect the elements that a browser would make of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", ATTACKS)
def test_markdown_lets_no_code_through(text: str) -> None:
    for tag, attributes in Elements(render(text)).found:
        assert tag in {"p", "a", "img", "code"}
        assert set(attributes) <= {"href", "title", "rel", "src", "alt"}
        for name in ("href", "src"):
            assert ":" not in (attributes.get(name) or "")


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("/static/a.png", True),
        ("a.png", True),
        ("https://elsewhere.example/a.png", False),
        ("//elsewhere.example/a.png", False),
        ("data:image/png;base64,AAAA", False),
    ],
)
def test_images_load_from_this_site_only(source: str, *, kept: bool) -> None:
    assert ("src=" in render(f"![a]({source})")) is kept


def test_a_backslash_does_not_make_an_image_of_another_site() -> None:
    assert 'src="/%5Celsewhere.example/a.png"' in render("![a](/\\elsewhere.example/a.png)")


def test_headings_fit_under_those_of_the_page() -> None:
    assert render("# One\n\n## Two") == "<h3>One</h3>\n<h4>Two</h4>\n"


def test_links_to_other_sites_tell_nothing_of_the_reader() -> None:
    html = render("[x](https://example.org/)")
    assert html == (
        '<p><a href="https://example.org/" rel="noopener noreferrer nofollow">x</a></p>\n'
    )


def test_tables_and_emphasis_are_kept() -> None:
    html = render("|a|\n|-|\n|**b**|")
    assert "<td><strong>b</strong></td>" in html


@pytest.mark.parametrize("name", ['<script>alert("x")</script>', '"><img src=x onerror=alert(1)>'])
def test_names_are_escaped_on_pages(client: Client, db: None, name: str) -> None:
    person = make_user("mallory", display_name=name, affiliation=name)
    team = make_team(person, name=name, slug="mallory")
    artifact = make_artifact(title=name, people=[person], summary=name, description=name)
    challenge = make_challenge(
        person, title=name, summary=name, domain_question=name, ml_task=name, ethics=name
    )
    for shown in (person, team, artifact, challenge):
        html = client.get(shown.get_absolute_url()).content.decode()
        assert name not in html
        assert "<img src=x" not in html
    client.force_login(User.objects.get(username="mallory"))
    assert name not in client.get("/").content.decode()
