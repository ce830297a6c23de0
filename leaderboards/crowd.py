"""Which answers the consensus of a round is made of: those that count on its board."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from challenges.models import Round, Track
from leaderboards.entries import Entry, Rule, entries_of, rule_of
from submissions.models import ScoringRun, Submission


@dataclass(frozen=True, slots=True)
class Crowd:
    """The ranked entries of one track, and the file whose answer to a target counts of each."""

    track: Track | None
    answers: tuple[Mapping[str, str], ...]  # of each entry: target to code
    files: Mapping[str, Submission]  # by code

    @property
    def codes(self) -> list[str]:
        return sorted(self.files)


def crowds_of(round_: Round) -> list[Crowd]:
    """Return who is ranked in each track of a round, without the track where it has none."""
    rule = rule_of(round_)
    ranked: dict[int | None, list[Entry]] = defaultdict(list)
    for entry in entries_of(round_, rule):
        if entry.ranks and entry.value(rule.primary, rule).value is not None:
            ranked[entry.submission.track_id].append(entry)
    given = answer_files([entry for entries in ranked.values() for entry in entries], rule)
    tracks: list[Track | None] = [*round_.tracks.all()]
    return [_crowd(track, ranked[track.pk if track else None], given) for track in tracks or [None]]


def _crowd(
    track: Track | None, entries: Sequence[Entry], given: Mapping[str, Mapping[str, Submission]]
) -> Crowd:
    answers: list[dict[str, str]] = []
    used: dict[str, Submission] = {}
    for entry in entries:
        of_entry = given[entry.submission.code]
        answers.append({slug: each.code for slug, each in of_entry.items()})
        used |= {each.code: each for each in of_entry.values()}
    return Crowd(track, tuple(answers), used)


def answer_files(entries: Sequence[Entry], rule: Rule) -> dict[str, dict[str, Submission]]:
    """Return whose file answers which target, by the code of each entry."""
    files = _files_of(entries)
    return {
        entry.submission.code: {
            target.slug: found
            for target in rule.targets
            if (found := _answer(entry, target.slug, files)) is not None
        }
        for entry in entries
    }


def _answer(entry: Entry, slug: str, files: Mapping[int, Submission]) -> Submission | None:
    """Return the file whose answer to a target counts; of several models that of the first.

    Which model is best on a target is known from the answers, so it is not asked here.
    """
    if slug in entry.insider_of:
        return None
    runs = entry.part_runs.get(slug)
    found = entry.submission if runs is None else files[runs[0]] if runs else None
    return found if found is not None and slug in found.answered else None


def _files_of(entries: Sequence[Entry]) -> dict[int, Submission]:
    """Return the submissions behind the runs that parts of these entries come from."""
    runs = {run for entry in entries for part in entry.part_runs.values() for run in part}
    rows = ScoringRun.objects.filter(pk__in=runs).select_related("submission")
    return {row.pk: row.submission for row in rows}
