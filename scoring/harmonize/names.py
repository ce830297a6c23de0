"""Names that differ from the round's by spelling only, or by where counting starts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
# Blank or nothing to the eye, yet a character to a machine.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f]")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb \t\u00a0"
_INDEXED = re.compile(r"(.*?)([0-9]+)", re.DOTALL)


def cleaned(name: str) -> str:
    """Return a name without blanks and quotes around it, invisible characters and odd dashes.

    >>> cleaned(' "u\u201301" ')
    'u-01'
    """
    text = _INVISIBLE.sub("", _DASHES.sub("-", name))
    return unicodedata.normalize("NFKC", text).strip(_QUOTES)


def _folded(name: str) -> str:
    return cleaned(name).casefold()


def _joined(name: str) -> str:
    return re.sub(r"[\s_.-]", "", _folded(name))


def _without_zeros(name: str) -> str:
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", _joined(name))


_FOLDS: tuple[Callable[[str], str], ...] = (cleaned, _folded, _joined, _without_zeros)


def match_names(found: Iterable[str], known: Sequence[str]) -> dict[str, str]:
    """Return the known name of each found one that is spelled differently, where it is plain.

    A name is never given where two found names, or two known ones, could be meant.

    >>> match_names(["u01", " U2", "x"], ["u01", "u02", "u03"])
    {' U2': 'u02'}
    """
    open_names = set(known)
    left = [name for name in dict.fromkeys(found) if name not in open_names]
    if not left:
        return {}
    open_names -= set(found)
    matched: dict[str, str] = {}
    for fold in _FOLDS:
        wanted = _by_fold(open_names, fold)
        for key, names in _by_fold(left, fold).items():
            targets = wanted.get(key, [])
            if len(names) == 1 and len(targets) == 1:
                matched[names[0]] = targets[0]
        left = [name for name in left if name not in matched]
        open_names -= set(matched.values())
    return matched


def _by_fold(names: Iterable[str], fold: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(fold(name), []).append(name)
    return groups


def shifted_indices(found: Iterable[str], known: Sequence[str]) -> dict[str, str]:
    """Return new names where all found ones count from one more, or one less, than the known.

    >>> shifted_indices(["u0", "u1"], ["u1", "u2"])
    {'u0': 'u1', 'u1': 'u2'}
    """
    wanted, given = _indexed(known), _indexed(dict.fromkeys(found))
    if wanted is None or given is None or wanted[0] != given[0] or len(given[1]) < 2:
        return {}
    if set(given[1]) <= set(wanted[1]):
        return {}
    for step in (1, -1):
        if all(number + step in wanted[1] for number in given[1]):
            return {name: wanted[1][number + step] for number, name in given[1].items()}
    return {}


def _indexed(names: Iterable[str]) -> tuple[str, dict[int, str]] | None:
    """Return the common beginning of the names and each name by its number."""
    beginnings, numbers = set(), {}
    for name in names:
        match = _INDEXED.fullmatch(_joined(name))
        if match is None or len(match[2]) > 18 or int(match[2]) in numbers:
            return None
        beginnings.add(match[1])
        numbers[int(match[2])] = name
    return (beginnings.pop(), numbers) if len(beginnings) == 1 else None
