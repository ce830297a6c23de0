"""What a round still lacks before it can open, in plain sentences."""

from __future__ import annotations

import io
import math
from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from catalog.models import Artifact
from challenges.models import Reference, Round, RoundFile, Target
from challenges.models.design_items import DESIGN_ITEMS
from challenges.models.disclosure import BoardPolicy
from challenges.selectors import counting_targets, metric_choices, target_specs
from challenges.services.advice import advice_on
from challenges.services.counting import unmet_counting, unmet_windows
from challenges.services.findings import CheckedStep, Finding, Step, lacks, warnings
from challenges.services.placeholders import prompts_in
from scoring.contract import Aggregate, fits
from scoring.errors import PredictionFormatError, ReaderOptionError, UnknownReaderError
from scoring.metrics import check_choices, get_metric
from scoring.readers import get_reader

# What a charter says before any round of it can be published, and how its absence is told.
CHARTER = {
    "domain_question": "The charter's domain half is empty: say what science wants to know and "
    "why.",
    "ml_task": "The charter's machine-learning half is empty: say what is predicted.",
    "domain_primer": "The charter has no primer on the field: say what an ML person must know of "
    "its words, its data and what an error means there.",
    "ml_primer": "The charter has no primer on the methods: say what a score tells a domain "
    "expert, and what it does not.",
    "data_statement": "The charter has no data statement: say where the answers come from and how "
    "good they are.",
    "ethics": "The charter says nothing on ethics: name risks, consent and limits of use. If "
    "there are none, say that.",
    "licence": "The challenge has no licence for its inputs and answers, like CC-BY-4.0.",
}


def unmet_before_publishing(round: Round) -> list[str]:
    """Return everything that is missing or wrong, empty if the round can be published.

    Looks at rows only; `publish_round` reads the stored answers as well.
    """
    return [finding.sentence for finding in findings_of(round) if finding.blocks]


def checklist(round: Round) -> list[CheckedStep]:
    """Return every step of setting up the round, with what is missing and what to look at."""
    found = findings_of(round)
    return [
        CheckedStep(step, tuple(finding for finding in found if finding.step is step))
        for step in Step
    ]


def findings_of(round: Round) -> list[Finding]:
    """Return all that publishing would refuse, and all that it would let pass with a warning."""
    targets = list(counting_targets(round))
    return [
        *_charter(round),
        *_task(round),
        *lacks(Step.DATES, "round.opens_at", _dates(round, targets, now=timezone.now())),
        *_late(round),
        *lacks(Step.DATES, "round.upload_replaces", unmet_counting(round, targets)),
        *_targets(round, targets),
        *lacks(Step.FORMAT, "round.reader_options", _reader(round)),
        *lacks(Step.METRICS, "metrics", _metrics(round)),
        *_limits(round),
        *lacks(Step.METRICS, "round.board_policy", _disclosure(round, targets)),
        *lacks(Step.CREDIT, "target_set", _target_set(round)),
        *_advice(round),
    ]


def _charter(round: Round) -> list[Finding]:
    found = []
    for name, sentence in CHARTER.items():
        text = getattr(round.challenge, name)
        if not text.strip():
            found += lacks(Step.CHARTER, f"challenge.{name}", [sentence])
        found += _prompts(Step.CHARTER, f"challenge.{name}", text)
    return found + _prompts(Step.CHARTER, "challenge.summary", round.challenge.summary)


def _task(round: Round) -> list[Finding]:
    found = []
    if not round.task.strip():
        found += lacks(Step.TASK, "round.task", ["The round does not say what to predict."])
    if not round.embargo.strip():
        sentence = (
            "The round has no embargo: say until when participants keep results to themselves and "
            "who may publish what. If nothing is held back, say that."
        )
        found += lacks(Step.TASK, "round.embargo", [sentence])
    found += _prompts(Step.TASK, "round.task", round.task)
    found += _prompts(Step.TASK, "round.embargo", round.embargo)
    for name, text in round.design_items.items():
        found += _prompts(Step.TASK, f"round.design_{name}", text, name=f"design in words ({name})")
    unsaid = [name for name in DESIGN_ITEMS if name not in round.design_items]
    if unsaid:
        sentence = (
            f"The design in words says nothing on {', '.join(unsaid)}. A reader a year from now "
            "will ask; nothing can be added once the round is open."
        )
        found += warnings(Step.TASK, f"round.design_{unsaid[0]}", [sentence])
    return found


