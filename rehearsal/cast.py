"""The made-up teams of a rehearsal and what each hands in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Team, User
from accounts.services import create_person, create_team
from catalog.services import method_of_team
from challenges.models import Round, Target, Track
from challenges.models.track import window_of
from challenges.selectors import counting_targets
from submissions.errors import PredictionRefused, SubmissionError
from submissions.models import Submission
from submissions.services.submit import submit

_CHUNK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Player:
    """A made-up team of one."""

    name: str
    team: Team
    person: User


def make_player(name: str) -> Player:
    """Make a person and a team."""
    person = create_person(username=f"rehearsal-{name}", password="rehearsal")  # noqa: S106
    slug = f"rehearsal-team-{name}"
    team = create_team(name=f"Rehearsal, {name}", slug=slug, members=[person])
    return Player(name, team, person)


def hand_in(
    player: Player,
    round_: Round,
    content: bytes,
    *,
    at: datetime,
    track: Track | None,
    file_name: str,
    kind: str = Submission.EntryKind.PARTICIPANT,
) -> Submission:
    """Hand in a file as any participant does; raises what the gate and the check raise."""
    person = player.person
    return submit(
        round=round_,
        team=player.team,
        by=person,
        chunks=[content[i : i + _CHUNK_BYTES] for i in range(0, len(content), _CHUNK_BYTES)],
        file_name=file_name,
        received_at=at,
        method=lambda: method_of_team(
            team=player.team,
            title=f"Rehearsal {player.name}",
            summary="Made up in a rehearsal.",
            by=person,
            disclosure="full",
        ),
        entry_kind=kind,
        track=track.slug if track else "",
        size_bytes=len(content),
    )


def told(error: SubmissionError) -> str:
    """Return the first thing that a refusal says."""
    if isinstance(error, PredictionRefused) and error.problems:
        first = error.problems[0]
        return f"{first.code}: {first.message}"
    return f"{error.code}: {error.message}"


def tracks_of(round_: Round) -> list[Track]:
    """Return the tracks, the one that is open longest first.

    The whole cast plays in the first, and somebody in each of the others.
    """
    return sorted(
        round_.tracks.all(), key=lambda track: track.window.opens_at - track.window.closes_at
    )


def moments(round_: Round, track: Track | None) -> list[tuple[datetime, list[str]]]:
    """Return when a team hands in, and which targets are open then; as few times as will do.

    From the last release backward: whoever comes then finds most of them open.
    """
    targets = list(counting_targets(round_))
    left = {target.slug for target in targets}
    found = []
    for opens in sorted({_opens(target, round_, track) for target in targets}, reverse=True):
        open_then = [target for target in targets if _is_open(target, round_, track, opens)]
        slugs = [target.slug for target in open_then]
        if left & set(slugs):
            left -= set(slugs)
            closes = min(_closes(target, round_, track) for target in open_then)
            found.append((opens + (closes - opens) / 2, slugs))
    return sorted(found)


def _opens(target: Target, round_: Round, track: Track | None) -> datetime:
    return max(window_of(target, track).opens_at, round_.opens_at)


def _closes(target: Target, round_: Round, track: Track | None) -> datetime:
    return min(window_of(target, track).closes_at, round_.closes_at)


def _is_open(target: Target, round_: Round, track: Track | None, moment: datetime) -> bool:
    return _opens(target, round_, track) <= moment < _closes(target, round_, track)
