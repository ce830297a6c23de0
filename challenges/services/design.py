"""The rules of a round as one canonical JSON document, and its hash."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from challenges.models import Reference, Round, RoundFile, RoundMetric, Target, Track
from challenges.models.disclosure import DISCLOSURE_DEFAULTS, DISCLOSURE_FIELDS
from scoring.metrics import get_metric

DESIGN_FORMAT = "heldout/round-design/1"


def design_of(round: Round) -> dict[str, Any]:
    """Return everything that decides ranks and credit, as it stands now."""
    commitments = {
        row.target_id: row.commitment
        for row in Reference.objects.filter(target__round=round, is_current=True)
    }
    target_set = round.target_set
    design = {
        "format": DESIGN_FORMAT,
        "challenge": round.challenge.slug,
        "round": round.slug,
        "task": round.task,
        "licence": round.challenge.licence,
        "opens_at": _moment(round.opens_at),
        "closes_at": _moment(round.closes_at),
        "reader": round.reader,
        "reader_options": round.reader_options,
        "upload_limit_bytes": round.upload_limit_bytes,
        "submissions_per_day": round.submissions_per_day,
        "missing_policy": round.missing_policy,
        "missing_penalty": round.missing_penalty,
        "tie_tolerance": round.tie_tolerance,
        "bootstrap_resamples": round.bootstrap_resamples,
        "bootstrap_seed": round.bootstrap_seed,
        "perfect_value": round.perfect_value,
        "metrics": [_metric(row) for row in round.metrics.all()],
        "targets": [_target(row, commitments) for row in _targets(round)],
        "files": [_file(row) for row in round.files.select_related("target")],
        "target_set": None if target_set is None else [target_set.slug, target_set.version],
        "offered_data": [
            [row.slug, row.version] for row in round.offered_data.order_by("slug", "version")
        ],
    }
    # Rules that came later stand here only where they are set: what was frozen before they
    # existed keeps its hash.
    later = {
        "grace_minutes": round.grace_minutes,
        "embargo": round.embargo,
        "design_items": round.design_items,
        "tracks": [_track(row) for row in round.tracks.all()],
        "assessors_see_names_at": _moment(round.assessors_see_names_at),
        "near_duplicate_percent": round.near_duplicate_percent,
        **_disclosure(round),
    }
    if round.upload_replaces != Round.UploadReplaces.ENTRY:
        later["upload_replaces"] = round.upload_replaces
    if round.models_per_target > 1:
        later["models_per_target"] = round.models_per_target
        later["model_basis"] = round.model_basis
    design |= {key: value for key, value in later.items() if value}
    return {key: _plain(value) for key, value in design.items()}


def _targets(round: Round) -> QuerySet[Target]:
    return round.targets.prefetch_related("windows__track")


def canonical_json(document: Any) -> bytes:
    """Return the one byte form of a JSON document: sorted keys, no spaces, ASCII."""
    return json.dumps(
        _plain(document), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode()


def sha256_of(document: Any) -> str:
    """Return the SHA-256 of a document's canonical form."""
    return hashlib.sha256(canonical_json(document)).hexdigest()


def _metric(row: RoundMetric) -> dict[str, Any]:
    return {
        "key": row.key,
        "metric": row.metric,
        "version": row.version,
        # With the defaults written out: a later release may have others.
        "parameters": get_metric(row.metric, row.version).complete(row.parameters),
        "aggregate": row.aggregate,
        "is_primary": row.is_primary,
    }


def _target(row: Target, commitments: dict[int, str]) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "shape": row.shape,
        **({} if row.reference_shape is None else {"reference_shape": row.reference_shape}),
        "low": row.low,
        "high": row.high,
        "weight": row.weight,
        "evaluation_units": row.evaluation_units,
        "classes": row.classes,
        **({"family": row.family} if row.family else {}),
        **({"unit_of": row.unit_of} if row.unit_of else {}),
        **_windows(row),
        **({"is_private": True} if row.is_private else {}),
        "opens_at": _moment(row.opens_at),
        "closes_at": _moment(row.closes_at),
        "cancelled": row.cancelled_at is not None,
        "commitment": commitments.get(row.pk),
    }


def _track(row: Track) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "title": row.title,
        "summary": row.summary,
        "opens_at": _moment(row.opens_at),
        "closes_at": _moment(row.closes_at),
        "target_hours": row.target_hours,
    }


def _windows(row: Target) -> dict[str, Any]:
    windows = {
        window.track.slug: {
            "opens_at": _moment(window.opens_at),
            "closes_at": _moment(window.closes_at),
        }
        for window in row.windows.all()
    }
    return {"windows": windows} if windows else {}


def _disclosure(round: Round) -> dict[str, Any]:
    """Return what is shown when, as far as it is not what every round does by itself."""
    rules = {}
    for name in DISCLOSURE_FIELDS:
        value = getattr(round, name)
        if value != DISCLOSURE_DEFAULTS[name]:
            rules[name] = _moment(value) if isinstance(value, datetime) else value
    return {"disclosure": rules} if rules else {}


def _file(row: RoundFile) -> dict[str, Any]:
    target = row.target.slug if row.target else None
    facts = {"name": row.name, "target": target, "sha256": row.sha256, "size": row.size_bytes}
    later = {"released_at": _moment(row.released_at)} if row.released_at else {}
    return facts | later


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _plain(value: Any) -> Any:
    """Write whole floats as integers: databases return 1e300 or 1.0 as either."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
