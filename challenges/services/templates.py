"""Templates of challenges: bundles with prompts in the place of texts, imported like any bundle."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from accounts.models import User
from catalog.models import Artifact
from challenges.errors import TemplateRefused
from challenges.models import Challenge
from challenges.services.bundles import ImportReport, import_whole_bundle
from heldout.bundle.source import ROOT_FILE

FOLDER = Path(__file__).resolve().parents[1] / "templates_data"
ABOUT = "about.yaml"
LONGEST_SLUG = 50  # the target set's is longer by a few characters


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of challenge, with the reasons for what it sets."""

    slug: str
    title: str
    summary: str
    choices: tuple[tuple[str, str], ...]  # what is set, and why


@dataclass(frozen=True, slots=True)
class Start:
    """What a template cannot know."""

    slug: str
    title: str
    opens_at: datetime
    closes_at: datetime
    round: str = "first"
    round_title: str = "First round"


def all_templates() -> list[Template]:
    """Return the templates by title."""
    return sorted((_read(path.parent) for path in FOLDER.glob(f"*/{ABOUT}")), key=lambda t: t.title)


def get_template(slug: str) -> Template:
    """Return one template.

    Raises
    ------
    TemplateRefused
        If there is none of this name.
    """
    for template in all_templates():
        if template.slug == slug:
            return template
    known = ", ".join(sorted(template.slug for template in all_templates()))
    raise TemplateRefused(f"There is no template {slug}.", f"There are: {known}.")


def start_challenge(template: Template, start: Start, *, by: User) -> ImportReport:
    """Make a challenge with a draft of its first round, by importing the template.

    Raises
    ------
    TemplateRefused
        If the address is taken already.
    BundleError
        If a fact does not fit, such as dates in the wrong order.
    """
    if Challenge.objects.filter(slug=start.slug).exists():
        raise TemplateRefused(
            f"There is a challenge with the address {start.slug}.", "Choose another address."
        )
    if Artifact.objects.filter(slug=_target_set(start)).exists():
        raise TemplateRefused(
            f"There is an artifact {_target_set(start)} already.", "Choose another address."
        )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "bundle"
        write_template(template, folder, start, username=by.username)
        return import_whole_bundle(folder, by=by)


def write_template(template: Template, folder: Path, start: Start, *, username: str) -> None:
    """Write a template as a bundle to go on with by hand.

    Raises
    ------
    TemplateRefused
        If the folder is there and not empty, or the address is too long.
    """
    if len(start.slug) > LONGEST_SLUG:
        raise TemplateRefused(f"The address has more than {LONGEST_SLUG} characters.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TemplateRefused(f"{folder} is there already.", "Name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((FOLDER / template.slug).iterdir()):
        if path.name != ABOUT:
            content = path.read_text(encoding="utf-8")
            (folder / path.name).write_text(_filled(content, _facts(start, username)), "utf-8")
    (folder / "README.md").write_text(_readme(template), encoding="utf-8")


def _read(folder: Path) -> Template:
    about = yaml.safe_load((folder / ABOUT).read_text(encoding="utf-8"))
    choices = tuple((each["name"], each["why"]) for each in about["choices"])
    return Template(folder.name, about["title"], about["summary"], choices)


def _target_set(start: Start) -> str:
    return f"{start.slug}-targets"


def _facts(start: Start, username: str) -> dict[str, str]:
    return {
        "slug": start.slug,
        "title": start.title,
        "target_set": _target_set(start),
        "round": start.round,
        "round_title": start.round_title,
        "opens_at": start.opens_at.astimezone(UTC).isoformat(),
        "closes_at": start.closes_at.astimezone(UTC).isoformat(),
        "user": username,
    }


def _filled(content: str, facts: Mapping[str, str]) -> str:
    # Every place stands between double quotes, where YAML reads what JSON writes.
    for name, value in facts.items():
        content = content.replace(f"{{{{{name}}}}}", json.dumps(value, ensure_ascii=False)[1:-1])
    return content


def _readme(template: Template) -> str:
    choices = "\n".join(f"- **{name}**: {why}" for name, why in template.choices)
    return (
        f"# {template.title}\n\n{template.summary}\n\nReplace each line that begins with "
        f"`TO WRITE:` in {ROOT_FILE} and targets.csv, name the answers under `references`, and "
        f"import the folder with `manage.py bundle_import`.\n\n{choices}\n"
    )
