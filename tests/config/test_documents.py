"""Documents that operators rely on are complete."""

from __future__ import annotations

import re

from config import environment

ROOT = environment.BASE_DIR
READS_VARIABLE = re.compile(
    r'(?:boolean|integer|words|secret|env\.str|environ\.get)\(\s*f?"([A-Z][A-Z0-9_]+)"'
)


def test_operators_guide_explains_every_variable_that_is_read() -> None:
    guide = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    sources = [ROOT / "config" / name for name in ("settings.py", "environment.py", "embedded.py")]
    read = {
        name
        for path in sources
        for name in READS_VARIABLE.findall(path.read_text(encoding="utf-8"))
    } - {"DJANGO_SETTINGS_MODULE"}
    assert len(read) > 20
    assert {name for name in read if f"`{name}`" not in guide} == set()
