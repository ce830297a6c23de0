"""What can be seen of a draft without holding it: answers, files, dates, limits."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import PurePosixPath

import numpy as np

from challenges.models import Round, RoundFile
from challenges.selectors import counting_targets, prediction_format, target_specs
from challenges.services.bundles.plan import RoundPlan
from challenges.services.references import open_references
from heldout.bundle.source import BundleSource
from rehearsal.findings import Report, Severity
from rehearsal.leaks import LARGEST_BYTES, leaked_targets
from rehearsal.predictions import Answers
from rehearsal.where import Where
from scoring.engine import check
from scoring.readers import get_reader
from scoring.readers.base import ProblemLog
from scoring.readers.npy_format import open_array

FEWEST_TARGETS = 8
LARGEST_ANSWERS_BYTES = 256 * 2**20
_CHUNK_BYTES = 2**20
_PREDICTION_LIKE = re.compile(r"template|example|sample|submission", re.IGNORECASE)


def read_all_answers(round_: Round) -> Answers | None:
    """Return the answers of a draft; None where there are none, or too much of them."""
    specs = tuple(target_specs(round_))
    arrays = {}
    with open_references(round=round_, purpose="rehearse") as handles:
        if set(handles) != {spec.slug for spec in specs} or not specs:
            return None
        if sum(handle.seek(0, 2) for handle in handles.values()) > LARGEST_ANSWERS_BYTES:
            return None
        for slug, handle in handles.items():
            handle.seek(0)
            source = open_array(handle, ProblemLog(), where=slug)
            if source is None:
                return None
            arrays[slug] = np.array(source.read())
    return Answers(specs, arrays)


def check_answers(answers: Answers, report: Report, where: Where) -> None:
    """Tell answers that are the same everywhere: most metrics have nothing to say of them."""
    for spec in answers.specs:
        array = answers.arrays[spec.slug]
        if array.size > 1 and np.ptp(array.astype(float)) == 0:
            report.find(
                "CONSTANT_ANSWER",
                f"The answer of target {spec.slug} has the same value everywhere.",
                "Look whether the right array was saved; correlations and relative errors have "
                "no value here.",
                at=where.target(spec.slug),
            )
        if array.size == 0:
            report.find(
                "EMPTY_ANSWER",
                f"The answer of target {spec.slug} has no values.",
                "Save the answer again, or remove the target.",
                at=where.target(spec.slug),
            )
    scalars = [float(a) for a in answers.arrays.values() if a.ndim == 0]
    if len(scalars) > 1 and len(scalars) == len(answers.specs) and len(set(scalars)) == 1:
        report.find(
            "CONSTANT_ANSWER",
            "Every target has the same answer.",
            "Look whether the right column was named in references.",
            at=where.round("references"),
        )


def check_targets(round_: Round, report: Report, where: Where) -> None:
    """Tell targets that count for nothing, and too few of them."""
    targets = list(counting_targets(round_))
    for target in targets:
        if target.weight == 0:
            report.find(
                "WEIGHT_ZERO",
                f"Target {target.slug} has weight 0, so its score counts for nothing.",
                "Give it a weight, or say in its summary that it is shown only.",
                at=where.target(target.slug, "weight"),
                severity=Severity.WARNING,
            )
        if target.evaluation_units == 0:
            report.find(
                "UNITS_ZERO",
                f"Target {target.slug} has no evaluation units, so the round gives no credit.",
                "Give it at least one, or remove the target.",
                at=where.target(target.slug, "evaluation_units"),
                severity=Severity.WARNING,
            )
    counting = sum(target.weight > 0 for target in targets)
    if 0 < counting < FEWEST_TARGETS:
        report.find(
            "FEW_TARGETS",
            f"{counting} targets count. A bootstrap over fewer than {FEWEST_TARGETS} gives rank "
            "intervals that mean little.",
            "Add targets, or tell participants that the ranks are not separable.",
            at=where.round("targets"),
            severity=Severity.WARNING,
        )


def check_dates(round_: Round, report: Report, where: Where, *, now: datetime) -> None:
    """Tell targets that nobody can answer, and dates that are past by the true clock."""
    if round_.closes_at <= now:
        report.find(
            "CLOSED_ALREADY",
            f"The closing date ({round_.closes_at:%Y-%m-%d %H:%M} UTC) is past.",
            "Set closes_at to a date to come.",
            at=where.round("closes_at"),
        )
    windows = []
    for target in counting_targets(round_):
        opens = max(target.opens_at or round_.opens_at, round_.opens_at)
        closes = min(target.closes_at or round_.closes_at, round_.closes_at)
        windows.append((opens, closes))
        if opens >= closes:
            report.find(
                "NEVER_OPEN",
                f"Target {target.slug} is at no moment open while the round is.",
                "Move its opens_at and closes_at into the dates of the round.",
                at=where.target(target.slug, "opens_at"),
            )
    if not windows or not round_.reader_options.get("require_all"):
        return
    if max(opens for opens, _ in windows) >= min(closes for _, closes in windows):
        report.find(
            "NEVER_ALL_OPEN",
            "A file must answer all targets (require_all), but at no moment are all of them open.",
            "Drop require_all, or let the targets overlap.",
            at=where.round("reader_options"),
        )


def check_limits(round_: Round, report: Report, where: Where) -> None:
    """Tell a quota under which not all the models of a team can be handed in."""
    models = int(getattr(round_, "models_per_target", 1) or 1)
    days = max(1, -(-(round_.closes_at - round_.opens_at).total_seconds() // 86400))
    if round_.submissions_per_day * days < models:
        report.find(
            "QUOTA_TOO_SMALL",
            f"A team may send {models} models, but has {round_.submissions_per_day} submissions "
            f"a day for {days:.0f} days.",
            "Raise submissions_per_day.",
            at=where.round("submissions_per_day"),
        )


def check_files(
    round_: Round,
    plan: RoundPlan,
    answers: Answers | None,
    *,
    source: BundleSource,
    report: Report,
    where: Where,
) -> None:
    """Tell public files that give answers away, and examples that are refused."""
    secret = _secret_digests(plan, source)
    for row in RoundFile.objects.filter(round=round_):
        at = where.file(row.name)
        with row.file.open("rb") as handle:
            content = handle.read(LARGEST_BYTES + 1)
        if row.sha256 in secret:
            _tell_leak(report, f"The public file {row.name} is the file of the answers.", at)
        elif len(content) <= LARGEST_BYTES and answers is not None:
            leaked = leaked_targets(content, answers.arrays)
            if leaked:
                some = ", ".join(leaked[:3]) + (" ..." if len(leaked) > 3 else "")
                told = f"The public file {row.name} holds answers ({len(leaked)}: {some})."
                _tell_leak(report, told, at)
        if _PREDICTION_LIKE.search(row.name) and len(content) <= LARGEST_BYTES:
            _check_example(round_, row, report, where)


def _tell_leak(report: Report, told: str, at: object) -> None:
    report.find(
        "ANSWERS_PUBLIC",
        told,
        "Take it out of files, or replace the answers in it. If anybody has seen it, change the "
        "targets.",
        at=at,  # type: ignore[arg-type]
    )


def _secret_digests(plan: RoundPlan, source: BundleSource) -> set[str]:
    answers = plan.answers
    if answers is None:
        return set()
    names = source.names_in(answers.path) if answers.kind == "folder" else [answers.path]
    found = set()
    for name in names:
        with source.open(name) as handle:
            digest = hashlib.sha256()
            while chunk := handle.read(_CHUNK_BYTES):
                digest.update(chunk)
            found.add(digest.hexdigest())
    return found


def _check_example(round_: Round, row: RoundFile, report: Report, where: Where) -> None:
    extensions = _extensions(round_)
    if PurePosixPath(row.name).suffix.lower() not in extensions:
        return
    with row.file.open("rb") as handle:
        told = check(handle.file, prediction_format(round_), target_specs(round_))
    if told.problems:
        first = told.problems[0]
        report.find(
            "EXAMPLE_REFUSED",
            f"The file {row.name} looks like an example of what is handed in, but is refused: "
            f"{first.message} ({len(told.problems)} problems).",
            first.remedy or "Correct the file, or the reader's options.",
            at=where.file(row.name),
        )


def _extensions(round_: Round) -> tuple[str, ...]:
    return get_reader(round_.reader).extensions
