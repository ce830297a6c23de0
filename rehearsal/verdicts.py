"""What a held round shows of its rules: does the best entry win, and the worse one lose?"""

from __future__ import annotations

import math
from dataclasses import replace

from challenges.models import Round
from heldout.bundle.section import sentence
from leaderboards.entries import Rule, rule_of
from leaderboards.models import Standing
from leaderboards.selectors import current_revision
from rehearsal.findings import Entry, Report, RoundReport, Severity
from rehearsal.where import Where
from scoring.contract import Aggregate, Direction, ScoreStatus
from scoring.metrics import get_metric
from submissions.models import Score, Submission, SubmissionState

_CLOSE = 1e-6
_TEXT_READERS = ("pdb", "mmcif")  # which write three or so decimals of an answer
_CLOSE_IN_TEXT = 0.02

Lines = dict[str, Standing]


def judge(round_: Round, report: Report, told: RoundReport, where: Where) -> None:
    """Complete the entries of the report, and note every verdict that is not as it must be."""
    revision = current_revision(round_)
    rows = list(revision.standings.select_related("submission__team")) if revision else []
    lines = {row.submission.code: row for row in rows}
    told.entries = [_completed(entry, lines) for entry in told.entries]
    rule = rule_of(round_)
    court = _Court(round_, report, where, rule, lines=_by_name(told, lines))
    court.unscored(told)
    court.undefined()
    court.perfect()
    court.order()
    court.missing()
    court.withdrawn(told)
    court.credit(told)


def _completed(entry: Entry, lines: Lines) -> Entry:
    if entry.outcome != "queued":
        return entry
    submission = Submission.objects.get(code=entry.detail)
    line = lines.get(entry.detail)
    reason = submission.reason
    if line is None:
        is_old = submission.state == SubmissionState.SCORED
        told = "replaced by a later one" if is_old else reason
        return replace(entry, outcome=submission.state, detail=told)
    return replace(
        entry,
        outcome=submission.state if line.rank else line.status,
        value=line.value,
        rank=line.rank,
        detail=reason,
    )


def _by_name(told: RoundReport, lines: Lines) -> Lines:
    """Return each made-up team's line; a team's last file is its entry."""
    return {
        row.submission.team.slug.removeprefix("rehearsal-team-").rpartition("-")[0]: row
        for row in lines.values()
    }


