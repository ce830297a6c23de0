"""Writing a challenge as a bundle that imports to the same challenge."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO, cast

from django.db import models

from catalog.models import Artifact, Contribution, LineageEdge
from challenges.models import Challenge, ChallengeRole, Round, RoundFile, RoundMetric, Target
from challenges.selectors import counting_targets
from challenges.services.bundles.fields import Values, model_field
from challenges.services.bundles.read import CHALLENGE_FIELDS
from challenges.services.bundles.read_artifacts import (
    ARTIFACT_FIELDS,
    CONTRIBUTION_FIELDS,
    LINEAGE_FIELDS,
)
from challenges.services.bundles.read_rounds import (
    METRIC_FIELDS,
    ROUND_FIELDS,
    TARGET_FIELDS,
    TRACK_FIELDS,
    WINDOW_FIELDS,
)
from challenges.services.references import current_references, open_references
from heldout.bundle.sink import BundleSink
from heldout.bundle.source import BUNDLE_FORMAT, ROOT_FILE
from heldout.bundle.writing import write_yaml


@dataclass(frozen=True, slots=True)
class _Place:
    """A stored file and its name in the bundle."""

    name: str
    file: models.fields.files.FieldFile


def export_bundle(
    challenge: Challenge,
    sink: BundleSink,
    *,
    rounds: Sequence[Round] | None = None,
    with_answers: bool = False,
    subject: str = "",
) -> None:
    """Write a challenge with its artifacts, rounds and public files; answers on request.

    Cancelled targets are left out: they count no more. Files are copied as streams.

    Parameters
    ----------
    rounds : sequence of Round, optional
        Which rounds; all if left out.
    subject : str
        Who asks, for the record of who opened the answers.
    """
    if rounds is None:
        rounds = list(Round.objects.filter(challenge=challenge))
    rounds = sorted(rounds, key=lambda each: (each.opens_at, each.slug))
    answered = {each.pk for each in rounds if with_answers and current_references(each)}
    places: list[_Place] = []
    document = _document(challenge, rounds, places, answered=answered)
    sink.add(ROOT_FILE, io.BytesIO(write_yaml(document).encode()))
    for place in places:
        with place.file.open("rb") as stored:
            sink.add(place.name, cast(BinaryIO, stored.file or stored))
    for each in rounds:
        if each.pk in answered:
            _answers(each, sink, subject=subject)


def fingerprint_of(round: Round) -> str:
    """Return a digest of all that a bundle of this round would hold, from rows alone.

    It is another one as soon as a rule, a public file or an answer is another one.
    """
    answers = current_references(round)
    files = RoundFile.objects.filter(round=round).order_by("name").values_list("name", "sha256")
    content = {
        "document": _document(round.challenge, [round], [], answered={round.pk} if answers else ()),
        "answers": [[row.target.slug, row.sha256] for row in answers],
        "files": [list(each) for each in files],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _document(
    challenge: Challenge,
    rounds: Sequence[Round],
    places: list[_Place],
    *,
    answered: Collection[int],
) -> Values:
    """Return what challenge.yaml says, and note which stored files it names."""
    artifacts = _artifacts(rounds)
    document: Values = {
        "bundle": BUNDLE_FORMAT,
        "challenge": _charter(challenge),
        "artifacts": [_artifact(each, places) for each in artifacts],
        "rounds": [_round(each, places, has_answers=each.pk in answered) for each in rounds],
    }
    if not artifacts:
        del document["artifacts"]
    return document


def _given(instance: models.Model, names: Iterable[str]) -> Values:
    """Return the fields that are not what the import would assume."""
    values: Values = {}
    for name in names:
        value, field = getattr(instance, name), model_field(type(instance), name)
        if value == field.get_default() or value is None:
            continue
        values[name] = written_moment(value) if isinstance(value, datetime) else value
    return values


def written_moment(moment: datetime) -> str:
    """Write a moment in UTC, to the microsecond where it has any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _charter(challenge: Challenge) -> Values:
    values = _given(challenge, CHALLENGE_FIELDS)
    roles = ChallengeRole.objects.filter(challenge=challenge).select_related("user")
    people = roles.order_by("user__username", "role")
    values["people"] = [{"user": role.user.username, "role": role.role} for role in people]
    return values


