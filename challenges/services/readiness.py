"""What a round still lacks before it can open, in plain sentences."""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils import timezone

from catalog.models import Artifact
from challenges.models import Reference, Round, RoundFile, Target, window_of
from challenges.selectors import NO_TRACKS, counting_targets, metric_choices, target_specs
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
    now = timezone.now()
    targets = list(counting_targets(round))
    return [
        *_charter(round),
        *_dates(round, targets, now=now),
        *_counting(round, targets),
        *_targets(round, targets),
        *_reader(round),
        *_metrics(round),
        *_limits(round),
        *_target_set(round),
    ]


def _charter(round: Round) -> list[str]:
    unmet = [
        sentence for name, sentence in CHARTER.items() if not getattr(round.challenge, name).strip()
    ]
    if not round.task.strip():
        unmet.append("The round does not say what to predict.")
    if not round.embargo.strip():
        unmet.append(
            "The round has no embargo: say until when participants keep results to themselves and "
            "who may publish what. If nothing is held back, say that."
        )
    return unmet


def unmet_after_amending(round: Round, changed: Collection[str]) -> list[str]:
    """Return what is wrong with the dates, and with what counts if that is what changed."""
    targets = list(counting_targets(round))
    unmet = _dates(round, targets, now=timezone.now())
    if not {"upload_replaces", "models_per_target", "model_basis"}.isdisjoint(changed):
        unmet += _counting(round, targets)
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
    return unmet + _tracks(round, targets)


def _tracks(round: Round, targets: list[Target]) -> list[str]:
    """Return what is wrong with the windows of tracks, and of targets in them."""
    unmet = []
    tracks = list(round.tracks.all())
    for track in tracks:
        window = track.window
        if window.opens_at >= window.closes_at:
            unmet.append(f"The track {track.slug} closes before it opens.")
        elif window.opens_at < round.opens_at or window.closes_at > round.closes_at:
            unmet.append(f"The dates of the track {track.slug} reach beyond those of the round.")
    if unmet:
        return unmet
    windowed = list(_with_windows(round, targets))
    for target in windowed:
        for track in tracks:
            window = window_of(target, track)
            if window.opens_at >= window.closes_at:
                unmet.append(f"Target {target.slug} is never open in the track {track.slug}.")
        for row in target.windows.all():
            around = row.track.window
            early = row.opens_at is not None and row.opens_at < around.opens_at
            if early or (row.closes_at is not None and row.closes_at > around.closes_at):
                unmet.append(
                    f"The dates of target {target.slug} in the track {row.track.slug} reach "
                    "beyond those of the track."
                )
    return unmet


def _with_windows(round: Round, targets: list[Target]) -> Iterator[Target]:
    """Return the targets with their windows looked up, and this round as theirs."""
    prefetch_related_objects(targets, "windows__track")
    for target in targets:
        target.round = round
        for row in target.windows.all():
            row.track.round = round
        yield target


def _counting(round: Round, targets: list[Target]) -> list[str]:
    """Return what is wrong with which answers count."""
    unmet = []
    if round.upload_replaces == Round.UploadReplaces.ENTRY:
        for track in list(round.tracks.all()) or NO_TRACKS:
            windows = [window_of(each, track) for each in _with_windows(round, targets)]
            opens = max((each.opens_at for each in windows), default=round.opens_at)
            if opens >= min((each.closes_at for each in windows), default=round.closes_at):
                where = f" in the track {track.slug}" if track else ""
                unmet.append(
                    f"The targets are never all open at one moment{where}, so no file can hold "
                    "all answers: let a file replace the answers it holds, not the whole entry."
                )
    pooled = [row.key for row in round.metrics.all() if row.aggregate == Aggregate.POOLED]
    is_best = round.models_per_target > 1 and round.model_basis == Round.ModelBasis.BEST
    if pooled and (is_best or round.upload_replaces == Round.UploadReplaces.ANSWERS):
        unmet.append(
            f"The metric {pooled[0]} is pooled: it has a value for one whole file alone, but here "
            "an entry may be made of several. Choose a metric per target, or let a file replace "
            "the whole entry and rank by model 1."
        )
    return unmet


def _targets(round: Round, targets: list[Target]) -> list[str]:
    if not targets:
        return ["The round has no target."]
    shapes = {
        row.target_id: row.shape
        for row in Reference.objects.filter(target__round=round, is_current=True)
    }
    unmet = []
    for target in targets:
        if target.pk not in shapes:
            unmet.append(f"Target {target.slug} has no reference answer.")
        elif not fits(shapes[target.pk], target.answer_shape):
            unmet.append(
                f"The answer of target {target.slug} has shape {shapes[target.pk]}, "
                f"the target has shape {target.answer_shape}."
            )
    if not any(target.weight > 0 for target in targets):
        unmet.append("Every target has weight 0, so no score would count.")
    if not any(target.evaluation_units > 0 for target in targets):
        unmet.append("Every target has 0 evaluation units, so nobody is credited for them.")
    return unmet + _inputs(round, targets)


def _inputs(round: Round, targets: list[Target]) -> list[str]:
    files = RoundFile.objects.filter(round=round)
    if files.filter(target__isnull=True).exists():
        return []
    with_file = set(files.values_list("target", flat=True))
    return [
        f"Target {target.slug} has no input: add a file for it, a file for the whole round, "
        "or describe it in its summary."
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


def _limits(round: Round) -> list[str]:
    unmet = []
    if round.missing_policy == Round.MissingPolicy.WORST and (
        round.missing_penalty is None or not math.isfinite(round.missing_penalty)
    ):
        unmet.append("Missed targets count as a penalty value, but none is declared.")
    if round.upload_limit_bytes > settings.UPLOAD_LIMIT_BYTES:
        unmet.append(
            f"The round's upload limit is above what this site takes "
            f"({settings.UPLOAD_LIMIT_BYTES} bytes)."
        )
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