def _prompts(step: Step, place: str, text: str, *, name: str = "") -> list[Finding]:
    name = name or place.rpartition(".")[2].replace("ml_", "machine-learning ").replace("_", " ")
    asked = [f"The {name} still has the template's prompt: {each}" for each in prompts_in(text)]
    return lacks(step, place, asked)


def _late(round: Round) -> list[Finding]:
    if round.opens_at > timezone.now():
        return []
    sentence = (
        f"The opening date ({round.opens_at:%Y-%m-%d %H:%M} UTC) is past: the round would open at "
        "the moment of publishing."
    )
    return warnings(Step.DATES, "round.opens_at", [sentence])


def _advice(round: Round) -> list[Finding]:
    return warnings(Step.METRICS, "metrics", [each.sentence for each in advice_on(round)])


def unmet_after_amending(round: Round, changed: Collection[str]) -> list[str]:
    """Return what is wrong with the dates, and with what counts if that is what changed."""
    targets = list(counting_targets(round))
    unmet = _dates(round, targets, now=timezone.now())
    if not {"upload_replaces", "models_per_target", "model_basis"}.isdisjoint(changed):
        unmet += unmet_counting(round, targets)
    return unmet


def _dates(round: Round, targets: list[Target], *, now: datetime) -> list[str]:
    unmet = []
    if round.opens_at >= round.closes_at:
        unmet.append("The round closes before it opens.")
    if round.closes_at <= now:
        unmet.append(f"The closing date ({round.closes_at:%Y-%m-%d %H:%M} UTC) is past.")
    for target in targets:
        opens, closes = target.opens_at or round.opens_at, target.closes_at or round.closes_at
        if opens >= closes:
            unmet.append(f"Target {target.slug} closes before it opens.")
        elif opens < round.opens_at or closes > round.closes_at:
            unmet.append(f"The dates of target {target.slug} reach beyond those of the round.")
    return unmet + unmet_windows(round, targets)


def _targets(round: Round, targets: list[Target]) -> list[Finding]:
    if not targets:
        return lacks(Step.TARGETS, "targets", ["The round has no target."])
    unmet = []
    if not any(target.weight > 0 for target in targets):
        unmet.append("Every target has weight 0, so no score would count.")
    if not any(target.evaluation_units > 0 for target in targets):
        unmet.append("Every target has 0 evaluation units, so nobody is credited for them.")
    found = lacks(Step.TARGETS, "targets", unmet)
    for target in targets:
        named = f"summary of target {target.slug}"
        found += _prompts(Step.TARGETS, f"target.{target.pk}", target.summary, name=named)
    return found + _answers(round, targets) + _inputs(round, targets)


def _answers(round: Round, targets: list[Target]) -> list[Finding]:
    shapes = {
        row.target_id: row.shape
        for row in Reference.objects.filter(target__round=round, is_current=True)
    }
    found = []
    for target in targets:
        if target.pk not in shapes:
            sentence = f"Target {target.slug} has no reference answer."
            found += lacks(Step.ANSWERS, "answers", [sentence])
        elif not fits(shapes[target.pk], target.answer_shape):
            sentence = (
                f"The answer of target {target.slug} has shape {shapes[target.pk]}, "
                f"the target has shape {target.answer_shape}."
            )
            found += lacks(Step.ANSWERS, f"target.{target.pk}", [sentence])
    return found


def _inputs(round: Round, targets: list[Target]) -> list[Finding]:
    files = RoundFile.objects.filter(round=round)
    if files.filter(target__isnull=True).exists():
        return []
    with_file = set(files.values_list("target", flat=True))
    return [
        Finding(
            Step.TARGETS,
            f"Target {target.slug} has no input: add a file for it, a file for the whole round, "
            "or describe it in its summary.",
            "files",
        )
        for target in targets
        if target.pk not in with_file and not target.summary.strip()
    ]


