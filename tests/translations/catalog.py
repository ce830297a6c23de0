"""Strings of the sources, and the catalogs of their translations. Needs no gettext programs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib
from django.apps import apps
from django.conf import settings
from django.template import Template
from django.template.base import NodeList, TokenType
from django.template.engine import Engine
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

LANGUAGE = "de"
ROOT = Path(settings.BASE_DIR)
FOLDER = ROOT / "locale" / LANGUAGE / "LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
# A text in an expression of a template, as in {{ reason|default:_("It is off.") }}.
_IN_EXPRESSION = re.compile(r"""[|:=,\s]_\((["'])(.+?)\1\)""")
Message = tuple[str, str]  # singular and plural, empty where there is none


def messages() -> dict[Message, str]:
    """Return every string of the templates and of our applications, with the first file of each."""
    found: dict[Message, str] = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for message in _of_template(path):
            found.setdefault(message, path.relative_to(ROOT).as_posix())
    for path in _sources():
        for message in _of_source(path):
            found.setdefault(message, path.relative_to(ROOT).as_posix())
    return found


def _sources() -> list[Path]:
    # Applications installed from elsewhere have catalogs of their own.
    ours = [Path(each.path) for each in apps.get_app_configs() if Path(each.path).parent == ROOT]
    found = [path for folder in ours for path in folder.rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def _of_template(path: Path) -> Iterator[Message]:
    text = path.read_text(encoding="utf-8")
    for _, literal in _IN_EXPRESSION.findall(text):
        yield literal.replace("%", "%%"), ""
    template = Template(text, engine=Engine.get_default())
    for node in _nodes(template.nodelist):
        if isinstance(node, TranslateNode):
            yield str(node.filter_expression.var.literal).replace("%", "%%"), ""
        elif isinstance(node, BlockTranslateNode):
            yield _block(node, node.singular), _block(node, node.plural) if node.plural else ""


def _nodes(nodes: NodeList) -> Iterator[Any]:
    # Tags of our own do not tell Django of the nodes between their ends.
    for node in nodes:
        yield node
        inner = [getattr(node, name, None) for name in getattr(node, "child_nodelists", ())]
        inner += [each for each in vars(node).values() if isinstance(each, NodeList)]
        inner += [each for _, each in getattr(node, "conditions_nodelists", ())]
        for each in {id(one): one for one in inner if one}.values():
            yield from _nodes(each)


def _block(node: Any, tokens: Any) -> str:
    parts = [
        token.contents.replace("%", "%%")
        if token.token_type == TokenType.TEXT
        else f"%({token.contents})s"
        for token in tokens
    ]
    return "".join(parts)


def _of_source(path: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
        if node.func.id in {"_", "gettext", "gettext_lazy"} and texts:
            yield str(texts[0]), ""
        elif node.func.id in {"ngettext", "ngettext_lazy"} and len(texts) > 1:
            yield str(texts[0]), str(texts[1])


def key(entry: polib.POEntry) -> Message:
    """Return what an entry translates."""
    return entry.msgid, entry.msgid_plural


def write() -> list[Message]:
    """Bring the catalogs up to date; return what has no translation yet and stands in the PO."""
    wanted = messages()
    catalog = polib.pofile(str(PO))
    there = {key(entry): entry for entry in catalog}
    catalog.clear()
    for message, name in sorted(wanted.items(), key=lambda each: (each[1], each[0])):
        entry = there.get(message) or _empty(message)
        entry.occurrences = [(name, "")]
        catalog.append(entry)
    catalog.save(str(PO))
    catalog.save_as_mofile(str(MO))
    return [key(entry) for entry in catalog if not entry.translated()]


def _empty(message: Message) -> polib.POEntry:
    singular, plural = message
    flags = ["python-format"] if re.search(r"%[(sd]", singular + plural) else []
    if not plural:
        return polib.POEntry(msgid=singular, flags=flags)
    return polib.POEntry(
        msgid=singular, msgid_plural=plural, msgstr_plural={0: "", 1: ""}, flags=flags
    )
