"""All of a revealed round as one streamed archive: answers, scores, board, and predictions.

It holds what is published, the same for everyone, and with `heldout rank` it gives the board again
on a machine that never heard of this site.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.http import HttpResponse

from challenges.errors import RoundNotReady
from challenges.models import Reference, Round
from challenges.services.references import open_revealed
from leaderboards.documents import board_document
from leaderboards.revisions import sheet_of
from leaderboards.sheets import Sheet
from leaderboards.visible import VisibleBoard, visible_board
from pages.board_csv import plain, write_board
from pages.boards.exports import rule_json, write_scores
from pages.boards.lines import board_of
from submissions.models import Submission

PIECE_BYTES = 1 << 18
_SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,8}){1,2}")

README = """\
{title}
Revision {number} of the board, computed {at}. {address}

board.csv, board.json   the board: ranks, intervals, groups, rules
scores*.csv, rule.json  what the ranks are computed from, as `heldout rank` reads it
all-scores.csv          every entry on every target, by every metric
answers/                the answers, as NumPy arrays
{predictions}
design.json             the rules as they were frozen
SHA256SUMS              digests of all files: sha256sum -c SHA256SUMS

The board again, without this site (pip install heldout):

{commands}
"""


@dataclass
class _Sink(io.RawIOBase):
    """Where the archive is written: a few pieces at a time, sent on and forgotten."""

    pieces: list[bytes] = field(default_factory=list)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def drain(self) -> bytes:
        found, self.pieces = b"".join(self.pieces), []
        return found


@dataclass(frozen=True, slots=True)
class Published:
    """A revealed round as everyone may have it."""

    board: VisibleBoard
    sheet: Sheet
    address: str

    @property
    def name(self) -> str:
        number = self.board.revision.number if self.board.revision else 0
        return f"{self.board.round.challenge.slug}-{self.board.round.slug}-revision-{number}"


def published(round_: Round, moment: datetime, *, address: str) -> Published | None:
    """Return what of a round may be kept by everyone; None before the reveal."""
    board = visible_board(round_, AnonymousUser(), moment)
    sheet = sheet_of(board) if board.sight.revealed and board.sight.is_whole else None
    return None if sheet is None else Published(board, sheet, address)


def archive(found: Published) -> Iterator[bytes]:
    """Yield a ZIP archive piece by piece; no file is held in memory whole but tables."""
    sink, digests = _Sink(), []
    revision = found.board.revision
    when = (revision.created_at if revision else found.board.moment).timetuple()[:6]
    with zipfile.ZipFile(cast(IO[bytes], sink), "w") as target:

        def add(name: str, content: Iterable[bytes]) -> Iterator[bytes]:
            digest = hashlib.sha256()
            info = zipfile.ZipInfo(f"{found.name}/{name}", when)
            info.compress_type = zipfile.ZIP_DEFLATED if _is_text(name) else zipfile.ZIP_STORED
            with target.open(info, "w", force_zip64=True) as part:
                for piece in content:
                    digest.update(piece)
                    part.write(piece)
                    yield sink.drain()
            digests.append(f"{digest.hexdigest()}  {name}\n")
            yield sink.drain()

        for name, content in _files(found):
            yield from add(name, content)
        yield from add("SHA256SUMS", ["".join(digests).encode()])
    yield sink.drain()


def _is_text(name: str) -> bool:
    return name.endswith((".csv", ".json", ".txt", "SUMS"))


def _files(found: Published) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the files of the archive: tables, answers, and predictions where they are public."""
    board, sheet = found.board, found.sheet
    parts = _tracks(found)
    yield "README.txt", [_readme(found, [name for name, _sheet in parts]).encode()]
    yield "design.json", [_json(board.round.design)]
    yield "board.json", [_json(board_document(board))]
    yield "board.csv", [_board_csv(board)]
    yield "rule.json", [rule_json(sheet).encode()]
    codes = {line.submission_id: line.submission.code for line in board.lines}
    for name, part in parts:
        text = io.StringIO()
        write_scores(part, codes, text)
        yield name, [text.getvalue().encode()]
    yield "all-scores.csv", _all_scores(sheet, codes)
    for target in board.round.targets.filter(cancelled_at__isnull=True).select_related("round"):
        with ExitStack() as stack:
            try:
                handle = stack.enter_context(open_revealed(target))
            except (RoundNotReady, Reference.DoesNotExist):
                continue
            yield f"answers/{target.slug}.npy", _pieces(handle)
    if board.sight.predictions:
        for submission in _submissions(board):
            with _opened(submission) as stored:
                yield f"predictions/{submission.code}{_suffix(submission)}", _pieces(stored)


def _tracks(found: Published) -> list[tuple[str, Sheet]]:
    """Return the sheets to rank, one for each track, by their files' names."""
    sheet = found.sheet
    tracks = list(dict.fromkeys(line.track for line in sheet.lines))
    return [
        (
            f"scores-{track}.csv" if track else "scores.csv",
            replace(sheet, lines=[line for line in sheet.lines if line.track == track]),
        )
        for track in tracks
    ]


def _readme(found: Published, scores: list[str]) -> str:
    board = found.board
    revision = board.revision
    rule = found.sheet.rule
    commands = [
        f"    heldout rank --scores {name} --rule rule.json "
        f"--bootstrap {rule['bootstrap_resamples']} --seed {rule['bootstrap_seed']}"
        for name in scores
    ]
    return README.format(
        title=board.round,
        number=revision.number if revision else 0,
        at=f"{revision.created_at:%Y-%m-%d %H:%M} UTC" if revision else "",
        address=found.address,
        predictions="predictions/            the files that count, as they were handed in"
        if board.sight.predictions
        else "(The rules of this round do not publish predictions now.)",
        commands="\n".join(commands),
    )


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _board_csv(board: VisibleBoard) -> bytes:
    view, response = board_of(board), HttpResponse()
    if view is not None:
        write_board(view, response)
    return response.content


def _all_scores(sheet: Sheet, codes: dict[int, str]) -> Iterator[bytes]:
    """Yield every line's scores, a line of the board at a time."""
    yield b"entry,target,metric,value\n"
    for line in sheet.lines:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for column in sheet.columns:
            for target in sheet.targets:
                value = sheet.values.get((line.key, column["key"], target.slug))
                row = [plain(codes[line.key]), target.slug, column["key"]]
                writer.writerow([*row, "" if value is None else repr(value)])
        yield text.getvalue().encode()


def _submissions(board: VisibleBoard) -> Iterable[Submission]:
    """Return the submissions whose answers count, those that only give parts of a line too."""
    lines = [line.submission_id for line in board.lines]
    parts = {run for line in board.lines for runs in line.part_runs.values() for run in runs}
    counting = Submission.objects.filter(Q(pk__in=lines) | Q(runs__in=parts))
    return counting.order_by("code").distinct()


def _suffix(submission: Submission) -> str:
    """Return the end of a file's name that says what it is; the rest is the sender's."""
    suffix = "".join(PurePosixPath(submission.file_name).suffixes[-2:])
    return suffix if _SUFFIX.fullmatch(suffix) else ""


@contextmanager
def _opened(submission: Submission) -> Iterator[BinaryIO]:
    with submission.file.open("rb") as stored:
        yield cast(BinaryIO, stored)


def _pieces(handle: BinaryIO) -> Iterator[bytes]:
    while piece := handle.read(PIECE_BYTES):
        yield piece
