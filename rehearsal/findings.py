"""What a rehearsal finds and tells; plain records, so that two processes can exchange them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Any

from heldout.bundle.errors import BundleProblem
from heldout.bundle.located import Place
from heldout.bundle.section import sentence

_SHOWN_OF_LINE = 3


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"  # the round must not open like this
    WARNING = "warning"  # it may be meant; look at it before opening


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend before the round opens: what, where in the bundle, and how."""

    code: str  # stable, upper snake
    severity: Severity
    message: str
    remedy: str
    file: str = ""
    line: int | None = None
    round: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        head = f"{place}: " if place else ""
        return f"{self.severity}: {head}{self.message} {self.remedy} [{self.code}]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One synthetic entry: what was handed in and what became of it."""

    name: str
    outcome: str  # scored, refused, withdrawn ...
    value: float | None = None
    rank: int | None = None
    detail: str = ""


@dataclass(slots=True)
class RoundReport:
    """What happened to one round."""

    slug: str
    held: bool = False
    entries: list[Entry] = field(default_factory=list)
    credit_micropoints: int | None = None
    note: str = ""


@dataclass(slots=True)
class Report:
    """Everything a rehearsal found."""

    bundle: str
    challenge: str = ""
    findings: list[Finding] = field(default_factory=list)
    rounds: list[RoundReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def errors(self) -> list[Finding]:
        return [each for each in self.findings if each.severity is Severity.ERROR]

    @property
    def ok(self) -> bool:
        return not self.errors

    def find(
        self,
        code: str,
        message: str,
        remedy: str,
        *,
        at: Place | None = None,
        severity: Severity = Severity.ERROR,
        round: str = "",
    ) -> None:
        """Note a finding once."""
        finding = Finding(
            code=code,
            severity=severity,
            message=message,
            remedy=sentence(remedy),
            file=at.file if at else "",
            line=at.line if at else None,
            round=round,
        )
        if finding not in self.findings:
            self.findings.append(finding)

    def find_all(self, code: str, problems: Sequence[BundleProblem]) -> None:
        """Note what a reader of bundles found."""
        for problem in problems:
            at = Place(problem.file, problem.line) if problem.line is not None else None
            finding = Finding(
                code=code,
                severity=Severity.ERROR,
                message=problem.message,
                remedy=problem.remedy or "Correct it as docs/bundle.md says.",
                file=problem.file if at is None else at.file,
                line=problem.line,
            )
            self.findings.append(finding)

    def to_json(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}


def report_from_json(document: Mapping[str, Any]) -> Report:
    """Return the report that another process wrote."""
    facts = {key: value for key, value in document.items() if key != "ok"}
    facts["findings"] = [
        Finding(**{**each, "severity": Severity(each["severity"])}) for each in facts["findings"]
    ]
    facts["rounds"] = [
        RoundReport(**{**each, "entries": [Entry(**entry) for entry in each["entries"]]})
        for each in facts["rounds"]
    ]
    return Report(**facts)


def report_text(report: Report) -> str:
    """Tell a report to a person."""
    lines = [f"Rehearsal of {report.challenge or report.bundle}, {report.seconds:.1f} s"]
    lines += report.notes
    for each in report.rounds:
        lines += ["", *_round_lines(each)]
    lines.append("")
    lines += _finding_lines(report.findings)
    warnings = len(report.findings) - len(report.errors)
    told = f"{len(report.errors)} errors, {warnings} warnings."
    lines.append(told if report.findings else "Nothing to mend.")
    return "\n".join(lines)


def _round_lines(each: RoundReport) -> list[str]:
    if not each.held:
        return [f"Round {each.slug} was not held. {each.note}".rstrip()]
    lines = [f"Round {each.slug}, held from import to credit:"]
    for entry in each.entries:
        rank = "" if entry.rank is None else f"rank {entry.rank}"
        value = "" if entry.value is None else f"{entry.value:.6g}"
        line = f"  {entry.name:<22} {entry.outcome:<10} {rank:<8} {value:<12} {entry.detail}"
        lines.append(line.rstrip())
    if each.credit_micropoints is not None:
        lines.append(f"  {each.credit_micropoints / 1e6:.6f} points of credit posted")
    if each.note:
        lines.append(f"  {each.note}")
    return lines


def _finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Tell findings in order; of many in one line of the bundle, the first ones."""
    lines: list[str] = []
    for _, same in groupby(sorted(findings, key=_order), key=lambda f: (f.code, f.file, f.line)):
        together = list(same)
        shown = together if together[0].line is None else together[:_SHOWN_OF_LINE]
        lines += [str(each) for each in shown]
        if len(together) > len(shown):
            lines.append(f"  and {len(together) - len(shown)} more like it in this line")
    return lines


def _order(finding: Finding) -> tuple[bool, str, int, str]:
    return finding.severity is not Severity.ERROR, finding.file, finding.line or 0, finding.code
