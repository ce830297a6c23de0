"""From a place that a finding names to the address of the field that mends it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from challenges.models import Round
from challenges.services.findings import CheckedStep, Finding
from challenges.services.readiness import checklist

PARTS = {"metrics": "#metrics-group", "targets": "#targets-group", "files": "#files-group"}
SPLIT = {"opens_at", "closes_at"}  # fields of two boxes: the first is where one begins


@dataclass(frozen=True, slots=True)
class LinkedStep:
    """A step with, for each finding, the address where it is mended."""

    step: CheckedStep
    findings: tuple[tuple[Finding, str], ...]


def linked_checklist(round: Round) -> list[LinkedStep]:
    """Return the checklist of a draft with addresses."""
    return [
        LinkedStep(step, tuple((each, address_of(each.place, round)) for each in step.findings))
        for step in checklist(round)
    ]


def address_of(place: str, round: Round) -> str:
    """Return the address of the form, at the field if there is one."""
    kind, _, name = place.partition(".")
    form = reverse("admin:challenges_round_change", args=[round.pk])
    if kind == "challenge":
        page = reverse("admin:challenges_challenge_change", args=[round.challenge_id])
        return f"{page}#id_{name}"
    if kind == "target":
        return reverse("admin:challenges_target_change", args=[name])
    if kind == "answers":
        return reverse("admin:challenges_round_answers", args=[round.pk])
    if kind == "target_set":
        if round.target_set_id is not None:
            return reverse("admin:catalog_artifact_change", args=[round.target_set_id])
        return f"{form}#id_target_set"
    if kind == "round":
        return f"{form}#id_{name}{'_0' if name in SPLIT else ''}"
    return form + PARTS.get(kind, "")
