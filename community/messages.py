"""An event in words, for one person at one moment: only what they may see just then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from challenges.models import Round
from challenges.selectors import visible_rounds
from community.happened import BEFORE_DEADLINE
from community.models import Event, Kind
from leaderboards.visible import visible_standing
from submissions.models import Submission, SubmissionState
from submissions.selectors import visible_submissions
from submissions.verdicts import in_words_of_the_reader

# A submission's event is told only while it still is so: a withdrawn one is told no more.
STATE_OF = {
    Kind.SCORED: SubmissionState.SCORED,
    Kind.REJECTED: SubmissionState.REJECTED,
    Kind.FAILED: SubmissionState.FAILED,
}


@dataclass(frozen=True, slots=True)
class Message:
    """What a person is told, and the same for programs. Neither holds a score."""

    title: str
    text: str
    path: str
    facts: dict[str, Any]

    @property
    def url(self) -> str:
        return settings.SITE_URL + self.path


def is_in_sight(event: Event, person: User) -> bool:
    """Tell whether the person may still hear of an event: a team is left, a round taken back."""
    if event.round_id is None:
        return True
    if not visible_rounds(person).filter(pk=event.round_id).exists():
        return False
    if event.submission_id is None:
        return True
    found = visible_submissions(person).filter(pk=event.submission_id)
    return found.filter(state=STATE_OF[Kind(event.kind)]).exists()


def message_of(event: Event) -> Message:
    """Return an event in words; the same for everybody who may hear of it."""
    round_, submission = event.round, event.submission
    if round_ is None:  # of the daily mail nothing is shown but the mail itself
        title = _("This is a test")
        return Message(title, _("It works."), "/account/notifications/", {})
    facts: dict[str, Any] = {
        "challenge": round_.challenge.slug,
        "round": round_.slug,
        "note": event.note,
    }
    if submission is not None:
        title, text = _of_submission(event, submission)
        facts |= {
            "submission": submission.code,
            "state": submission.state,
            "reason_code": submission.reason_code,
            "reason": submission.reason,
        }
        return Message(title, text, submission.get_absolute_url(), facts)
    title, text = _of_round(event, round_)
    return Message(title, text, round_.get_absolute_url(), facts)


def value_line(event: Event, person: User, moment: datetime) -> str:
    """Return what the submission's page shows this person of its place, or nothing.

    The board decides: what it withholds, delays or rounds is withheld, delayed or rounded here.
    """
    if event.kind != Kind.SCORED or event.submission is None:
        return ""
    line = visible_standing(event.submission, person, moment)
    if line is None or line.value is None:
        return ""
    names = {"value": f"{line.value:.4g}", "rank": line.rank}
    if line.rank is None:
        return _("On the board now: %(value)s, not ranked.") % names
    return _("On the board now: %(value)s, rank %(rank)s.") % names


def _of_submission(event: Event, submission: Submission) -> tuple[str, str]:
    names = {"code": submission.code, "round": str(submission.round), "team": submission.team.name}
    if event.kind == Kind.SCORED:
        return (
            _("Submission %(code)s to %(round)s is scored") % names,
            _("Its page shows what the round shows of scores now. Team: %(team)s.") % names,
        )
    if event.kind == Kind.REJECTED:
        title = _("Submission %(code)s to %(round)s was rejected") % names
        text = _("Its page says what is wrong and how to mend it.")
    else:
        title = _("Submission %(code)s to %(round)s could not be scored") % names
        text = _("It does not count against your quota.")
    reason = in_words_of_the_reader(submission.reason)
    return title, f"{reason} {text}".strip()


def _of_round(event: Event, round_: Round) -> tuple[str, str]:
    names = {"round": str(round_), "note": event.note}
    if event.kind == Kind.DEADLINE:
        ends = _in_utc(event.at + BEFORE_DEADLINE)
        text = _("Predictions are taken until %(ends)s.") % {"ends": ends}
        if event.note:
            text = _("Track %(note)s: predictions are taken until %(ends)s.") % {
                "note": event.note,
                "ends": ends,
            }
        return _("%(round)s closes soon") % names, text
    ends = _in_utc(round_.closes_at)
    words = {
        Kind.OPENED: (
            _("%(round)s is open"),
            _("Predictions are taken until %(ends)s.") % {"ends": ends},
        ),
        Kind.CLOSED: (_("%(round)s has closed"), _("No more predictions count.")),
        Kind.REVEALED: (_("%(round)s is revealed"), _("The answers are public.")),
        Kind.FINAL: (_("%(round)s is final"), _("Its credit is posted.")),
        Kind.ANNOUNCED: ("%(round)s: %(note)s", _("The round's page has the whole text.")),
        Kind.AMENDED: (_("The rules of %(round)s were amended"), event.note),
        Kind.REVISED: (_("A correction of %(round)s is in force"), event.note),
    }
    title, text = words[Kind(event.kind)]
    return title % names, text


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
