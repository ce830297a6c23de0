"""Reading the rounds of a bundle: rules, targets, metrics, files and where the answers are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import time
from itertools import groupby
from typing import Any

from challenges.errors import ScheduleRefused
from challenges.models import Round, RoundMetric, Target, TargetWindow, Track
from challenges.models.disclosure import DISCLOSURE_FIELDS
from challenges.services.bundles.fields import Values, read_fields
from challenges.services.bundles.plan import (
    ArtifactKey,
    FilePlan,
    MetricPlan,
    RoundPlan,
    TargetPlan,
    TrackPlan,
)
from challenges.services.bundles.read_artifacts import (
    check_public_file,
    find_key,
    find_user,
    read_file,
    read_key,
)
from challenges.services.schedule import Schedule, windows
from heldout.bundle.answers import read_answers_plan
from heldout.bundle.section import Section, note_repeats, sentence
from scoring.contract import Aggregate, MetricChoice, Problem, TargetSpec
from scoring.errors import ReaderOptionError, UnknownReaderError
from scoring.metrics import check_choices
from scoring.readers import get_reader
from scoring.readers.units import declared_units

ROUND_FIELDS = (
    "slug",
    "title",
    "task",
    "opens_at",
    "closes_at",
    "reader",
    "reader_options",
    "upload_limit_bytes",
    "submissions_per_day",
    "upload_replaces",
    "models_per_target",
    "model_basis",
    "assessors_see_names_at",
    "grace_minutes",
    "embargo",
    "design_items",
    "missing_policy",
    "missing_penalty",
    "tie_tolerance",
    "near_duplicate_percent",
    "bootstrap_resamples",
    "bootstrap_seed",
    "perfect_value",
    *DISCLOSURE_FIELDS,
)
TARGET_FIELDS = (
    "slug",
    "title",
    "summary",
    "shape",
    "reference_shape",
    "low",
    "high",
    "weight",
    "evaluation_units",
    "unit_of",
    "classes",
    "family",
    "is_private",
    "commentary",
    "opens_at",
    "closes_at",
)
TARGET_JSON = {"shape": "sizes", "reference_shape": "sizes", "classes": "words"}
TRACK_FIELDS = ("slug", "title", "summary", "opens_at", "closes_at", "target_hours")
WINDOW_FIELDS = ("opens_at", "closes_at")
METRIC_FIELDS = ("key", "label", "metric", "version", "parameters", "aggregate", "is_primary")


def read_rounds(root: Section, *, known: set[ArtifactKey]) -> tuple[RoundPlan, ...]:
    """Read all rounds; there is at least one."""
    root.require("rounds")
    sections = root.sections("rounds", each="a round")
    plans = [_round(section, known=known) for section in sections]
    note_repeats(sections, [plan.values["slug"] for plan in plans], key="slug")
    if root.has("rounds") and not plans:
        root.fault("rounds", "a bundle has at least one round.")
    return tuple(plans)


def _round(section: Section, *, known: set[ArtifactKey]) -> RoundPlan:
    values = read_fields(section, Round, ROUND_FIELDS)
    tracks = _tracks(section)
    targets, inputs = _targets(section, tracks={plan.values["slug"] for plan in tracks})
    _schedule(section, values, targets=targets)
    metrics = _metrics(section)
    slugs = {target.values["slug"] for target in targets}
    files = [read_file(item) for item in section.sections("files", each="a file")]
    for file in files:
        if file.target and file.target not in slugs:
            file.section.fault("target", f"there is no target {file.target} in this round.")
    files = [*inputs, *files]
    note_repeats([file.section for file in files], [file.name for file in files], key="name")
    _check_rules(section, values, targets=targets, metrics=metrics)
    plan = RoundPlan(
        section=section,
        values=values,
        tracks=tracks,
        targets=targets,
        metrics=metrics,
        files=tuple(files),
        answers=read_answers_plan(section),
        target_set=read_key(section, "target_set", known=known),
        offered_data=_offered(section, known=known),
    )
    section.close()
    return plan


def _spec(values: Values) -> TargetSpec:
    other = values["reference_shape"]
    return TargetSpec(
        slug=values["slug"],
        shape=tuple(values["shape"]),
        reference_shape=None if other is None else tuple(other),
    )


def _tracks(section: Section) -> tuple[TrackPlan, ...]:
    plans = []
    sections = section.sections("tracks", each="a track")
    for position, item in enumerate(sections):
        values = read_fields(item, Track, TRACK_FIELDS)
        item.close()
        plans.append(TrackPlan(item, values | {"position": position}))
    note_repeats(sections, [plan.values["slug"] for plan in plans], key="slug")
    return tuple(plans)


def _windows(target: Section, *, tracks: set[str]) -> dict[str, Values]:
    """Read the dates of a target in single tracks, by the track's slug."""
    found: dict[str, Values] = {}
    sections = target.sections("windows", each="a target's dates in a track")
    for item in sections:
        item.require("track")
        track = item.text("track")
        if item.has("track") and track not in tracks:
            item.fault("track", f"there is no track {track} in this round.")
        found[track] = read_fields(item, TargetWindow, WINDOW_FIELDS)
        item.close()
    note_repeats(sections, [item.text("track") for item in sections], key="track")
    return found


