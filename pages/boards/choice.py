"""Which view of a board an address asks for, and that view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Any

from django.http import Http404, QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import Team
from challenges.models import Round
from leaderboards.costs import COSTS
from leaderboards.models import Standing
from leaderboards.revisions import sheet_of
from leaderboards.sheets import NoSuchSlice, Place, Sheet, Slice, places
from leaderboards.shown import ShownStanding
from leaderboards.visible import VisibleBoard
from pages.boards.lines import BoardView, Line, board_from
from submissions.models import Submission

# Where a page goes on: these settings are kept, all else is of the moment.
KEPT = ("class", "family", "metric", "kind", "by", "at", "revision", "track", "model", "cost")
SORTS = ("rank", "team", "value", "interval", "targets", "skill", "credit", "used")


@dataclass(frozen=True, slots=True)
class Choice:
    """A view of a board as its address says it."""

    part: Slice = field(default_factory=Slice)
    kind: str = ""
    by_team: bool = False
    track: str = ""
    model: str = ""  # which of the models of a team count, if not as the round says
    cost: str = ""
    at: datetime | None = None
    revision: int | None = None
    sort: str = ""
    descending: bool = False
    query: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Tell whether it is the board as it was ranked, whatever its order."""
        return self.part.is_whole and not self.by_team and not self.model

    def kept(self, **changed: str) -> str:
        """Return this address's query with some settings changed; empty ones are left out."""
        settings = {**self.query, **changed}
        query = QueryDict(mutable=True)
        query.update({key: value for key, value in settings.items() if value})
        return f"?{query.urlencode()}" if query else "?"


def choice_of(query: QueryDict) -> Choice:
    """Read an address; what makes no sense is an address that does not exist."""
    sort = query.get("sort", "")
    kind = query.get("kind", "")
    if kind and kind not in Submission.EntryKind.values:
        raise Http404("no such kind of entry")
    if query.get("by", "") not in ("", "team", "method"):
        raise Http404("a board is by team or by method")
    if query.get("model", "") not in ("", *Round.ModelBasis.values):
        raise Http404("a board is by the first model or by the best")
    if query.get("cost", "") not in ("", *COSTS):
        raise Http404("no such cost")
    return Choice(
        part=Slice(
            target_class=query.get("class", ""),
            family=query.get("family", ""),
            metric=query.get("metric", ""),
        ),
        kind=kind,
        by_team=query.get("by") == "team",
        track=query.get("track", ""),
        model=query.get("model", ""),
        cost=query.get("cost", ""),
        at=moment_of(query.get("at", "")),
        revision=number_of(query.get("revision", "")),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        query={key: text for key in KEPT if (text := query.get(key, ""))},
    )


def moment_of(text: str) -> datetime | None:
    """Read a date, which is its last moment in UTC, or a moment; None for none."""
    if not text:
        return None
    try:
        moment = parse_datetime(text)
        day = parse_date(text) if moment is None or len(text) == 10 else None
    except ValueError:
        raise Http404("no such date") from None
    if day is not None:
        return datetime.combine(day, time.max, tzinfo=UTC)
    if moment is None:
        raise Http404("a date is written like 2026-11-20")
    return timezone.make_aware(moment, UTC) if timezone.is_naive(moment) else moment


def number_of(text: str) -> int | None:
    """Read the number of a revision; None for none."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise Http404("no such revision")
    return int(text)


def chosen_view(
    board: VisibleBoard, choice: Choice, *, mine: Iterable[Team] = ()
) -> BoardView | None:
    """Return the view of a board that an address asks for; None where no board may be seen."""
    if board.revision is None:
        return None
    shown: Sequence[ShownStanding] = board.lines
    columns: Sequence[Mapping[str, Any]] = board.revision.columns
    if not choice.is_whole:
        sheet = sheet_of(board, basis=choice.model)
        if sheet is None:
            raise Http404("scores on single targets are not shown, or not of other models")
        try:
            shown, columns = ranked_part(sheet, shown, choice)
        except NoSuchSlice as error:
            raise Http404(str(error)) from None
    if choice.track:
        shown = [each for each in shown if _is_in(each, choice.track)]
        if not shown:
            raise Http404("nobody is on the board in this track")
    if choice.kind:
        shown = [each for each in shown if each.submission.entry_kind == choice.kind]
    view = board_from(board, shown, columns, mine=mine)
    return replace(view, lines=_sorted(view, choice)) if choice.sort else view


def _is_in(standing: ShownStanding, track: str) -> bool:
    found = standing.submission.track
    return found is not None and found.slug == track


def ranked_part(
    sheet: Sheet, standings: Sequence[ShownStanding], choice: Choice
) -> tuple[list[ShownStanding], list[Mapping[str, Any]]]:
    """Return the lines of a part of a board, with its columns, the ranking one first."""
    part = choice.part
    if choice.by_team:
        part = replace(part, only=frozenset(_of_teams(sheet, standings)))
    of_key = {each.submission_id: each for each in standings}
    found = [_placed(of_key[each.key], each, position) for position, each in
             enumerate(places(sheet, part), start=1)]  # fmt: skip
    primary = sheet.column(part.metric)
    there = set(found[0].values)
    others = [each for each in sheet.columns if each != primary and each["key"] in there]
    return found, [primary, *others]


def _of_teams(sheet: Sheet, standings: Sequence[ShownStanding]) -> Iterable[int]:
    """Choose of each team the entry that credit looks at, its last; and all that is unranked."""
    competing = {line.key for line in sheet.competing}
    last: dict[int, int] = {}
    for each in sorted(standings, key=lambda row: (row.received_at, row.submission_id)):
        if each.submission_id in competing:
            last[each.team_id] = each.submission_id
        else:
            yield each.submission_id
    yield from last.values()


def _placed(standing: ShownStanding, place: Place, position: int) -> ShownStanding:
    known = place.uncertainty
    status = Standing.Status.RANKED if place.rank else Standing.Status.UNRANKED
    return replace(
        standing,
        position=position,
        status=Standing.Status.INCOMPLETE if place.value is None else status,
        rank=place.rank,
        rank_low=known.rank_low if known else None,
        rank_high=known.rank_high if known else None,
        first_probability=known.first_share if known else None,
        value=place.value,
        value_low=known.value_low if known else None,
        value_high=known.value_high if known else None,
        tie_group=known.group if known else None,
        answered=place.answered,
        offered=place.offered,
        against_first=None,  # told of the whole board alone
        values=place.values,
        skill_ppm=None,  # these two are of the whole board only
        credit_micropoints=None,
    )


def _sorted(view: BoardView, choice: Choice) -> list[Line]:
    """Sort lines; those without a value stand last in either direction."""
    keys = {column.key: place for place, column in enumerate(view.others)}
    if choice.sort not in SORTS and choice.sort not in keys:
        raise Http404("no such column")

    def key(line: Line) -> object:
        if choice.sort in keys:
            return line.cells[keys[choice.sort]]
        return _sort_key(line.standing, choice.sort)

    known = [line for line in view.lines if key(line) is not None]
    unknown = [line for line in view.lines if key(line) is None]
    known.sort(key=key, reverse=choice.descending)  # type: ignore[arg-type]  # numbers or texts
    return known + unknown


def _sort_key(row: ShownStanding, sort: str) -> object:
    return {
        "rank": row.rank,
        "team": row.submission.team.name.casefold(),
        "value": row.value,
        "interval": row.rank_high,
        "targets": row.answered,
        "skill": row.skill_ppm,
        "credit": row.credit_micropoints,
        "used": row.submissions_used,
    }[sort]
