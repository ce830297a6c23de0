"""Writing challenge.yaml so that our own reader, and any YAML 1.2 reader, gets back the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from heldout.bundle.located import Place, Scalar
from scoring.contract import JsonValue

_NOWHERE = Place("", 0)


class _Writer(yaml.SafeDumper):
    """Block mappings, short lists on one line, texts of several lines as they are."""

    def ignore_aliases(self, data: Any) -> bool:
        return True  # bundles have none: what is used twice is written twice


def _text(writer: _Writer, value: str) -> yaml.ScalarNode:
    style = None
    if "\n" in value and value.replace("\n", "").isprintable():
        style = "|"
    elif not value.isprintable() or Scalar(value, True, _NOWHERE).value() != value:
        style = '"'
    return writer.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _list(writer: _Writer, values: list[JsonValue]) -> yaml.SequenceNode:
    is_short = not any(isinstance(value, dict | list) for value in values)
    return writer.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=is_short)


_Writer.add_representer(str, _text)
_Writer.add_representer(list, _list)


def write_yaml(document: Mapping[str, JsonValue]) -> str:
    """Return a document as YAML that `parse_yaml` reads back to the same values.

    Equal documents give equal text. Numbers must be finite.
    """
    text: str = yaml.dump(
        dict(document),
        Dumper=_Writer,
        default_flow_style=False,
        sort_keys=False,
        allow_unicode=True,
        width=96,
    )
    return text
