"""Starter kits: a folder with a round's data, a template, a baseline that scores, a notebook.

What the organizers offer under the names of a kit (`baseline.py`, `start.ipynb`, `README.md`,
`template.*`) is taken as it is; the rest is made from what the API says of the round.
Nothing that was downloaded is run here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heldout.kit_texts import BASELINE, LOOK, baseline_from_template, readme
from heldout.notebooks import start_notebook
from heldout.prediction_files import (
    file_name,
    is_writable,
    template_values,
    write_predictions,
)

if TYPE_CHECKING:
    from heldout.client import Client

KIT_FILES = {"baseline.py", "start.ipynb", "README.md"}
TEMPLATE = "template."
DATA = "data"


@dataclass(frozen=True, slots=True)
class Kit:
    """What was written."""

    folder: Path
    files: tuple[Path, ...]
    has_baseline: bool
    predictions: str  # the file that the baseline writes


def default_folder(name: str) -> Path:
    """Return where the kit of ``challenge/round`` goes unless told otherwise.

    >>> default_folder("burgers-1d/open").as_posix()
    'burgers-1d-open'
    """
    return Path(name.strip("/").replace("/", "-"))


def write_kit(client: Client, name: str, folder: Path) -> Kit:
    """Make the starter kit of a round.

    Raises
    ------
    FileExistsError
        If the folder is there and has something in it: nobody's work is written over.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} is there and not empty: name another folder")
    round_ = client.round(name)
    targets = client.targets(name)
    declared = client.prediction_format(name)
    (folder / DATA).mkdir(parents=True, exist_ok=True)
    _download(client, round_, folder)
    about = {"server": client.url, "name": f"{round_['challenge']}/{round_['slug']}"}
    _write_json(folder / "round.json", {**about, "round": round_, "targets": targets})
    _write_json(folder / "format.json", declared)
    template = _template(folder, declared)
    predictions = f"predictions{template.suffix}" if template else ""
    has_baseline = _write_code(folder, declared, template, title=round_["title"])
    if not (folder / "README.md").exists():
        text = readme(
            {**about, **round_},
            targets,
            template=template.name if template else "",
            predictions=predictions,
            has_baseline=has_baseline,
        )
        (folder / "README.md").write_text(text, encoding="utf-8")
    files = tuple(sorted(path for path in folder.rglob("*") if path.is_file()))
    return Kit(folder, files, has_baseline, predictions)


def _download(client: Client, round_: dict[str, Any], folder: Path) -> None:
    for file in round_["files"]:
        is_of_kit = file["name"] in KIT_FILES or file["name"].startswith(TEMPLATE)
        client.download(file, folder if is_of_kit else folder / DATA)
    for each in round_["offered_data"]:
        for file in client.artifact(f"{each['slug']}@{each['version']}")["files"]:
            client.download(file, folder / DATA)


def _template(folder: Path, declared: dict[str, Any]) -> Path | None:
    """Return the organizers' template, or write one; None if there is no way to."""
    offered = sorted(folder.glob(f"{TEMPLATE}*"))
    if offered:
        return offered[0]
    if not is_writable(declared):
        return None
    path = folder / file_name(declared, stem="template")
    return write_predictions(path, template_values(declared), declared)


def _write_code(
    folder: Path, declared: dict[str, Any], template: Path | None, *, title: str
) -> bool:
    baseline, notebook = folder / "baseline.py", folder / "start.ipynb"
    if not baseline.exists():
        if is_writable(declared):
            text = BASELINE.replace("PREDICTIONS", file_name(declared, stem="predictions"))
        elif template is not None:
            text = baseline_from_template(template.name, f"predictions{template.suffix}")
        else:
            return False
        baseline.write_text(text, encoding="utf-8")
    if not notebook.exists():
        text = start_notebook(title=title, look=LOOK, method="Starter baseline")
        notebook.write_text(text, encoding="utf-8")
    return True


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
