"""Which array of a file is whose target's, by its place, its name, or the shape it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from scoring.contract import TargetSpec, fits
from scoring.harmonize.array_files import ArrayFile, LooseArray
from scoring.harmonize.array_places import Place, placed
from scoring.harmonize.axes import Change, ways
from scoring.harmonize.columns import folded
from scoring.harmonize.names import match_names, shifted_indices
from scoring.harmonize.records import MendingLog, agreed
from scoring.harmonize.spelling import note_shift, note_spelling
from scoring.readers.array_paths import ArrayPath
from scoring.readers.base import AnyArray
from scoring.readers.checks import shown

_SHAPES_COMPARED = 8  # more shapes, or targets without an array, are not told apart by them
_ARRAYS_COMPARED = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """One array that the mended file will hold, and the targets it answers."""

    array: LooseArray
    shape: tuple[int | None, ...]  # what it should have
    targets: tuple[TargetSpec, ...]
    stacked: bool = False

    @property
    def label(self) -> str:
        return shown(self.array.name)[1:-1] if self.array.name else "the array"


def named_answers(
    arrays: Sequence[LooseArray],
    log: MendingLog,
    *,
    targets: Sequence[TargetSpec],
    path: ArrayPath,
    synonyms: Mapping[str, Sequence[str]],
    strict: bool,
) -> list[Answer]:
    """Return the arrays that answer targets, each at the path of its target."""
    specs = {target.slug: target for target in targets}
    places = placed(
        _as_named(arrays, log, targets=targets), path=path, targets=targets, synonyms=synonyms
    )
    places = _by_spelling(places, log, targets=targets)
    places = _by_synonym(places, log, targets=targets, synonyms=synonyms)
    places = _by_shape(places, log, targets=targets)
    moved = [place for place in places if place.moved and place.name in specs]
    if moved:
        log.note(
            "FOLDER",
            "Arrays stand in another place than the round asks for; they are put there.",
            changes=[(shown(p.array.name), shown("/".join(path.of(p.name)))) for p in moved],
        )
    if strict:
        places = _without_extra(places, log, specs=specs, path=path)
    return [_answer(place, specs.get(place.name), path=path) for place in places]


def _answer(place: Place, spec: TargetSpec | None, *, path: ArrayPath) -> Answer:
    if spec is None:
        return Answer(place.array, place.array.shape, ())
    array = replace(place.array, name="/".join(path.of(spec.slug)))
    return Answer(array, spec.shape, (spec,))


def _as_named(
    arrays: Sequence[LooseArray], log: MendingLog, *, targets: Sequence[TargetSpec]
) -> list[LooseArray]:
    """Give arrays without a name of their own those of the targets."""
    if len(arrays) == 1 and not arrays[0].name and len(targets) > 1:
        return _taken_apart(arrays[0], log, targets=targets)
    nameless = all(
        array.name in ("", f"arr_{place}") for place, array in enumerate(arrays)
    ) and len(arrays) == len(targets)
    if not nameless or {array.name for array in arrays} == {target.slug for target in targets}:
        return list(arrays)
    names = [target.slug for target in targets]
    changes = [(array.name or "the array", name) for array, name in zip(arrays, names, strict=True)]
    if len(targets) == 1:
        if not arrays[0].name:
            log.note("CONTAINER", "The file is one .npy array; it is put into a .npz archive.")
        else:
            log.note("NAMES", "The array has no name; it gets the target's.", changes=changes)
    elif not log.note(
        "TARGET_ORDER",
        "The arrays have no names; they could be in the order in which the round lists its "
        "targets.",
        changes=changes,
        decide=agreed("TARGET_ORDER"),
    ):
        return list(arrays)
    return [replace(array, name=name) for array, name in zip(arrays, names, strict=True)]


def _taken_apart(
    array: LooseArray, log: MendingLog, *, targets: Sequence[TargetSpec]
) -> list[LooseArray]:
    """Cut one array along its first axis into one for each target, if a person agrees."""
    shapes = {target.shape for target in targets}
    if array.shape != (len(targets), *next(iter(shapes))) or len(shapes) > 1:
        return [array]
    changes = [(f"index {place}", target.slug) for place, target in enumerate(targets)]
    if not log.note(
        "TARGET_ORDER",
        "The file is one .npy array; its first axis could run over the targets in the round's "
        "order.",
        changes=changes,
        decide=agreed("TARGET_ORDER"),
    ):
        return [array]
    return [
        replace(array, name=target.slug, shape=array.shape[1:], read=_part(array.read, place))
        for place, target in enumerate(targets)
    ]


def _part(read: Callable[[], AnyArray], place: int) -> Callable[[], AnyArray]:
    return lambda: np.asarray(read()[place])


def _by_spelling(
    places: Sequence[Place], log: MendingLog, *, targets: Sequence[TargetSpec]
) -> list[Place]:
    """Name arrays whose names are spelled differently, or count from another number."""
    known = [target.slug for target in targets]
    names = [place.name for place in places]
    fitting = [place.name for place in places if _may_answer(place.array, targets)]
    shifted = shifted_indices(names, known) or shifted_indices(fitting, known)
    if shifted:
        return _renamed(places, shifted if note_shift(log, shifted) else {})
    new = match_names(names, known)
    note_spelling(log, new)
    return _renamed(places, new)


def _renamed(places: Sequence[Place], new: Mapping[str, str]) -> list[Place]:
    return [replace(place, name=new.get(place.name, place.name)) for place in places]


def _by_synonym(
    places: Sequence[Place],
    log: MendingLog,
    *,
    targets: Sequence[TargetSpec],
    synonyms: Mapping[str, Sequence[str]],
) -> list[Place]:
    """Name arrays that have a name which the round declares as another one of a target."""
    there = {place.name for place in places}
    new = {}
    for target in targets:
        words = {folded(word) for word in synonyms.get(target.slug, ())}
        like = [place.name for place in places if words and folded(place.last) in words]
        if target.slug not in there and len(like) == 1:
            new[like[0]] = target.slug
    if new:
        message = "Arrays are named differently; they get the round's names."
        changes = [(shown(before), shown(after)) for before, after in new.items()]
        log.note("ARRAY_NAME", message, changes=changes)
    return _renamed(places, new)


def _by_shape(
    places: Sequence[Place], log: MendingLog, *, targets: Sequence[TargetSpec]
) -> list[Place]:
    """Name arrays of which only one has the shape of a target that no array is named after."""
    slugs, there = {target.slug for target in targets}, {place.name for place in places}
    waiting = [target for target in targets if target.slug not in there]
    free = [place for place in places if place.name not in slugs and place.array.name]
    if len(waiting) > _SHAPES_COMPARED or len(free) > _ARRAYS_COMPARED:
        return list(places)
    pairs: dict[str, list[str]] = {}
    for target in waiting:
        fitting = [place.name for place in free if _can_fit(place.array.shape, target.shape)]
        if len(fitting) == 1:
            pairs.setdefault(fitting[0], []).append(target.slug)
    new = {name: meant[0] for name, meant in pairs.items() if len(meant) == 1}
    # A lone number among others has the shape of any; and what is one of several may be another.
    certain = len(targets) == 1 and (bool(targets[0].shape) or len(places) == 1)
    if not new or not log.note(
        "ONLY_FIT",
        f"{len(new)} array(s) have no target's name, and are the only ones of a target's shape.",
        changes=[(shown(before), shown(after)) for before, after in new.items()],
        decide="" if certain else agreed("ONLY_FIT"),
    ):
        return list(places)
    return _renamed(places, new)


def _may_answer(array: LooseArray, targets: Sequence[TargetSpec]) -> bool:
    shapes = {target.shape for target in targets}
    return len(shapes) > _SHAPES_COMPARED or any(_can_fit(array.shape, want) for want in shapes)


def _can_fit(have: Sequence[int], want: Sequence[int | None]) -> bool:
    if fits(have, want):
        return True
    found = ways(have, want)
    return bool(found) and found[0].change is not Change.RESHAPE


def _without_extra(
    places: list[Place],
    log: MendingLog,
    *,
    specs: Mapping[str, TargetSpec],
    path: ArrayPath,
) -> list[Place]:
    """Leave out arrays that are no target's: at once if all targets have theirs."""
    answers = [place for place in places if place.name in specs]
    extra = [place for place in places if place.name not in specs]
    if not extra or not answers:
        return places
    complete = set(specs) <= {place.name for place in answers}
    names = [place.array.name for place in extra]
    collide = _collide(["/".join(path.of(place.name)) for place in answers], names)
    return answers if _note_extra(log, names, certain=complete, blocks=collide) else places


