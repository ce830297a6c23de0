"""Run on the site: wait until nothing is unfinished, then judge what is there by what was sent.

The judge knows only what the senders know. It scores their files again by calling the engine,
in one process and without the site's queue, cage or rows, and ranks the results.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import django
import numpy as np

from tests.chaos.plan import TARGETS, Letter, reference

Findings = dict[str, list[str]]


def unfinished(keys: Sequence[str]) -> list[str]:
    """Return the codes of what is still queued or running."""
    from submissions.models import Submission

    rows = Submission.objects.filter(idempotency_key__in=keys).unfinished()
    return list(rows.values_list("code", flat=True))


def boards_behind() -> list[str]:
    """Return the rounds whose board does not show the newest scores yet."""
    from challenges.models import Round
    from leaderboards.models import Board
    from leaderboards.services.refresh import watermarks

    rounds = list(Round.objects.all())
    marks = watermarks(rounds)
    shown = dict(Board.objects.values_list("round_id", "current__watermark"))
    return [str(each) for each in rounds if shown.get(each.pk) != marks[each.pk]]


def wait_until_empty(look: Callable[[], list[str]], *, until: float) -> list[str]:
    """Look again until nothing is left or the patience is at its end; return what is left."""
    from django.db import Error, connection

    left = ["the database does not answer"]
    while True:
        try:
            left = look()
        except Error:
            connection.close()
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.3)


def judge_submissions(letters: Sequence[Letter]) -> Findings:
    """Look at each submission: there once, scored once, with the right numbers."""
    from submissions.models import Submission, SubmissionState

    rows = {
        row.idempotency_key: row
        for row in Submission.objects.filter(idempotency_key__in=[each.key for each in letters])
        .prefetch_related("runs__scores__target")
        .order_by("pk")
    }
    found: Findings = {"lost": [], "scored_twice": [], "wrong": [], "poison_unnamed": []}
    for letter in letters:
        row = rows.get(letter.key)
        if row is None or row.code != letter.code:
            found["lost"].append(letter.key)
            continue
        runs = list(row.runs.all())
        if len(runs) > 1:
            found["scored_twice"].append(row.code)
        if letter.poison:
            named = row.state == SubmissionState.FAILED and row.reason_code.startswith("SCORER_")
            if not named or runs:
                found["poison_unnamed"].append(f"{row.code} {row.state} {row.reason_code}")
        elif row.state == SubmissionState.SCORED:
            scores = {score.target.slug: score.value for score in runs[-1].scores.all()}
            if scores != oracle_scores(letter):
                found["wrong"].append(f"{row.code}: {scores}")
        elif row.state not in (SubmissionState.QUEUED, SubmissionState.RUNNING):
            found["lost"].append(f"{row.code} {row.state} {row.reason_code}: {row.organizer_note}")
    return found


def oracle_scores(letter: Letter) -> dict[str, float | None]:
    """Score a file by calling the engine."""
    from scoring import engine
    from scoring.contract import MetricChoice, PredictionFormat, TargetSpec

    answers = {}
    for target in TARGETS:
        buffer = io.BytesIO()
        np.save(buffer, np.array(reference(letter.challenge, target)))
        answers[target] = buffer
    for buffer in answers.values():
        buffer.seek(0)
    report = engine.score(
        io.BytesIO(letter.file()),
        PredictionFormat("npz"),
        [TargetSpec(target) for target in TARGETS],
        answers,
        [MetricChoice(key="error", slug="absolute_error")],
    )
    return {row.target or "": row.value for row in report.rows}


def oracle_board(letters: Sequence[Letter], names: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return value and rank by team: of each team the last file that can be scored."""
    from scoring.contract import Direction
    from scoring.ranking import rank_entries

    last = {each.team: each for each in letters if not each.poison and each.code}
    values = {team: np.mean(list(oracle_scores(each).values())) for team, each in last.items()}
    ranks = rank_entries(list(values.values()), direction=Direction.LOWER).ranks
    return {
        names["people"][team]["team"]: (float(value), int(rank))
        for (team, value), rank in zip(values.items(), ranks, strict=True)
    }


def judge_boards(letters: Sequence[Letter], names: dict[str, Any]) -> list[str]:
    """Compare each live board with the oracle's."""
    from leaderboards.models import Board

    wrong = []
    for place, name in enumerate(names["rounds"]):
        challenge, slug = name.split("/")
        board = Board.objects.filter(round__challenge__slug=challenge, round__slug=slug).first()
        rows = board.current.standings.select_related("submission__team") if board else []
        shown = {row.submission.team.slug: (row.value, row.rank) for row in rows}
        expected = oracle_board([each for each in letters if each.challenge == place], names)
        if shown != expected:
            wrong.append(f"{name}: {shown} instead of {expected}")
    return wrong


def judge_files() -> Findings:
    """Compare what is stored with what the rows name."""
    from submissions.models import Submission
    from submissions.models.submission import upload_storage

    folder = Path(upload_storage().path(""))
    stored = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    named = set(Submission.objects.values_list("file", flat=True))
    return {
        "files_lost": sorted(named - stored),
        "files_without_row": sorted(stored - named),
    }


def figures(letters: Sequence[Letter], full: Sequence[float]) -> dict[str, Any]:
    """Count what a reader of the table wants to know besides."""
    from django.db.models import F, Max, Sum

    from submissions.models import Submission

    rows = Submission.objects.filter(idempotency_key__in=[each.key for each in letters])
    waits = sorted(
        wait.total_seconds()
        for wait in rows.exclude(finished_at=None).values_list(
            F("finished_at") - F("queued_at"), flat=True
        )
    )
    while_full = 0
    if full:
        from datetime import UTC, datetime

        began, ended = (datetime.fromtimestamp(each, UTC) for each in full)
        while_full = rows.filter(finished_at__gte=began, finished_at__lte=ended).count()
    return {
        "states": dict(Counter(rows.values_list("state", flat=True))),
        "reasons": dict(
            Counter(rows.exclude(reason_code="").values_list("reason_code", flat=True))
        ),
        "attempts": rows.aggregate(sum=Sum("attempt"))["sum"],
        "most_attempts": rows.aggregate(most=Max("attempt"))["most"],
        "scored_while_full": while_full,
        "wait_median_s": waits[len(waits) // 2] if waits else None,
        "wait_p95_s": waits[int(len(waits) * 0.95)] if waits else None,
        "wait_max_s": waits[-1] if waits else None,
    }


def main() -> None:
    """Read what was sent from standard input and print the judgement."""
    from submissions.services.quota import check_ledger

    asked = json.load(sys.stdin)
    letters = [Letter(**each) for each in asked["letters"]]
    keys = [each.key for each in letters]
    until = time.monotonic() + asked["patience_s"]
    stuck = wait_until_empty(lambda: unfinished(keys), until=until)
    found: Findings = {"stuck": stuck, **judge_submissions(letters)}
    if asked["whole"]:
        behind = wait_until_empty(boards_behind, until=until + 30)
        found |= {
            "ledger": check_ledger(),
            "boards": behind or judge_boards(letters, asked["names"]),
            **judge_files(),
        }
    json.dump({"found": found, "figures": figures(letters, asked["full"])}, sys.stdout)


if __name__ == "__main__":
    django.setup()
    main()
