"""Holding a round: publish, hand in, score, rank, reveal, credit; through the real services."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from accounts.models import User
from challenges.errors import PublishRefused
from challenges.models import Round, Track
from challenges.selectors import metric_choices, prediction_format
from challenges.services.rounds import finalize_round, publish_round, reveal_round
from leaderboards.services.ledger import check_books, post_due_books
from leaderboards.services.refresh import refresh_stale_boards
from leaderboards.services.twins import find_due_duplicates
from rehearsal.cast import Player, hand_in, make_player, moments, told, tracks_of
from rehearsal.clock import SimulatedClock
from rehearsal.findings import Entry, Report, RoundReport
from rehearsal.predictions import Answers
from rehearsal.script import Script, write_script
from rehearsal.steps import Step, Tell, Told, nobody
from rehearsal.verdicts import judge
from rehearsal.where import Where
from scoring.readers import get_reader
from scoring.writing import CannotWrite
from submissions.errors import SubmissionError
from submissions.models import Submission
from submissions.services.drain import drain
from submissions.services.withdraw import withdraw

_RETRY_AFTER = timedelta(hours=6)
_LATER = timedelta(minutes=1)
_PARTICIPANT = Submission.EntryKind.PARTICIPANT


@dataclass(slots=True)
class Stage:
    """One round as it is being held."""

    round: Round
    by: User
    clock: SimulatedClock
    report: Report
    where: Where
    told: RoundReport
    tell: Tell = nobody
    script: Script | None = None
    players: dict[str, Player] = field(default_factory=dict)
    track: Track | None = None  # the one that the whole cast plays in
    step: Step = Step.HAND_IN  # what is done when somebody hands in

    @property
    def closes_at(self) -> datetime:
        return self.track.window.closes_at if self.track else self.round.closes_at

    @property
    def file_name(self) -> str:
        return f"prediction{get_reader(self.round.reader).extensions[0]}"


def hold_round(stage: Stage, answers: Answers | None) -> None:
    """Hold a draft from publishing to credit; findings and entries go into the report."""
    stage.clock.go_to(stage.round.opens_at - timedelta(days=1))
    stage.tell(Told(Step.PUBLISH, stage.round.slug))
    if not _publish(stage):
        stage.told.note = "It cannot be published."
        return
    if answers is None:
        stage.told.note = "Its answers are too large to be handed in by made-up teams."
        return
    if not _prepare(stage, answers):
        return
    _teams_hand_in(stage)
    _odd_ones(stage)
    _score(stage, Step.SCORE)
    _withdraw_one(stage)
    _after_the_deadline(stage)
    _score(stage, Step.CLOSE)
    stage.tell(Told(Step.REVEAL))
    _reveal(stage)
    stage.told.held = True
    stage.tell(Told(Step.REPORT))
    judge(stage.round, stage.report, stage.told, stage.where)


def _publish(stage: Stage) -> bool:
    try:
        publish_round(stage.round, by=stage.by)
    except PublishRefused as error:
        for sentence in error.unmet:
            at, remedy = stage.where.of_sentence(sentence)
            stage.report.find("NOT_READY", sentence, remedy, at=at, round=stage.round.slug)
        return False
    return True


def _prepare(stage: Stage, answers: Answers) -> bool:
    """Write the script; False, with the reason told, where the answers cannot be handed in."""
    round_ = stage.round
    try:
        script = write_script(answers, prediction_format(round_), metric_choices(round_)[0])
        content = script.file("perfect", [spec.slug for spec in answers.specs])
    except CannotWrite as error:
        stage.told.note = f"No entries were made up: {error}."
        return False
    if len(content) > round_.upload_limit_bytes:
        stage.report.find(
            "UPLOAD_LIMIT_TOO_SMALL",
            f"A whole prediction file has {len(content):,} bytes; files of more than "
            f"{round_.upload_limit_bytes:,} are refused.",
            "Raise upload_limit_bytes, with room for longer numbers.",
            at=stage.where.round("upload_limit_bytes"),
        )
        stage.told.note = "No file would be taken."
        return False
    refused = script.check(content).problems
    if refused:
        first = refused[0]
        stage.report.find(
            "ANSWERS_REFUSED",
            f"The answers themselves, handed in as a prediction, are refused: {first.message} "
            f"({len(refused)} problems).",
            first.remedy or "Correct the reader's options, or the limits of the targets.",
            at=stage.where.round("reader_options"),
        )
        stage.told.note = "Not even the answers would be taken."
        return False
    stage.script = script
    stage.track = next(iter(tracks_of(round_)), None)
    stage.players = {name: make_player(f"{name}-{round_.pk}") for name in script.predictions}
    # Credit is measured from what organizers enter as their baseline.
    stage.players["baseline"] = replace(stage.players["baseline"], person=stage.by)
    return True


def _teams_hand_in(stage: Stage) -> None:
    """Let every team hand in while targets are open, in the other tracks one team each."""
    script = stage.script
    if script is None:
        return
    plan = [(*each, stage.track, stage.players, "") for each in moments(stage.round, stage.track)]
    for track in tracks_of(stage.round)[1:]:
        guest = {"near": make_player(f"near-{track.slug}-{stage.round.pk}")}
        where = f", track {track.slug}"
        plan += [(*each, track, guest, where) for each in moments(stage.round, track)]
    for moment, slugs, track_, players, where in sorted(plan, key=lambda each: each[0]):
        stage.clock.go_to(moment)
        for name, player in players.items():
            content = script.file(name, slugs)
            if content:
                _hand_in(stage, player, content, name=name + where, track=track_)
    _all_refused(stage)


def _all_refused(stage: Stage) -> None:
    """Note that not even the answers were taken, which leaves nothing to be judged."""
    answers = [entry for entry in stage.told.entries if entry.name == "perfect"]
    if answers and all(entry.outcome == "refused" for entry in answers):
        stage.report.find(
            "NOTHING_TAKEN",
            f"The answers themselves, handed in while targets are open, are refused: "
            f"{answers[0].detail}",
            "Look at the dates of the round, of its tracks and of its targets.",
            at=stage.where.round("opens_at"),
            round=stage.round.slug,
        )


def _odd_ones(stage: Stage) -> None:
    """Hand in the same file again, files with mistakes, and one that will be withdrawn."""
    script = stage.script
    if script is None:
        return
    moment, slugs = moments(stage.round, stage.track)[-1]
    # After the entries of that moment, but back from what other tracks took later.
    stage.clock.go_to(moment + _LATER)
    content = script.file("near", slugs)
    _hand_in(stage, stage.players["near"], content, name="near, again")
    fumbler = make_player(f"fumbler-{stage.round.pk}")
    for what, broken in script.malformed(slugs):
        taken = _hand_in(stage, fumbler, broken, name=what)
        if taken is not None:
            stage.report.find(
                "MALFORMED_TAKEN",
                f"A file with a mistake ({what}) is taken.",
                "Look at the reader's options; set low and high of the targets.",
                at=stage.where.round("reader"),
            )
    stage.players["withdrawn"] = make_player(f"withdrawn-{stage.round.pk}")
    _hand_in(stage, stage.players["withdrawn"], content, name="withdrawn")


def _withdraw_one(stage: Stage) -> None:
    team = stage.players["withdrawn"]
    for submission in Submission.objects.filter(team=team.team, round=stage.round):
        withdraw(submission, by=team.person, reason="A rehearsal of a withdrawal.")


def _after_the_deadline(stage: Stage) -> None:
    """Hand in within the grace, if there is one, and after it."""
    script, round_ = stage.script, stage.round
    stage.step = Step.CLOSE
    if script is None:
        return
    grace = timedelta(minutes=round_.grace_minutes)
    slugs = moments(round_, stage.track)[-1][1]
    content = script.file("far", slugs)
    late = make_player(f"late-{round_.pk}")
    if grace:
        stage.clock.go_to(stage.closes_at + grace / 2)
        _hand_in(stage, late, content, name="within the grace")
    stage.clock.go_to(stage.closes_at + grace + timedelta(minutes=1))
    if _hand_in(stage, late, content, name="late") is not None:
        stage.report.find(
            "LATE_TAKEN",
            "An entry after the deadline is taken.",
            "Look at closes_at and grace_minutes.",
            at=stage.where.round("closes_at"),
        )


def _hand_in(
    stage: Stage, player: Player, content: bytes, *, name: str, track: Track | None = None
) -> Submission | None:
    kind = Submission.EntryKind.BASELINE if player.person == stage.by else _PARTICIPANT
    stage.tell(Told(stage.step, name, len(stage.told.entries)))
    try:
        taken = hand_in(
            player,
            stage.round,
            content,
            at=stage.clock.now(),
            track=track or stage.track,
            file_name=stage.file_name,
            kind=kind,
        )
    except SubmissionError as error:
        stage.told.entries.append(Entry(name, "refused", detail=told(error)))
        return None
    stage.told.entries.append(Entry(name, "queued", detail=taken.code))
    return taken


def _score(stage: Stage, step: Step) -> None:
    """Score what waits; what did not work for a reason that is not the file's is tried again."""
    waiting = Submission.objects.filter(round=stage.round).unfinished()
    for _ in range(4):
        total, done = waiting.count(), 0
        if not total:
            break
        stage.tell(Told(step, "", 0, total))
        while drain(budget_s=0):  # one at a time, to tell how far it is
            done += 1
            stage.tell(Told(step, "", min(done, total), total))
        stage.clock.go_to(stage.clock.now() + _RETRY_AFTER)


def _reveal(stage: Stage) -> None:
    round_ = stage.round
    ends = round_.closes_at + timedelta(minutes=round_.grace_minutes)
    stage.clock.go_to(ends + timedelta(hours=1))
    reveal_round(round_, by=stage.by)
    refresh_stale_boards()
    find_due_duplicates()
    for book in post_due_books():
        stage.told.credit_micropoints = book.minted_micropoints
        stage.told.note = " ".join(book.unmet)
    for fault in check_books():
        stage.report.find(
            "CREDIT_DIFFERS",
            f"The credit is not what its rule gives: {fault}",
            "This is not the bundle's fault: report it.",
        )
    finalize_round(round_, by=stage.by)
