"""Write a small Jupyter notebook, without the packages that run one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def notebook_text(cells: Sequence[tuple[str, str]]) -> str:
    """Return a notebook (nbformat 4.5) of cells: each a kind, "markdown" or "code", and its text.

    >>> json.loads(notebook_text([("code", "1 + 1")]))["cells"][0]["source"]
    ['1 + 1']
    """
    content = {
        "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(cells, 1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {},
        "source": text.strip("\n").splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def start_notebook(*, title: str, look: str, method: str) -> str:
    """Return a notebook from a kit's data to a scored submission.

    Parameters
    ----------
    look : str
        Code that looks at the data of the kit.
    method : str
        The name under which it submits.
    """
    return notebook_text(
        [
            (
                "markdown",
                f"# {title}\nFrom the data of this folder to a scored submission. "
                "Sign in once, in a terminal: `heldout login`.",
            ),
            ("code", _BEGIN),
            ("markdown", "## The data"),
            ("code", look),
            (
                "markdown",
                "## A prediction\n`baseline.py` is the place for a better idea: change "
                "`predict` and run this again.",
            ),
            ("code", "import baseline\n\npath = baseline.main()\nround_.validate(path)"),
            ("markdown", "## Handing it in\nThis counts against the quota of the day."),
            (
                "code",
                f"submission = round_.submit(path, method={method!r})\nsubmission.wait()\n"
                "submission",
            ),
            ("code", "round_.leaderboard()"),
        ]
    )


_BEGIN = """\
import json
from pathlib import Path

import heldout

kit = json.loads(Path("round.json").read_text(encoding="utf-8"))
site = heldout.connect(kit["server"])
round_ = site.round(kit["name"])
round_"""
