"""Making the drafts of a bundle; a published round is left as it is."""

from __future__ import annotations

from functools import partial
from typing import BinaryIO

from django.core.files.storage import default_storage
from django.db import transaction

from accounts.models import User
from catalog.models import Artifact
from challenges.errors import AnswersRefused, ChallengeError
from challenges.models import (
    Challenge,
    Round,
    RoundFile,
    RoundMetric,
    Target,
    TargetWindow,
    Track,
)
from challenges.selectors import can_give_roles
from challenges.services.answers import read_answers
from challenges.services.bundles.fields import update
from challenges.services.bundles.plan import ArtifactKey, RoundPlan
from challenges.services.files import add_round_file
from challenges.services.references import current_versions, set_reference
from challenges.services.targets import remove_target
from heldout.bundle.section import sentence
from heldout.bundle.source import BundleSource
from scoring.readers import ArraySource

_OPTIONS = "Let reader_options fit the targets: their names, and their shapes."


def apply_draft(
    plan: RoundPlan, *, challenge: Challenge, source: BundleSource, by: User
) -> tuple[Round, bool]:
    """Make the draft what the plan says; tell whether anything changed."""
    slug = plan.values["slug"]
    round = Round.objects.filter(challenge=challenge, slug=slug).first()
    round = round or Round(challenge=challenge)
    target_set = _artifact(plan.target_set) if plan.target_set else None
    changed = [update(round, plan.values | {"target_set": target_set})]
    changed += [_offer(round, plan), _metrics(round, plan)]
    changed += [_tracks(round, plan), _targets(round, plan)]
    changed += [_windows(round, plan), _providers(round, plan, by=by)]
    changed += [_files(round, plan, source=source, by=by)]
    before = current_versions(round)
    if plan.answers is not None:
        _answers(round, plan, source=source, by=by)
    changed += [current_versions(round) != before]
    return round, any(changed)


def _artifact(key: ArtifactKey) -> Artifact:
    return Artifact.objects.get(slug=key[0], version=key[1])


def _offer(round: Round, plan: RoundPlan) -> bool:
    wanted = {_artifact(key).pk for key in plan.offered_data}
    if wanted == set(round.offered_data.values_list("pk", flat=True)):
        return False
    round.offered_data.set(wanted)
    return True


def _metrics(round: Round, plan: RoundPlan) -> bool:
    rows = {row.key: row for row in RoundMetric.objects.filter(round=round)}
    wanted = {item.values["key"]: item.values for item in plan.metrics}
    gone = [row for key, row in rows.items() if key not in wanted]
    for row in gone:
        row.delete()
    changed = bool(gone)
    # The primary one last: the database holds that there is never a second.
    for key, values in sorted(wanted.items(), key=lambda item: item[1]["is_primary"]):
        changed |= update(rows.get(key) or RoundMetric(round=round), values)
    return changed


def _tracks(round: Round, plan: RoundPlan) -> bool:
    rows = {row.slug: row for row in Track.objects.filter(round=round)}
    wanted = {item.values["slug"]: item.values for item in plan.tracks}
    gone = [row for slug, row in rows.items() if slug not in wanted]
    for row in gone:
        row.delete()
    changed = bool(gone)
    for slug, values in wanted.items():
        changed |= update(rows.get(slug) or Track(round=round), values)
    return changed


def _windows(round: Round, plan: RoundPlan) -> bool:
    """Give targets their dates in single tracks."""
    tracks = {row.slug: row for row in Track.objects.filter(round=round)}
    targets = {row.slug: row for row in Target.objects.filter(round=round)}
    changed = False
    for item in plan.targets:
        target = targets[item.values["slug"]]
        rows = {row.track.slug: row for row in target.windows.select_related("track")}
        for slug, row in rows.items():
            if slug not in item.windows:
                row.delete()
                changed = True
        for slug, values in item.windows.items():
            row = rows.get(slug) or TargetWindow(target=target, track=tracks[slug])
            changed |= update(row, values)
    return changed


def _providers(round: Round, plan: RoundPlan, *, by: User) -> bool:
    """Name who provided each target, which only owners do."""
    targets = {row.slug: row for row in Target.objects.filter(round=round)}
    changed = False
    for item in plan.targets:
        target = targets[item.values["slug"]]
        wanted = {person.pk for person in item.providers}
        if wanted == set(target.providers.values_list("pk", flat=True)):
            continue
        if not can_give_roles(by, round.challenge):
            item.section.fault(
                "providers", "only owners of the challenge name the providers of a target."
            )
            continue
        target.providers.set(wanted)
        changed = True
    return changed


def _targets(round: Round, plan: RoundPlan) -> bool:
    rows = {row.slug: row for row in Target.objects.filter(round=round)}
    wanted = {item.values["slug"]: item.values for item in plan.targets}
    gone = [row for slug, row in rows.items() if slug not in wanted]
    for row in gone:
        remove_target(row)
    changed = bool(gone)
    for slug, values in wanted.items():
        changed |= update(rows.get(slug) or Target(round=round), values)
    return changed


def _files(round: Round, plan: RoundPlan, *, source: BundleSource, by: User) -> bool:
    wanted = {file.name for file in plan.files}
    gone = RoundFile.objects.filter(round=round).exclude(name__in=wanted)
    changed = gone.exists()
    for row in gone:
        transaction.on_commit(partial(default_storage.delete, str(row.file)))
        row.delete()
    targets = {row.slug: row for row in Target.objects.filter(round=round)}
    before = _file_facts(round)
    for file in plan.files:
        with source.open(file.path) as content:
            add_round_file(
                round,
                name=file.name,
                content=content,
                target=targets.get(file.target),
                description=file.description,
                released_at=file.released_at,
                by=by,
            )
    return changed or _file_facts(round) != before


def _file_facts(round: Round) -> list[tuple[object, ...]]:
    rows = RoundFile.objects.filter(round=round)
    return list(rows.values_list("name", "target", "description", "released_at", "sha256"))


def _answers(round: Round, plan: RoundPlan, *, source: BundleSource, by: User) -> None:
    answers = plan.answers
    if answers is None:
        return
    targets = list(Target.objects.filter(round=round).select_related("round"))
    if answers.kind == "folder":
        for target in targets:
            name = f"{answers.path.rstrip('/')}/{target.slug}.npy"
            if source.has(name):
                with source.open(name) as handle:
                    _set(target, handle, plan=plan, by=by)
            else:
                answers.section.fault("folder", f"there is no answer {name} in the bundle.")
        return
    with source.open(answers.path) as handle:
        try:
            arrays = read_answers(
                handle, targets=targets, kind=answers.kind, options=answers.options
            )
            for target in targets:
                _set(target, arrays[target.slug], plan=plan, by=by)
        except AnswersRefused as error:
            for problem in error.problems:
                if problem.code == "BAD_OPTION" and answers.is_like_predictions:
                    plan.section.fault("reader_options", sentence(problem.message), _OPTIONS)
                else:
                    answers.section.note(answers.path, problem)


def _set(target: Target, values: BinaryIO | ArraySource, *, plan: RoundPlan, by: User) -> None:
    try:
        set_reference(target=target, values=values, by=by)
    except ChallengeError as error:
        section = next(item.section for item in plan.targets if item.values["slug"] == target.slug)
        section.fault("slug", error.message, error.remedy)
