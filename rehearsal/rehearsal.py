"""The whole rehearsal of a bundle; needs Django set up on a database that nobody else uses."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from accounts.models import User
from accounts.services import create_person
from challenges.errors import ChallengeError
from challenges.management.commands.setup_roles import setup_roles
from challenges.models import Round
from challenges.services.bundles import ImportReport, import_whole_bundle
from challenges.services.bundles.plan import BundlePlan, RoundPlan
from challenges.services.bundles.read import read_bundle
from heldout.bundle.errors import BundleError
from heldout.bundle.source import BundleSource, open_source
from rehearsal.clock import SimulatedClock
from rehearsal.findings import Report, RoundReport
from rehearsal.hold import Stage, hold_round
from rehearsal.setup_checks import (
    check_answers,
    check_dates,
    check_files,
    check_limits,
    check_targets,
    read_all_answers,
)
from rehearsal.standins import confirm_shares, make_standins
from rehearsal.steps import Step, Tell, Told, nobody
from rehearsal.where import Where
from scoring.cage import stop_zygote

_BEFORE = timedelta(days=2)


def hold_rehearsal(bundle: Path, *, tell: Tell = nobody) -> Report:
    """Hold every round of a bundle and report what would go wrong.

    Parameters
    ----------
    tell : callable, optional
        Told of each step as it begins.
    """
    started = time.monotonic()
    report = Report(bundle=bundle.name)
    try:
        with open_source(bundle) as source:
            _hold(bundle, source, report, tell=tell)
    except BundleError as error:
        report.find_all("IMPORT", error.problems)
    finally:
        stop_zygote()
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _hold(bundle: Path, source: BundleSource, report: Report, *, tell: Tell) -> None:
    tell(Told(Step.IMPORT))
    by = create_person(
        username="rehearsal",
        password="rehearsal",  # noqa: S106 - a database that is gone in a minute
        is_staff=True,
    )
    by.groups.add(setup_roles())
    true_now = datetime.now(UTC)
    made = make_standins(source, by=by)
    if made:
        report.notes.append(f"Taken for granted on the site: {', '.join(made)}.")
    plan = read_bundle(source, by=by)
    clock = SimulatedClock(_first_opening(plan, true_now) - _BEFORE)
    with clock.running():
        imported = _import(bundle, by=by, report=report)
        if imported is None:
            return
        report.challenge = imported.challenge.slug
        confirm_shares()
        for item, round_plan in sorted(
            zip(imported.rounds, plan.rounds, strict=True), key=lambda pair: pair[0].round.opens_at
        ):
            where = Where(plan, round_plan)
            told = RoundReport(item.round.slug)
            report.rounds.append(told)
            stage = Stage(item.round, by, clock, report, where, told, tell)
            _hold_one(stage, round_plan, source=source, true_now=true_now)


def _first_opening(plan: BundlePlan, now: datetime) -> datetime:
    return min((item.values["opens_at"] or now for item in plan.rounds), default=now)


def _import(bundle: Path, *, by: User, report: Report) -> ImportReport | None:
    try:
        return import_whole_bundle(bundle, by=by)
    except ChallengeError as error:
        report.find("IMPORT", error.message, error.remedy or "See docs/bundle.md.")
        return None


def _hold_one(stage: Stage, plan: RoundPlan, *, source: BundleSource, true_now: datetime) -> None:
    round_, report, where = stage.round, stage.report, stage.where
    before = len(report.findings)
    stage.tell(Told(Step.CHECK, round_.slug))
    check_targets(round_, report, where)
    check_dates(round_, report, where, now=true_now)
    check_limits(round_, report, where)
    answers = read_all_answers(round_)
    if answers is not None:
        check_answers(answers, report, where)
    check_files(round_, plan, answers, source=source, report=report, where=where)
    hold_round(stage, answers)
    report.findings[before:] = [
        replace(each, round=round_.slug) for each in report.findings[before:]
    ]
    stage.told.held = stage.told.held and Round.objects.filter(pk=round_.pk).exists()
