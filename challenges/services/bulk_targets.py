"""Many targets at once, from a table or an archive of one with its files: all of it, or nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

import numpy as np
from django.db import transaction

from accounts.models import User
from challenges.errors import ChallengeError
from challenges.models import Round, Target
from challenges.services.bundles.fields import Values, read_fields, update
from challenges.services.bundles.read_rounds import TARGET_FIELDS, TARGET_JSON
from challenges.services.files import add_round_file
from challenges.services.references import set_reference
from challenges.services.rounds import locked_draft
from challenges.services.targets import remove_target
from heldout.bundle.located import Entries, parse_yaml
from heldout.bundle.section import BundleLog, Section, note_repeats
from heldout.bundle.source import BundleSource, ZipSource, refusal

TABLE = "targets.csv"
_ROOT = f"targets: {{table: {TABLE}}}"


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One line of the table."""

    section: Section
    values: Values  # of the columns that are filled in
    answer: float | str | None  # a number, or the name of a .npy file of the archive
    input: str


@dataclass(frozen=True, slots=True)
class BulkReport:
    """What an upload did."""

    made: int
    changed: int
    removed: int
    answers: int


class _TableSource:
    """A table that was uploaded alone."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content

    def has(self, name: str) -> bool:
        return name == TABLE

    def names_in(self, folder: str) -> list[str]:
        return []

    def open(self, name: str) -> BinaryIO:
        self._content.seek(0)
        return io.BytesIO(self._content.read())


class _InFolder:
    """An archive that has everything in one top folder."""

    def __init__(self, source: BundleSource, prefix: str) -> None:
        self._source, self._prefix = source, prefix

    def has(self, name: str) -> bool:
        return self._source.has(self._prefix + name)

    def names_in(self, folder: str) -> list[str]:
        found = self._source.names_in(self._prefix + folder)
        return [name.removeprefix(self._prefix) for name in found]

    def open(self, name: str) -> BinaryIO:
        return self._source.open(self._prefix + name)


def upload_targets(
    round: Round, content: BinaryIO, *, name: str, by: User, replace: bool = False
) -> BulkReport:
    """Make or change the targets of a draft by a table, one line for each.

    A target that is there keeps what the table does not mention.

    Parameters
    ----------
    name : str
        Of the uploaded file: ``.zip`` with `targets.csv` and the files it names, or a table.
    replace : bool
        Whether targets that the table does not name are removed.

    Raises
    ------
    BundleError
        With everything that is wrong in any line, each with its line. Nothing is changed then.
    RoundFrozen
        If the round is published.
    """
    log = BundleLog()
    with _opened(content, name=name) as source, transaction.atomic():
        locked = locked_draft(round)
        rows = _read(source, log, round=locked)
        log.raise_if_any()
        report = _apply(rows, round=locked, source=source, by=by, replace=replace)
        log.raise_if_any()
    return report


@contextmanager
def _opened(content: BinaryIO, *, name: str) -> Iterator[BundleSource]:
    if not name.lower().endswith(".zip"):
        yield _TableSource(content)
        return
    try:
        with zipfile.ZipFile(content) as archive:
            source = ZipSource(archive, label=name)
            tops = {member.split("/")[0] for member in archive.namelist()}
            prefix = f"{next(iter(tops))}/" if len(tops) == 1 and not source.has(TABLE) else ""
            if not source.has(prefix + TABLE):
                raise refusal(name, f"there is no {TABLE} at its top")
            yield _InFolder(source, prefix)
    except zipfile.BadZipFile:
        raise refusal(name, "it is not a readable zip archive") from None


def _read(source: BundleSource, log: BundleLog, *, round: Round) -> list[TargetRow]:
    root = parse_yaml(_ROOT, file=TABLE)
    if not isinstance(root, Entries):
        raise TypeError(_ROOT)
    top = Section(root, log, source=source, what="the table")
    sections = top.sections("targets", each="a target")
    if not sections and not log.problems:
        top.fault("", "the table has no line with a target.", "Write a header line and one line.")
    rows = [_row(section, round=round) for section in sections]
    note_repeats(sections, [row.values.get("slug", "") for row in rows], key="slug")
    return rows


def _row(section: Section, *, round: Round) -> TargetRow:
    names = [name for name in TARGET_FIELDS if name == "slug" or section.has(name)]
    values = read_fields(section, Target, names, json_kinds=TARGET_JSON)
    _check_dates(section, values, round=round)
    row = TargetRow(section, values, _answer(section), section.file("input"))
    section.close()
    return row


def _answer(section: Section) -> float | str | None:
    if not section.has("answer"):
        return None
    text = section.text("answer")
    try:
        return float(text)
    except ValueError:
        return section.file("answer") or None


def _check_dates(section: Section, values: Values, *, round: Round) -> None:
    for name in ("opens_at", "closes_at"):
        moment: datetime | None = values.get(name)
        if moment is not None and not round.opens_at <= moment <= round.closes_at:
            section.fault(
                name,
                f"{name!r} is outside the round, which runs from {round.opens_at:%Y-%m-%d %H:%M} "
                f"to {round.closes_at:%Y-%m-%d %H:%M} UTC.",
                "Change it, or the dates of the round.",
            )


def _apply(
    rows: list[TargetRow], *, round: Round, source: BundleSource, by: User, replace: bool
) -> BulkReport:
    there = {target.slug: target for target in Target.objects.filter(round=round)}
    named = {row.values["slug"] for row in rows}
    gone = [target for slug, target in there.items() if replace and slug not in named]
    for target in gone:
        remove_target(target)
    last = max((target.position for target in there.values()), default=-1)
    made = changed = answers = 0
    for number, row in enumerate(rows, 1):
        known = there.get(row.values["slug"])
        target = known or Target(round=round, position=last + number)
        touched = update(target, row.values)
        made += known is None
        changed += known is not None and touched
        answers += _store_files(target, row, source=source, by=by)
    return BulkReport(made=made, changed=changed, removed=len(gone), answers=answers)


def _store_files(target: Target, row: TargetRow, *, source: BundleSource, by: User) -> bool:
    """Store the answer and the input of a target; note what is refused at its line."""
    try:
        if row.input:
            with source.open(row.input) as content:
                name = row.input.rsplit("/", 1)[-1]
                add_round_file(target.round, name=name, content=content, target=target, by=by)
        if isinstance(row.answer, float):
            set_reference(target=target, values=np.array(row.answer), by=by)
        elif row.answer:
            with source.open(row.answer) as content:
                set_reference(target=target, values=content, by=by)
    except ChallengeError as error:
        row.section.fault("answer", error.message, error.remedy)
    return row.answer is not None