def asked_for(answers: list[Answer], log: MendingLog) -> list[Answer]:
    """Leave out arrays that the reader would ignore, if anything is mended at all."""
    extra = [answer.array.name for answer in answers if not answer.targets]
    if not extra or not log.applied:
        return answers
    _note_extra(log, extra, certain=True)
    return [answer for answer in answers if answer.targets]


def _note_extra(
    log: MendingLog, names: Sequence[str], *, certain: bool, blocks: bool = False
) -> bool:
    return log.note(
        "EXTRA_ARRAYS",
        f"{len(names)} array(s) have names that no target has; left out.",
        changes=[(shown(name), "") for name in names],
        decide="" if certain else agreed("EXTRA_ARRAYS"),
        blocks=blocks,
    )


def _collide(names: Sequence[str], others: Sequence[str]) -> bool:
    """Tell whether a name would stand inside another array, as inside a group."""

    def groups(name: str) -> set[str]:
        parts = name.split("/")
        return {"/".join(parts[:depth]) for depth in range(1, len(parts) + 1)}

    within, others_within = set().union(*map(groups, names)), set().union(*map(groups, others))
    return bool(within & set(others)) or bool(others_within & set(names))


def single_answer(
    file: ArrayFile,
    arrays: Sequence[LooseArray],
    log: MendingLog,
    *,
    order: Sequence[str],
    targets: Sequence[TargetSpec],
) -> list[Answer]:
    """Return the one array that a .npy file is to hold."""
    specs = {target.slug: target for target in targets}
    arrays = [replace(array, name=array.name.rpartition("/")[2]) for array in arrays]
    if len(arrays) == 1 and file.kind == "npz":
        log.note("CONTAINER", "The file is a .npz archive; its only array is written alone.")
    if not order:
        (array,) = arrays  # a ValueError, as of anything unreadable, where there are more
        return [Answer(replace(array, name=""), targets[0].shape, (targets[0],))]
    in_order = tuple(specs[slug] for slug in order)
    shape = (len(order), *in_order[0].shape)
    if len(arrays) == 1:
        return [Answer(replace(arrays[0], name=""), shape, in_order, stacked=True)]
    by_name = {array.name: array for array in arrays}
    parts = [by_name[slug] for slug in order]
    log.note(
        "CONTAINER",
        "The file is a .npz archive; its arrays are put one behind the other by their names.",
        changes=[(slug, f"index {place}") for place, slug in enumerate(order)],
    )
    whole = LooseArray(
        "",
        (len(parts), *parts[0].shape),
        np.result_type(*(part.dtype for part in parts)),
        False,
        lambda: np.stack([part.read() for part in parts]),
    )
    return [Answer(whole, shape, in_order, stacked=True)]
