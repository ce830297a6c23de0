"""Lines of a board as a viewer may have them: what is withheld is not in them at all.

They have the names of the rows they are made of (`standing.submission.team.name`), so that
templates and documents are written once. Where names are withheld, labels stand in their place
and addresses are empty.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.crypto import salted_hmac

from catalog.models import Artifact
from challenges.models import Round, Track
from leaderboards.models import BoardRevision, Standing
from leaderboards.sight import Sight
from submissions.models import Score, Submission

LABEL_LENGTH = 5
# A dictionary of labels once, instead of one for each line.
_KINDS = dict(Submission.EntryKind.choices)
_DISCLOSURES = dict(Artifact.Disclosure.choices)
# Who made these did not enter the contest.
NAMED_ALWAYS = frozenset(
    {
        Submission.EntryKind.BASELINE,
        Submission.EntryKind.REFERENCE,
        Submission.EntryKind.ORGANIZER,
        Submission.EntryKind.CONSENSUS,
    }
)


@dataclass(frozen=True, slots=True)
class ShownTeam:
    """A team, or the label that stands for it."""

    name: str
    slug: str  # empty while names are withheld, like all addresses

    @property
    def get_absolute_url(self) -> str:
        return reverse("pages:team", args=[self.slug]) if self.slug else ""


@dataclass(frozen=True, slots=True)
class ShownMethod:
    """A method with what it says it was built on, or the label that stands for it."""

    title: str
    slug: str
    version: str
    disclosure: str
    get_disclosure_display: str
    parents: tuple[Artifact, ...] = ()

    @property
    def get_absolute_url(self) -> str:
        return reverse("pages:model", args=[self.slug, self.version]) if self.slug else ""


@dataclass(frozen=True, slots=True)
class ShownSubmission:
    """The submission behind a line."""

    code: str
    entry_kind: str
    get_entry_kind_display: str
    team: ShownTeam
    method: ShownMethod
    round: Round
    track: Track | None
    combined_from: int | None = None  # entries that a consensus is made of


@dataclass(frozen=True, slots=True)
class ShownStanding:
    """One line of a board."""

    position: int
    status: str
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    first_probability: float | None
    value: float | None
    value_low: float | None
    value_high: float | None
    tie_group: int | None
    answered: int
    offered: int
    submissions_used: int
    skill_ppm: int | None
    credit_micropoints: int | None
    values: dict[str, float | None]
    submission: ShownSubmission
    revision: BoardRevision
    is_named: bool
    against_first: dict[str, Any] | None
    # Keys of rows, to join by; they are never shown.
    submission_id: int = field(repr=False)
    team_id: int = field(repr=False)
    part_runs: dict[str, list[int]] = field(repr=False)
    insider_of: list[str] = field(repr=False)  # of a line without a name it would tell whose it is
    run_id: int | None = field(repr=False)
    received_at: datetime = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownScore:
    """One score of an entry on one target, or pooled over targets, as it may be shown."""

    target: Any  # Target, None if pooled
    metric: Any  # RoundMetric
    status: str
    get_status_display: str
    value: float | None
    detail: str
    submission_id: int = field(repr=False)
    run_id: int = field(repr=False)
    target_id: int | None = field(repr=False)
    metric_id: int = field(repr=False)


def shown_standing(
    row: Standing, round_: Round, sight: Sight, *, revision: BoardRevision | None = None
) -> ShownStanding:
    """Return a line with only what `sight` lets out; `revision` is for rows that are not saved."""
    submission = row.submission
    is_named = sight.names or submission.entry_kind in NAMED_ALWAYS
    return ShownStanding(
        position=row.position,
        status=row.status,
        rank=row.rank,
        rank_low=row.rank_low,
        rank_high=row.rank_high,
        first_probability=row.first_probability,
        value=rounded(row.value, sight),
        value_low=rounded(row.value_low, sight),
        value_high=rounded(row.value_high, sight),
        tie_group=row.tie_group,
        answered=row.answered,
        offered=row.offered,
        submissions_used=row.submissions_used,
        skill_ppm=row.skill_ppm if sight.credit else None,
        credit_micropoints=row.credit_micropoints if sight.credit else None,
        values={key: rounded(value, sight) for key, value in row.values.items()},
        submission=ShownSubmission(
            code=submission.code if is_named else "",
            entry_kind=submission.entry_kind,
            get_entry_kind_display=str(_KINDS[submission.entry_kind]),
            team=_team(submission) if is_named else _label_of_team(submission, round_),
            method=_method(submission) if is_named else _label_of_method(submission, round_),
            round=round_,
            track=submission.track,
            combined_from=_combined_from(submission),
        ),
        revision=revision or row.revision,
        is_named=is_named,
        against_first=row.against_first,
        submission_id=submission.pk,
        team_id=submission.team_id,
        part_runs=row.part_runs,
        insider_of=row.insider_of,
        run_id=row.run_id,
        received_at=submission.received_at,
    )


def shown_scores(rows: Iterable[Score], sight: Sight) -> list[ShownScore]:
    """Return scores, whose targets may be shown, with the decimals that may be shown."""
    return [
        ShownScore(
            target=row.target,
            metric=row.metric,
            status=row.status,
            get_status_display=str(row.get_status_display()),
            value=rounded(row.value, sight),
            detail=row.detail,
            submission_id=row.run.submission_id,
            run_id=row.run_id,
            target_id=row.target_id,
            metric_id=row.metric_id,
        )
        for row in rows
    ]


def rounded(value: float | None, sight: Sight) -> float | None:
    """Return a value with the decimals that may be shown."""
    if value is None or sight.decimals is None:
        return value
    return round(value, sight.decimals) + 0.0  # never -0.0, which tells on which side it was


def label(kind: str, round_: Round, key: object) -> str:
    """Return the label of a team or method in one round: always the same, leading nowhere."""
    digest = salted_hmac(f"heldout.label.{kind}", f"{round_.pk}/{key}", algorithm="sha256").digest()
    return base64.b32encode(digest).decode()[:LABEL_LENGTH]


def _combined_from(submission: Submission) -> int | None:
    if submission.entry_kind != Submission.EntryKind.CONSENSUS:
        return None
    made = getattr(submission, "consensus", None)
    return None if made is None else int(made.combined_from)


def _team(submission: Submission) -> ShownTeam:
    team = submission.team
    return ShownTeam(team.name, team.slug)


def _label_of_team(submission: Submission, round_: Round) -> ShownTeam:
    return ShownTeam(f"Entrant {label('team', round_, submission.team_id)}", "")


def _method(submission: Submission) -> ShownMethod:
    method = submission.method
    return ShownMethod(
        title=method.title,
        slug=method.slug,
        version=method.version,
        disclosure=method.disclosure,
        get_disclosure_display=str(_DISCLOSURES.get(method.disclosure, "")),
        parents=tuple(edge.parent for edge in method.declared),  # type: ignore[attr-defined]  # prefetched
    )


def _label_of_method(submission: Submission, round_: Round) -> ShownMethod:
    """Return a label without what the method was built on: that could name its makers."""
    method = submission.method
    return ShownMethod(
        title=f"Method {label('method', round_, method.slug)}",
        slug="",
        version="",
        disclosure=method.disclosure,
        get_disclosure_display=str(_DISCLOSURES.get(method.disclosure, "")),
    )
