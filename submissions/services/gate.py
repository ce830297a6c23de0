"""The one gate: who may submit what to a round at a moment. Pages, API and client all pass it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Team, User
from accounts.selectors import active_members_of, is_member
from challenges.models import Round, RoundState, Track, Window, window_of
from challenges.selectors import (
    NO_TRACKS,
    can_organize,
    counting_targets,
    insiders,
    provided_slugs,
)
from scoring.contract import Problem
from submissions.errors import GateClosed, NotAllowed
from submissions.models import Submission

EntryKind = Submission.EntryKind

# What an organizer may still add when participants no longer can: a baseline that was
# forgotten, an entry that came late.
_ORGANIZERS_STATES = {RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED}


def chosen_track(round: Round, slug: str) -> Track | None:
    """Return the track of this name; the only one, or none at all, need not be named.

    Raises
    ------
    NotAllowed
        If the round has no such track, or several and none is named.
    """
    tracks = list(round.tracks.all())
    names = ", ".join(track.slug for track in tracks)
    if not slug:
        if len(tracks) > 1:
            raise NotAllowed(
                "TRACK_NEEDED",
                _("The round has several tracks."),
                _("Name one of %(names)s.") % {"names": names},
            )
        return tracks[0] if tracks else None
    for track in tracks:
        if track.slug == slug:
            return track
    raise NotAllowed(
        "UNKNOWN_TRACK",
        _("The round has no track %(slug)s.") % {"slug": repr(slug)},
        _("Its tracks are %(names)s.") % {"names": names}
        if tracks
        else _("It has no tracks: name none."),
    )


def check_gate(
    *,
    round: Round,
    team: Team,
    by: User,
    at: datetime,
    entry_kind: str = EntryKind.PARTICIPANT,
    track: Track | None = None,
    model_index: int = 1,
) -> None:
    """Refuse unless the person may submit for the team to the round, uploading from `at` on.

    Which targets the file may answer is for `target_problems` to say, once it is read.

    Raises
    ------
    GateClosed
        If the round or track takes no such entry at that moment.
    NotAllowed
        If the person is not in the team, made the targets, asks for an entry kind that is for
        organizers, or for more models than the round takes.
    """
    if entry_kind not in dict(EntryKind.by_people()):
        raise NotAllowed(
            "UNKNOWN_ENTRY_KIND",
            _("There is no entry kind %(entry_kind)s.") % {"entry_kind": repr(str(entry_kind))},
        )
    if not by.is_active:
        raise NotAllowed("ACCOUNT_CLOSED", _("This account is closed."))
    if not 1 <= model_index <= round.models_per_target:
        most = round.models_per_target
        raise NotAllowed(
            "NO_SUCH_MODEL",
            ngettext(
                "There is no model %(index)s: a team hands in one model.",
                "There is no model %(index)s: a team hands in models 1 to %(most)s.",
                most,
            )
            % {"index": model_index, "most": most},
        )
    if entry_kind == EntryKind.PARTICIPANT:
        _check_participant(round, team, by=by, at=at, track=track)
    else:
        _check_organizer(round, by=by, at=at, entry_kind=entry_kind)


def _check_participant(
    round: Round, team: Team, *, by: User, at: datetime, track: Track | None
) -> None:
    if not is_member(by, team):
        raise NotAllowed(
            "NOT_A_MEMBER", _("You are not in the team %(team)s.") % {"team": team.name}
        )
    state = round.state_at(at)
    if state in {RoundState.DRAFT, RoundState.UPCOMING}:
        raise GateClosed(
            "ROUND_NOT_OPEN",
            _("The round is not open yet."),
            _("It opens at %(opens_at)s.") % {"opens_at": _moment(round.opens_at)},
        )
    if not round.takes_predictions_at(at):
        raise GateClosed(
            "ROUND_CLOSED",
            _("The round closed at %(closes_at)s.") % {"closes_at": _moment(round.closes_at)},
            _deadline_rule(round),
        )
    if track is not None:
        _check_track(round, track, at=at)
    _check_insiders(round, team)


def _check_track(round: Round, track: Track, *, at: datetime) -> None:
    window = track.window
    if at < window.opens_at:
        raise GateClosed(
            "TRACK_NOT_OPEN",
            _("The track %(track)s is not open yet.") % {"track": track.title},
            _("It opens at %(opens_at)s.") % {"opens_at": _moment(window.opens_at)},
        )
    if not window.holds(at, grace=round.grace):
        raise GateClosed(
            "TRACK_CLOSED",
            _("The track %(track)s closed at %(closes_at)s.")
            % {"track": track.title, "closes_at": _moment(window.closes_at)},
            _deadline_rule(round),
        )


def _check_insiders(round: Round, team: Team) -> None:
    barred = insiders(round)
    if barred and active_members_of(team).filter(pk__in=barred).exists():
        raise NotAllowed(
            "MADE_THE_TARGETS",
            _(
                "Someone in this team made the targets of the round or assesses it, so it cannot "
                "be ranked here."
            ),
            _("Ask the organizers to enter the predictions unranked."),
        )


def _check_organizer(round: Round, *, by: User, at: datetime, entry_kind: str) -> None:
    label = EntryKind(entry_kind).label
    if not can_organize(by, round.challenge):
        raise NotAllowed(
            "ENTRY_KIND_OF_ORGANIZERS",
            _("Only organizers may make an entry of kind “%(kind)s”.") % {"kind": label},
        )
    allowed = _ORGANIZERS_STATES - ({RoundState.OPEN} if entry_kind == EntryKind.LATE else set())
    state = round.state_at(at)
    if state not in allowed:
        raise GateClosed(
            "WRONG_STATE",
            _("State of the round: %(state)s. It takes no entry of kind “%(kind)s” now.")
            % {"state": state.label, "kind": label},
        )


def target_problems(
    round: Round,
    answered: Iterable[str],
    *,
    at: datetime,
    track: Track | None = None,
    team: Team | None = None,
) -> tuple[Problem, ...]:
    """Return which answers of a participant's file are not taken: closed targets, and own ones.

    Only dates of the targets are looked at; those of round and track are `check_gate`'s. Without
    a track, where the round has several, a target is open if it is in one of them.
    """
    wanted = set(answered)
    tracks = [track] if track is not None else list(round.tracks.all()) or NO_TRACKS
    own = _provided_by(round, team) if team is not None else set()
    problems = []
    for target in counting_targets(round).prefetch_related("windows"):
        if target.slug not in wanted:
            continue
        target.round = round
        windows = {each: window_of(target, each) for each in tracks}
        if target.slug in own:
            problems.append(
                Problem(
                    code="TARGET_IS_YOURS",
                    message=_("Someone in your team provided target %(target)s.")
                    % {"target": target.slug},
                    where=target.slug,
                    remedy=_("Leave it out of the file: nobody predicts an answer they know."),
                )
            )
        elif not any(
            window == _around(round, each) or window.holds(at, grace=round.grace)
            for each, window in windows.items()
        ):
            opens = _moment(min(window.opens_at for window in windows.values()))
            closes = _moment(max(window.closes_at for window in windows.values()))
            problems.append(
                Problem(
                    code="TARGET_NOT_OPEN",
                    message=_(
                        "Target %(target)s takes no predictions now, only from %(opens)s "
                        "to %(closes)s."
                    )
                    % {"target": target.slug, "opens": opens, "closes": closes},
                    where=target.slug,
                    remedy=_("Leave it out of the file."),
                )
            )
    return tuple(problems)


def _around(round: Round, track: Track | None) -> Window:
    return Window(round.opens_at, round.closes_at) if track is None else track.window


def _provided_by(round: Round, team: Team) -> set[str]:
    provided = provided_slugs(round)
    if not provided:
        return set()
    people = active_members_of(team).filter(pk__in=provided).values_list("pk", flat=True)
    return {slug for person in people for slug in provided[person]}


def _deadline_rule(round: Round) -> str:
    if not round.grace_minutes:
        return _("An upload counts if it starts before that moment.")
    return _(
        "An upload counts if it starts before that moment and %(minutes)s minutes of grace."
    ) % {"minutes": round.grace_minutes}


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
