"""The records of a round for its bundle: entries, scores and credit, as they stand.

They lie below `records/`, which the import leaves alone: what somebody handed in or earned is
not set up by importing a file.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable
from typing import Any, BinaryIO, cast

from django.utils import timezone

from challenges.models import Announcement, Round
from challenges.services.bundles.export import written_moment
from heldout.bundle.sink import BundleSink
from leaderboards.documents import board_document
from leaderboards.identity import artifact_id
from leaderboards.models import CreditBook
from leaderboards.visible import whole_board
from submissions.models import Score, Submission

SCORE_COLUMNS = ("submission", "run", "is_current", "target", "metric", "status", "value")


def add_entries(round_: Round, sink: BundleSink) -> None:
    """Write every submission with its file, and a list of them, one JSON object a line."""
    folder = f"records/{round_.slug}"
    with tempfile.TemporaryFile() as spool:
        for row in _submissions(round_):
            spool.write((json.dumps(_entry(row), ensure_ascii=False) + "\n").encode())
        spool.seek(0)
        sink.add(f"{folder}/entries.jsonl", cast(BinaryIO, spool))
    for row in _submissions(round_):
        with row.file.open("rb") as stored:
            sink.add(f"{folder}/entries/{row.code}", cast(BinaryIO, stored.file or stored))


def _submissions(round_: Round) -> Iterable[Submission]:
    rows = Submission.objects.filter(round=round_).select_related("team", "method", "submitted_by")
    return rows.order_by("received_at", "pk").iterator(chunk_size=500)


def _entry(row: Submission) -> dict[str, Any]:
    return {
        "submission": row.code,
        "team": {"slug": row.team.slug, "name": row.team.name},
        "submitted_by": row.submitted_by.username,
        "method": artifact_id(row.method),
        "entry_kind": row.entry_kind,
        "note": row.note,
        "received_at": written_moment(row.received_at),
        "file": f"entries/{row.code}",
        "file_name": row.file_name,
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "answered": row.answered,
        "file_metadata": row.file_metadata,
        "state": row.state,
        "reason_code": row.reason_code,
        "reason": row.reason,
    }


def add_scores(round_: Round, sink: BundleSink) -> None:
    """Write every score of every run as a table, and the board as JSON."""
    folder = f"records/{round_.slug}"
    with tempfile.TemporaryFile() as spool:
        table = io.TextIOWrapper(cast(BinaryIO, spool), encoding="utf-8", newline="")
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(SCORE_COLUMNS)
        scores = Score.objects.filter(run__submission__round=round_).order_by(
            "run__submission__received_at", "run", "target__position", "metric__position", "pk"
        )
        lines = scores.values_list(
            "run__submission__code",
            "run__number",
            "run__is_current",
            "target__slug",
            "metric__key",
            "status",
            "value",
        )
        for code, run, is_current, target, metric, status, value in lines.iterator(2000):
            told = "" if value is None else repr(value)
            current = "true" if is_current else "false"
            writer.writerow([code, run, current, target or "", metric, status, told])
        table.flush()
        spool.seek(0)
        sink.add(f"{folder}/scores.csv", cast(BinaryIO, spool))
    board = board_document(whole_board(round_, timezone.now()))
    text = json.dumps(board, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    sink.add(f"{folder}/board.json", io.BytesIO(text.encode()))


def add_credit(round_: Round, sink: BundleSink) -> None:
    """Write every book of the round, byte for byte as it was posted and hashed."""
    for book in CreditBook.objects.filter(round=round_).order_by("number"):
        name = f"records/{round_.slug}/credit-{book.number}.json"
        sink.add(name, io.BytesIO(book.export.encode()))


def add_announcements(round_: Round, sink: BundleSink) -> None:
    """Write what organizers told everybody, the oldest first, one JSON object a line."""
    rows = Announcement.objects.filter(round=round_).select_related("posted_by", "corrects")
    lines = [
        json.dumps(
            {
                "number": row.number,
                "title": row.title,
                "text": row.text,
                "posted_at": written_moment(row.posted_at),
                "posted_by": row.posted_by.username,
                "corrects": None if row.corrects is None else row.corrects.number,
            },
            ensure_ascii=False,
        )
        for row in rows.order_by("number")
    ]
    text = "".join(f"{line}\n" for line in lines)
    sink.add(f"records/{round_.slug}/announcements.jsonl", io.BytesIO(text.encode()))