def _key(artifact: Artifact) -> str:
    return f"{artifact.slug}/{artifact.version}"


def _artifacts(rounds: Iterable[Round]) -> list[Artifact]:
    """Return what the rounds name and all it was made from, each after its own inputs."""
    found: dict[int, Artifact] = {}

    def add(artifact: Artifact) -> None:
        if artifact.pk in found:
            return
        for edge in _edges(artifact):
            add(edge.parent)
        found[artifact.pk] = artifact

    named = [each.target_set for each in rounds if each.target_set is not None]
    named += [artifact for each in rounds for artifact in each.offered_data.all()]
    for artifact in sorted(named, key=_key):
        add(artifact)
    return list(found.values())


def _edges(artifact: Artifact) -> list[LineageEdge]:
    edges = LineageEdge.objects.filter(child=artifact).select_related("parent")
    return list(edges.order_by("parent__slug", "parent__version", "relation"))


def _artifact(artifact: Artifact, places: list[_Place]) -> Values:
    values = {"kind": artifact.kind} | _given(artifact, ARTIFACT_FIELDS)
    if artifact.team is not None:
        values["team"] = artifact.team.slug
    files = []
    for row in artifact.files.order_by("name"):
        path = f"artifacts/{artifact.slug}/{artifact.version}/{row.name}"
        places.append(_Place(path, row.file))
        files.append({"path": path} | _given(row, ("description", "media_type")))
    inputs = [
        {"artifact": _key(edge.parent)} | _given(edge, LINEAGE_FIELDS) for edge in _edges(artifact)
    ]
    contributors = [_contributor(row) for row in artifact.contributions.order_by("id")]
    lists = {"files": files, "inputs": inputs, "contributors": contributors}
    return values | {name: items for name, items in lists.items() if items}


def _contributor(row: Contribution) -> Values:
    values = _given(row, CONTRIBUTION_FIELDS)
    if row.person is not None:
        values.pop("name", None)
        return {"user": row.person.username} | values
    return values


def _round(round: Round, places: list[_Place], *, has_answers: bool) -> Values:
    values = _given(round, ROUND_FIELDS)
    values["tracks"] = [_given(track, TRACK_FIELDS) for track in round.tracks.all()]
    values["targets"] = [_target(target) for target in _targets(round)]
    metrics = RoundMetric.objects.filter(round=round).order_by("position", "id")
    values["metrics"] = [_given(row, METRIC_FIELDS) for row in metrics]
    files = []
    counting = {target.pk for target in _targets(round)}
    for row in RoundFile.objects.filter(round=round).select_related("target").order_by("name"):
        if row.target is not None and row.target.pk not in counting:
            continue
        path = f"rounds/{round.slug}/files/{row.name}"
        places.append(_Place(path, row.file))
        facts: Values = {"path": path} | _given(row, ("description", "released_at"))
        files.append(facts | ({"target": row.target.slug} if row.target is not None else {}))
    values["files"] = files
    if has_answers:
        values["references"] = {"folder": _answers_folder(round)}
    if round.target_set is not None:
        values["target_set"] = _key(round.target_set)
    values["offered_data"] = sorted(_key(artifact) for artifact in round.offered_data.all())
    lists = ("tracks", "targets", "metrics", "files", "offered_data")
    return {name: value for name, value in values.items() if value or name not in lists}


def _target(target: Target) -> Values:
    values = _given(target, TARGET_FIELDS)
    windows = [
        {"track": row.track.slug} | _given(row, WINDOW_FIELDS)
        for row in target.windows.select_related("track")
    ]
    providers = list(target.providers.order_by("username").values_list("username", flat=True))
    lists = {"windows": windows, "providers": providers}
    return values | {name: items for name, items in lists.items() if items}


def _targets(round: Round) -> Iterable[Target]:
    return counting_targets(round).order_by("position", "slug")


def _answers_folder(round: Round) -> str:
    return f"rounds/{round.slug}/answers"


def _answers(round: Round, sink: BundleSink, *, subject: str) -> None:
    with open_references(round=round, purpose="export", subject=subject) as handles:
        for slug, handle in handles.items():
            sink.add(f"{_answers_folder(round)}/{slug}.npy", handle)
