"""Where an array stands in a file, against where the round asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.contract import TargetSpec
from scoring.harmonize.array_files import LooseArray
from scoring.harmonize.columns import folded
from scoring.readers.array_paths import ArrayPath

# How near a place is to the declared one.
_RIGHT, _LIKE, _SAME_DEPTH, _ELSEWHERE = range(4)


@dataclass(frozen=True, slots=True)
class Place:
    """An array, and the name of the target that its place gives it."""

    array: LooseArray  # named by its whole path
    name: str
    distance: int = _RIGHT

    @property
    def moved(self) -> bool:
        return self.distance != _RIGHT

    @property
    def last(self) -> str:
        return self.name.rpartition("/")[2]


def placed(
    arrays: Sequence[LooseArray],
    *,
    path: ArrayPath,
    targets: Sequence[TargetSpec],
    synonyms: Mapping[str, Sequence[str]],
) -> list[Place]:
    """Name each array as the target that its place speaks of, where only one array does.

    Of several in places that speak of one target, the one that is nearest to the declared place
    gets its name; the others keep their whole path, which is no target's name.
    """
    only = targets[0].slug if len(targets) == 1 else ""
    found = [_place(array, path, only=only, synonyms=synonyms) for array in arrays]
    by_name: dict[str, list[Place]] = {}
    for place in found:
        by_name.setdefault(place.name, []).append(place)
    return [
        place if _is_nearest(place, by_name[place.name]) else Place(place.array, place.array.name)
        for place in found
    ]


def _is_nearest(place: Place, others: Sequence[Place]) -> bool:
    return [each for each in others if each.distance <= place.distance] == [place]


def _place(
    array: LooseArray, path: ArrayPath, *, only: str, synonyms: Mapping[str, Sequence[str]]
) -> Place:
    parts = tuple(array.name.split("/"))
    if len(parts) != len(path.parts):
        return Place(array, parts[-1], _ELSEWHERE)
    pairs = list(zip(parts, path.parts, strict=True))
    names = [_slug_in(part, declared) for part, declared in pairs]
    fixed = [pair for pair, name in zip(pairs, names, strict=True) if name is None]
    slug = next((name for name in names if name is not None), only)
    if not slug:
        return Place(array, parts[-1], _ELSEWHERE)
    if all(part == declared for part, declared in fixed):
        return Place(array, slug, _RIGHT)
    if all(_is_like(part, declared, synonyms) for part, declared in fixed):
        return Place(array, slug, _LIKE)
    if path.names_target:
        return Place(array, slug, _SAME_DEPTH)
    return Place(array, parts[-1], _ELSEWHERE)


def _slug_in(part: str, declared: str) -> str | None:
    """Return the target's name in a part of a path, if it is there to be found."""
    before, mark, after = declared.partition("{target}")
    if not mark:
        return None
    if part.startswith(before) and part.endswith(after) and len(part) > len(before + after):
        return part[len(before) : len(part) - len(after)]
    return part


def _is_like(part: str, declared: str, synonyms: Mapping[str, Sequence[str]]) -> bool:
    words = {folded(declared), *(folded(word) for word in synonyms.get(declared, ()))}
    return folded(part) in words
