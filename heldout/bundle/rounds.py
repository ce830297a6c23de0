"""A round of a bundle as the engine wants it, on the organizer's own machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from heldout.bundle.answers import AnswersPlan, read_answers_plan
from heldout.bundle.section import BundleLog, Section, root_section
from heldout.bundle.source import BUNDLE_FORMAT, ROOT_FILE, BundleSource, refusal
from scoring.aggregate import MissingPolicy
from scoring.contract import Aggregate, MetricChoice, PredictionFormat, TargetSpec
from scoring.engine import Reference
from scoring.metrics import check_choices
from scoring.readers import get_reader

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class BundleRound:
    """What of a round is needed to check and score a file.

    The server looks at all of a bundle when it imports it; here the rest is left alone.
    """

    slug: str
    prediction_format: PredictionFormat
    targets: tuple[TargetSpec, ...]
    metrics: tuple[MetricChoice, ...]  # the primary one first
    missing: MissingPolicy
    penalty: float | None
    answers: AnswersPlan | None


def read_round(source: BundleSource, slug: str = "") -> BundleRound:
    """Read the round of this slug, or the only one.

    Raises
    ------
    BundleError
        With every problem found, each with its file and line.
    """
    log = BundleLog()
    root = root_section(ROOT_FILE, log, source=source)
    log.raise_if_any()
    if root is None:
        raise refusal(ROOT_FILE, "it describes no challenge")
    version = root.whole("bundle")
    if version not in (None, BUNDLE_FORMAT):
        root.fault("bundle", f"this is format {version}; this program reads {BUNDLE_FORMAT}.")
    sections = {item.text("slug"): item for item in root.sections("rounds", each="a round")}
    log.raise_if_any()
    if (slug and slug not in sections) or (not slug and len(sections) != 1):
        raise refusal(ROOT_FILE, f"name one of its rounds: {', '.join(sections) or 'it has none'}")
    name, section = next((n, s) for n, s in sections.items() if not slug or n == slug)
    found = _round(section, slug=name)
    log.raise_if_any()
    return found


@contextmanager
def open_answers(round_: BundleRound, source: BundleSource) -> Iterator[Mapping[str, Reference]]:
    """Open the answers of a round for as long as the context lasts.

    Raises
    ------
    BundleError
        If the round has none, or a file is not there.
    PredictionFormatError
        If the file of the answers is not what it is said to be.
    """
    plan = round_.answers
    if plan is None:
        raise refusal(ROOT_FILE, f"the round {round_.slug} names no references")
    with ExitStack() as stack:
        if plan.kind == "folder":
            names = {t.slug: f"{plan.path.rstrip('/')}/{t.slug}.npy" for t in round_.targets}
            absent = [name for name in names.values() if not source.has(name)]
            if absent:
                raise refusal(absent[0], "there is no such answer in the bundle")
            yield {slug: stack.enter_context(source.open(name)) for slug, name in names.items()}
            return
        handle = stack.enter_context(source.open(plan.path))
        specs = [TargetSpec(target.slug, target.of_reference) for target in round_.targets]
        options = {**plan.options, "require_all": True}
        yield dict(get_reader(plan.kind).read(handle, options=options, targets=specs).sources)


def _round(section: Section, *, slug: str) -> BundleRound:
    targets = tuple(_target(item) for item in section.sections("targets", each="a target"))
    items = section.sections("metrics", each="a metric")
    pairs = [(item.flag("is_primary"), _metric(item)) for item in items]
    metrics = tuple(choice for _, choice in sorted(pairs, key=lambda pair: not pair[0]))
    for problem in check_choices(metrics, targets):
        section.fault("metrics", f"{problem.message}.")
    return BundleRound(
        slug=slug,
        prediction_format=PredictionFormat(
            section.text("reader", "npz"), section.mapping("reader_options")
        ),
        targets=targets,
        metrics=metrics,
        missing=_choice(section, "missing_policy", MissingPolicy.INCOMPLETE),
        penalty=section.number("missing_penalty"),
        answers=read_answers_plan(section),
    )


def _target(section: Section) -> TargetSpec:
    section.require("slug")
    weight = section.number("weight", 1.0)
    other = section.sizes("reference_shape") if section.has("reference_shape") else None
    return TargetSpec(
        slug=section.text("slug"),
        shape=tuple(section.sizes("shape")),
        low=section.number("low"),
        high=section.number("high"),
        weight=1.0 if weight is None else weight,
        reference_shape=None if other is None else tuple(other),
    )


def _metric(section: Section) -> MetricChoice:
    section.require("metric")
    metric = section.text("metric")
    return MetricChoice(
        key=section.text("key", metric),
        slug=metric,
        version=section.whole("version") or 1,
        parameters=section.mapping("parameters"),
        aggregate=_choice(section, "aggregate", Aggregate.MEAN),
    )


def _choice(section: Section, key: str, default: _Choice) -> _Choice:
    text = section.text(key, default.value)
    kinds = type(default)
    if text not in [kind.value for kind in kinds]:
        section.fault(key, f"{key!r} must be one of {', '.join(kinds)}.")
        return default
    return kinds(text)
