"""Mending a file and reading the mended one, as a person would."""

from __future__ import annotations

import io

from scoring.engine import check
from scoring.harmonize import Decisions, harmonize
from scoring.readers import get_reader


def mend(content, declared, targets, decisions=None):
    """Return the mended file's content, or None, and the mendings by code."""
    file = io.BytesIO(content)
    found = harmonize(file, declared, targets, decisions or Decisions())
    mendings = {mending.code: mending for mending in found.mendings}
    assert len(mendings) == len(found.mendings), "a mending is told twice"
    if found.write is None:
        return None, mendings
    out = io.BytesIO()
    found.write(out)
    return out.getvalue(), mendings


def values_of(content, declared, targets):
    """Return what the reader makes of a file that it takes."""
    file = io.BytesIO(content)
    assert check(file, declared, targets).problems == ()
    read = get_reader(declared.reader).read(file, options=declared.options, targets=targets)
    return {slug: source.read() for slug, source in read.sources.items()}
