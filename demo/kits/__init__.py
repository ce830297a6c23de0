"""What the demo's organizers offer to begin with: a baseline and a notebook for each challenge."""

from __future__ import annotations

from pathlib import Path

from heldout.notebooks import start_notebook

_HERE = Path(__file__).resolve().parent

_LOOK_BURGERS = """\
import numpy as np

path = sorted(Path("data").glob("*shock-01.npz"))[0]
with np.load(path) as inputs:
    for name in inputs.files:
        print(f"{name:10} {inputs[name].shape}")
    initial = inputs["initial"]
    print(f"The flow begins between {initial.min():.2f} and {initial.max():.2f}.")
round_.targets"""

_LOOK_DIGITS = """\
for target in kit["targets"]:
    print(f"{target['slug']}: {target['summary']}\\n")"""

_ABOUT = {
    "burgers": ("Burgers flow: begin here", _LOOK_BURGERS, "Persistence"),
    "digits": ("A hundred digits: begin here", _LOOK_DIGITS, "Two of ten"),
}

FILES = [
    ("baseline.py", "A baseline that scores: run it in the starter kit, then change it."),
    ("start.ipynb", "The same as a notebook, from the data to the score."),
]


def write_kit_files(folder: Path, name: str) -> list[dict[str, str]]:
    """Write the files of a kit into a bundle; return them as its rounds list them."""
    title, look, method = _ABOUT[name]
    source = (_HERE / f"{name}_baseline.py").read_text(encoding="utf-8")
    notebook = start_notebook(title=title, look=look, method=method)
    for (file, _), text in zip(FILES, (source, notebook), strict=True):
        (folder / file).write_text(text, encoding="utf-8")
    return [{"name": file, "description": about} for file, about in FILES]
