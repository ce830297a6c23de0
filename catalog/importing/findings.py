"""What is found in a file, noted while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from license_expression import get_spdx_licensing

from catalog.licences import validate_licence
from catalog.statements.document import LINE_MOST, LINES_MOST, TEXT_MOST

TITLE_MOST = 200
SPDX_ADDRESS = "https://spdx.org/licenses/"
CREATIVE_COMMONS = "https://creativecommons.org/"


@dataclass(slots=True)
class Findings:
    """Facts and answers, and the report on them."""

    facts: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    understood: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def fact(self, name: str, value: object, *, of: str, most: int = TITLE_MOST) -> None:
        text = plain(value)
        if text:
            self.facts[name] = cut(text, most)
            self.understood.append((of, name))

    def answer(self, key: str, value: Any, *, of: str) -> None:
        if value not in (None, "", []):
            self.answers[key] = value
            self.understood.append((of, key))

    def licence(self, value: object, *, of: str) -> None:
        """Take a licence over if SPDX knows it."""
        text = plain(value[0] if isinstance(value, list) and value else value)
        if not text:
            return
        name = _spdx_name(text)
        try:
            validate_licence(name)
        except ValidationError:
            self.problems.append(f"{of}: {cut(text, 80)!r} is not a licence that SPDX knows.")
        else:
            self.fact("licence", name, of=of, most=100)


def _spdx_name(text: str) -> str:
    """Return the SPDX name in an address or in the small letters of the Hub."""
    name = text.removeprefix(SPDX_ADDRESS).removesuffix(".html").strip("/")
    name = name.replace("http://", "https://")
    if name.startswith(CREATIVE_COMMONS):
        parts = name.removeprefix(CREATIVE_COMMONS).strip("/").split("/")
        zero = parts[:2] == ["publicdomain", "zero"]
        kind = "CC0" if zero else "CC-" + (parts[1] if len(parts) > 1 else "")
        name = f"{kind}-{parts[2] if len(parts) > 2 else ''}"
    known = {key.lower(): key for key in get_spdx_licensing().known_symbols}
    return str(known.get(name.lower(), name))


def plain(value: object) -> str:
    """Return a text without what no database keeps; of a language map the first one."""
    if isinstance(value, dict):
        value = value.get("@value") or value.get("en") or next(iter(value.values()), "")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value).encode("utf-8", "ignore").decode("utf-8")
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t").strip()


def text(value: object) -> str:
    """Return a text of any number of parts, as long as an answer may be."""
    parts = value if isinstance(value, list) else [value]
    return cut("\n\n".join(filter(None, map(plain, parts[:LINES_MOST]))), TEXT_MOST)


def line(value: object) -> str:
    """Return one line."""
    return cut(" ".join(text(value).split()), LINE_MOST)


def lines(value: object) -> list[str]:
    """Return a list of lines."""
    parts = value if isinstance(value, list) else [value]
    found = [line(each) for each in parts[:LINES_MOST]]
    return list(dict.fromkeys(each for each in found if each))


def cut(value: str, most: int) -> str:
    """Return no more than so many characters, with a sign that some are left out."""
    return value if len(value) <= most else value[: most - 1].rstrip() + "…"