def _targets(
    section: Section, *, tracks: set[str]
) -> tuple[tuple[TargetPlan, ...], list[FilePlan]]:
    plans, inputs = [], []
    sections = section.sections("targets", each="a target")
    for position, item in enumerate(sections):
        values = read_fields(item, Target, TARGET_FIELDS, json_kinds=TARGET_JSON)
        windows = _windows(item, tracks=tracks)
        providers = [find_user(item, "providers", name) for name in item.words("providers")]
        plans.append(
            TargetPlan(
                item,
                values | {"position": position},
                windows=windows,
                providers=tuple(one for one in providers if one is not None),
            )
        )
        path = item.file("input")
        if path:
            name = path.rsplit("/", 1)[-1]
            inputs.append(FilePlan(item, path, name, target=values["slug"]))
            check_public_file(item, inputs[-1])
        item.close()
    note_repeats(sections, [plan.values["slug"] for plan in plans], key="slug")
    return tuple(plans), inputs


def _schedule(section: Section, round: Values, *, targets: tuple[TargetPlan, ...]) -> None:
    """Give the targets without dates of their own those of the round's schedule."""
    item = section.section("schedule")
    if item is None:
        return
    item.require("days_open")
    days_open, per_release = item.whole("days_open", 1), item.whole("per_release", 1)
    weekday, at = item.text("weekday").lower(), item.text("at", "00:00")
    item.close()
    dateless = [
        plan for plan in targets if not (plan.values["opens_at"] or plan.values["closes_at"])
    ]
    opens_at, closes_at = round["opens_at"], round["closes_at"]
    if opens_at is None or closes_at is None:
        return  # noted where they are missing
    try:
        schedule = Schedule(
            days_open=days_open or 0,
            at=time.fromisoformat(at),
            weekday=weekday,
            per_release=per_release or 0,
        )
        dates = windows(schedule, opens_at=opens_at, closes_at=closes_at, count=len(dateless))
    except ScheduleRefused as error:
        section.fault("schedule", error.message, error.remedy)
    except ValueError:
        item.fault("at", "'at' must be a time of day in UTC.", "Write it like 18:00.")
    else:
        for plan, (opens, closes) in zip(dateless, dates, strict=True):
            plan.values.update(opens_at=opens, closes_at=closes)


def _metrics(section: Section) -> tuple[MetricPlan, ...]:
    plans = []
    sections = section.sections("metrics", each="a metric")
    for position, item in enumerate(sections):
        fallback = {"key": item.text("metric")}
        values = read_fields(item, RoundMetric, METRIC_FIELDS, fallback=fallback)
        item.close()
        plans.append(MetricPlan(item, values | {"position": position}))
    note_repeats(sections, [plan.values["key"] for plan in plans], key="key")
    primary = [plan for plan in plans if plan.values["is_primary"]]
    for plan in primary[1:]:
        line = primary[0].section.at.line
        plan.section.fault("is_primary", f"a round has one primary metric, see line {line}.")
    return tuple(plans)


def _check_rules(
    section: Section,
    values: dict[str, object],
    *,
    targets: tuple[TargetPlan, ...],
    metrics: tuple[MetricPlan, ...],
) -> None:
    """Note what the engine could not work with: its own checks, at the lines they are about."""
    _check_reader(section, values)
    sections = {plan.values["key"]: plan.section for plan in metrics}
    choices = [
        MetricChoice(
            key=plan.values["key"],
            slug=plan.values["metric"],
            version=plan.values["version"],
            parameters=plan.values["parameters"],
            aggregate=Aggregate(plan.values["aggregate"]),
        )
        for plan in metrics
        if plan.values["aggregate"] in set(Aggregate)
    ]
    specs = [_spec(plan.values) for plan in targets]
    places = {
        "UNKNOWN_METRIC": "metric",
        "BAD_PARAMETER": "parameters",
        "BAD_AGGREGATE": "aggregate",
    }
    for problem, more in _together(check_choices(choices, specs)):
        if problem.code != "DUPLICATE_KEY":
            others = f" So it is for {more} more targets." if more else ""
            sections[problem.where].fault(
                places.get(problem.code, "metric"),
                sentence(problem.message) + others,
                _METRIC_REMEDIES.get(problem.code, ""),
            )


def _check_reader(section: Section, values: dict[str, object]) -> None:
    options: Any = values["reader_options"]
    try:
        declared_units(get_reader(str(values["reader"])).complete(options)["units"])
    except UnknownReaderError as error:
        section.fault("reader", f"{error}.", "docs/bundle.md lists them.")
    except ReaderOptionError as error:
        section.fault("reader_options", f"{error}.", "docs/bundle.md lists the options of each.")


_METRIC_REMEDIES = {
    "UNKNOWN_METRIC": "`heldout metrics` lists them.",
    "BAD_TARGET": "Correct shape and reference_shape of the targets, or choose another metric: "
    "`heldout metrics` and docs/metrics.md tell what each takes.",
}


def _together(problems: Sequence[Problem]) -> Iterator[tuple[Problem, int]]:
    """Yield of each metric's misfits the first one, and how many more targets it misfits."""
    for (code, _where), group in groupby(problems, key=lambda each: (each.code, each.where)):
        found = list(group)
        if code == "BAD_TARGET":
            yield found[0], len(found) - 1
        else:
            yield from ((each, 0) for each in found)


def _offered(section: Section, *, known: set[ArtifactKey]) -> tuple[ArtifactKey, ...]:
    keys = []
    for text in section.words("offered_data"):
        key = find_key(section, "offered_data", text, known=known)
        if key is not None and key not in keys:
            keys.append(key)
    return tuple(keys)