def _reader(round: Round) -> list[str]:
    try:
        # Some options can only be judged together with the targets, which the reader does
        # before it looks at the file; an empty file is enough to make it do so.
        get_reader(round.reader).read(
            io.BytesIO(), options=round.reader_options, targets=target_specs(round)
        )
    except (UnknownReaderError, ReaderOptionError) as error:
        return [f"The prediction format is not usable: {error}."]
    except PredictionFormatError:
        return []
    return []


def _metrics(round: Round) -> list[str]:
    choices = metric_choices(round)
    if not choices:
        return ["The round has no metric."]
    unmet = [f"{problem.message}." for problem in check_choices(choices, target_specs(round))]
    unmet = [sentence[:1].upper() + sentence[1:] for sentence in unmet]
    primary = [row.key for row in round.metrics.all() if row.is_primary]
    if len(primary) != 1:
        return [*unmet, "Mark exactly one metric as primary: the board is ranked by it."]
    choice = next(choice for choice in choices if choice.key == primary[0])
    if choice.aggregate is Aggregate.POOLED:
        unmet.append(
            f"The primary metric {choice.key} is pooled, so it has no value for a single target; "
            "ranks, their intervals and credit are worked out from values for each target. "
            "Choose a metric per target: for an RMSE over molecules that is squared_error with "
            "the aggregate 'Root of the mean over targets'. Show the pooled one beside it."
        )
    elif not unmet and not get_metric(choice.slug, choice.version).rankable:
        unmet.append(
            f"The metric {choice.key} cannot be primary: neither lower nor higher is better."
        )
    return unmet


def _limits(round: Round) -> list[Finding]:
    found = []
    if round.missing_policy == Round.MissingPolicy.WORST and (
        round.missing_penalty is None or not math.isfinite(round.missing_penalty)
    ):
        sentence = "Missed targets count as a penalty value, but none is declared."
        found += lacks(Step.METRICS, "round.missing_penalty", [sentence])
    if round.upload_limit_bytes > settings.UPLOAD_LIMIT_BYTES:
        sentence = (
            f"The round's upload limit is above what this site takes "
            f"({settings.UPLOAD_LIMIT_BYTES} bytes)."
        )
        found += lacks(Step.FORMAT, "round.upload_limit_bytes", [sentence])
    return found


def _disclosure(round: Round, targets: list[Target]) -> list[str]:
    """Return what in the rules of disclosure cannot be kept, or says nothing."""
    unmet = []
    private = [target for target in targets if target.is_private]
    if private and len(private) == len(targets):
        unmet.append(
            "Every target is private, so there would be nothing to show before the reveal."
        )
    families = {target.family for target in private if target.family}
    unmet += [
        f"Targets of the family {name} are private and public: what the board tells of one would "
        "be true of the other."
        for name in sorted(families)
        if any(target.family == name and not target.is_private for target in targets)
    ]
    if round.board_policy == BoardPolicy.LADDER:
        unmet += _ladder(round, [target for target in targets if not target.is_private])
    return unmet


def _ladder(round: Round, shown: list[Target]) -> list[str]:
    unmet = []
    if round.missing_policy == Round.MissingPolicy.SKIP:
        unmet.append(
            "The Ladder compares entries on the same targets, so a missed target cannot be skipped."
        )
    if round.ladder_step is not None:
        return unmet
    primary = next((row for row in round.metrics.all() if row.is_primary), None)
    plain = primary is not None and primary.aggregate == Aggregate.MEAN
    if not plain or len({target.weight for target in shown}) > 1:
        unmet.append(
            "A Ladder without a step compares means of equally weighted targets. Declare a step, "
            "or take the mean as aggregate and one weight."
        )
    if len(shown) < 2:
        unmet.append("A Ladder without a step needs two public targets. Declare a step.")
    return unmet


def _target_set(round: Round) -> list[str]:
    target_set = round.target_set
    if target_set is None:
        return ["No target set is named, so nobody would be credited for the targets."]
    if target_set.kind != Artifact.Kind.TARGET_SET:
        return [f"{target_set} is not a target set."]
    if not target_set.shares_sealed:
        return [f"The shares in {target_set} do not sum to 100 % yet."]
    return []
