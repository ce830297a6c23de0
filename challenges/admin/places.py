"""From a place that a finding names to the address of the field that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from accounts.admin_base import BACK
from challenges.models import Round
from challenges.services.findings import CheckedStep, Finding, Step
from challenges.services.readiness import checklist

PARTS = {
    "metrics": "#metrics-group",
    "targets": "#targets-group",
    "files": "#files-group",
    "tracks": "#tracks-group",
}
OF_STEP = {
    Step.CHARTER: "challenge.domain_question",
    Step.TASK: "round.task",
    Step.DATES: "round.opens_at",
    Step.TARGETS: "targets",
    Step.ANSWERS: "answers",
    Step.FORMAT: "round.reader",
    Step.METRICS: "metrics",
    Step.CREDIT: "target_set",
}
CHECKLIST = "#checklist-head"
SPLIT = {"opens_at", "closes_at"}  # fields of two boxes: the first is where one begins


@dataclass(frozen=True, slots=True)
class LinkedStep:
    """A step with, for each finding, the address where it is mended."""

    step: CheckedStep
    address: str  # where one looks at it, also if nothing was found
    findings: tuple[tuple[Finding, str], ...]


def linked_checklist(round: Round) -> list[LinkedStep]:
    """Return the checklist of a draft with addresses."""
    return [
        LinkedStep(
            step,
            address_of(OF_STEP[step.step], round),
            tuple((each, address_of(each.place, round)) for each in step.findings),
        )
        for step in checklist(round)
    ]


def address_of(place: str, round: Round) -> str:
    """Return the address of the form, at the field if there is one."""
    kind, _, name = place.partition(".")
    form = reverse("admin:challenges_round_change", args=[round.pk])
    # With a place of its own, or a browser would keep that of the field that was mended.
    elsewhere = f"?{urlencode({BACK: form + CHECKLIST})}"
    if kind == "challenge":
        page = reverse("admin:challenges_challenge_change", args=[round.challenge_id])
        return f"{page}{elsewhere}#id_{name}"
    if kind == "target":
        return reverse("admin:challenges_target_change", args=[name]) + elsewhere
    if kind == "answers":
        return reverse("admin:challenges_round_answers", args=[round.pk])
    if kind == "target_set":
        if round.target_set_id is not None:
            page = reverse("admin:catalog_artifact_change", args=[round.target_set_id])
            return page + elsewhere
        return f"{form}#id_target_set"
    if kind == "round":
        return f"{form}#id_{name}{'_0' if name in SPLIT else ''}"
    return form + PARTS.get(kind, "")