class _Court:
    """The verdicts on one round."""

    def __init__(
        self, round_: Round, report: Report, where: Where, rule: Rule, *, lines: Lines
    ) -> None:
        self._round, self._report, self._where, self._rule = round_, report, where, rule
        self._lines = lines

    def _find(
        self,
        code: str,
        message: str,
        remedy: str,
        *,
        key: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        at = self._where.round(key) if key else self._where.metric(self._rule.primary.key)
        self._report.find(code, message, remedy, at=at, severity=severity, round=self._round.slug)

    def _value(self, name: str) -> float | None:
        line = self._lines.get(name)
        return None if line is None else line.value

    def _better(self, one: str, other: str) -> bool | None:
        """Whether one entry is better than the other; None where either has no value."""
        first, second = self._value(one), self._value(other)
        if first is None or second is None:
            return None
        return first < second if self._rule.direction is Direction.LOWER else first > second

    def unscored(self, told: RoundReport) -> None:
        rows = Submission.objects.filter(round=self._round)
        for row in rows.filter(state__in=[SubmissionState.FAILED, SubmissionState.REJECTED]):
            self._find(
                "NOT_SCORED",
                f"An entry was taken and then not scored: {row.reason or row.organizer_note}",
                "Look at the metrics' parameters and the shapes of targets and answers.",
                key="metrics",
            )
        if "perfect" not in self._lines:
            return
        if self._lines["perfect"].rank is None:
            self._find(
                "NOBODY_RANKED",
                "An entry that answers every target while it is open is not ranked.",
                "Choose another missing_policy, or mend the metric that has no value.",
                key="missing_policy",
            )

    def undefined(self) -> None:
        """Note metrics that have no value for the answers themselves."""
        line = self._lines.get("perfect")
        if line is None:
            return
        bad = Score.objects.filter(
            run__submission=line.submission,
            run__is_current=True,
            status__in=[ScoreStatus.UNDEFINED, ScoreStatus.FAILED],
        ).select_related("target", "metric")
        told: dict[str, list[str]] = {}
        why: dict[str, str] = {}
        for score in bad:
            why.setdefault(score.metric.key, score.detail)
            slug = score.target.slug if score.target else "all targets together"
            told.setdefault(score.metric.key, []).append(slug)
        for key, slugs in told.items():
            some = ", ".join(slugs[:3]) + (" ..." if len(slugs) > 3 else "")
            primary = key == self._rule.primary.key
            self._report.find(
                "METRIC_UNDEFINED",
                f"The metric {key} has no value even for the answers themselves ({some}): "
                f"{why[key] or 'it does not say why'}.",
                "Choose another metric, or look at these answers: a correlation has none for a "
                "constant, a relative error none for zeros.",
                at=self._where.metric(key),
                severity=Severity.ERROR if primary else Severity.WARNING,
                round=self._round.slug,
            )

    def perfect(self) -> None:
        """The answers themselves get the best value there is."""
        value, aim = self._value("perfect"), self._rule.perfect
        close = _CLOSE_IN_TEXT if self._round.reader in _TEXT_READERS else _CLOSE
        if value is not None and aim is not None and not _is_close(value, aim, close):
            self._find(
                "PERFECT_IS_NOT",
                f"The answers themselves get {value:.6g}, where a perfect entry gets {aim:.6g}.",
                "Look at perfect_value, the metric's parameters, and whether the answers belong "
                "to these targets.",
                key="perfect_value" if self._round.perfect_value is not None else "",
            )
        line = self._lines.get("perfect")
        for row in self._rule.metrics if line is not None else ():
            self._other_metric(row, line, close)

    def _other_metric(self, row: object, line: Standing | None, close: float) -> None:
        from challenges.models import RoundMetric

        if not isinstance(row, RoundMetric) or line is None or row.is_primary:
            return
        metric = get_metric(row.metric, row.version)
        aim, value = metric.perfect_value(row.parameters), line.values.get(row.key)
        if aim is None or value is None or row.aggregate == Aggregate.SUM:
            return
        if not _is_close(value, aim, close):
            self._report.find(
                "PERFECT_IS_NOT",
                f"The metric {row.key} gives the answers themselves {value:.6g}, not {aim:.6g}.",
                "Look at its parameters.",
                at=self._where.metric(row.key, "parameters"),
                severity=Severity.WARNING,
                round=self._round.slug,
            )

    def order(self) -> None:
        """More noise is worse, a constant is worst, and nobody ties with the answers."""
        if self._better("far", "near") or self._better("near", "perfect"):
            self._find(
                "NOISE_WINS",
                f"An entry with more noise is better under {self._rule.primary.key} "
                f"({self._rule.direction} is better there).",
                "The metric looks the wrong way, or does not measure the error: choose another.",
            )
        if self._better("baseline", "near") or self._better("perfect", "baseline") is False:
            self._find(
                "BASELINE_WINS",
                f"One guess for everything is as good as the answers, or nearly, under "
                f"{self._rule.primary.key}.",
                "The metric does not measure what the round asks for, or the answers hardly "
                "differ.",
            )
        lines = self._lines
        ranks = {name: lines[name].rank for name in ("perfect", "near", "far") if name in lines}
        if len(ranks) == 3 and None not in ranks.values() and len(set(ranks.values())) == 1:
            self._find(
                "ALL_TIED",
                f"The answers, and answers with half a standard deviation of noise, share rank "
                f"{ranks['perfect']}: the tie tolerance is {self._rule.tolerance:g}.",
                "Lower tie_tolerance to the differences that mean nothing in the field.",
                key="tie_tolerance" if self._rule.tolerance else "metrics",
            )

    def missing(self) -> None:
        """Leaving targets out must not pay."""
        half, near = self._lines.get("half"), self._lines.get("near")
        single, best = self._lines.get("single"), self._lines.get("perfect")
        policy = self._round.missing_policy
        skips = policy == Round.MissingPolicy.SKIP
        if half and near and half.rank and near.rank and half.rank < near.rank and not skips:
            self._missing_pays("half of the targets", half.rank, policy)
        elif single and best and single.rank and best.rank and single.rank <= best.rank:
            self._missing_pays("a single target", single.rank, policy)

    def _missing_pays(self, what: str, rank: int, policy: str) -> None:
        key = "missing_penalty" if self._round.missing_penalty is not None else "missing_policy"
        self._find(
            "MISSING_PAYS",
            f"An entry that answers {what} has rank {rank}: under missing_policy {policy} it pays "
            "to leave targets out.",
            "Choose a missing_penalty that is worse than any honest error, or the policy "
            "incomplete.",
            key=key,
        )

    def withdrawn(self, told: RoundReport) -> None:
        if "withdrawn" in self._lines:
            self._find(
                "WITHDRAWN_SHOWN",
                "A withdrawn entry is still on the board.",
                "This is not the bundle's fault: report it.",
            )

    def credit(self, told: RoundReport) -> None:
        if not told.credit_micropoints:
            self._find(
                "NO_CREDIT",
                f"The round gives no credit: not even the answers themselves earn any. "
                f"{sentence(told.note)}".strip(),
                "Look at perfect_value, at the baseline and at the evaluation units.",
                severity=Severity.WARNING,
            )


def _is_close(value: float, aim: float, close: float) -> bool:
    return math.isclose(value, aim, rel_tol=close, abs_tol=close)
