"""From what a rehearsal finds to the line of challenge.yaml that must change."""

from __future__ import annotations

import re

from challenges.services.bundles.plan import BundlePlan, RoundPlan
from challenges.services.readiness import CHARTER
from heldout.bundle.located import Place

# Sentences of `challenges.services.readiness`, the key that each is about, and its remedy.
_SENTENCES = (
    (r"closes before it opens", "closes_at", "Give it a closing date after its opening."),
    (r"closing date .* is past", "closes_at", "Set closes_at to a date to come."),
    (r"never all open", "upload_replaces", "Set upload_replaces: answers."),
    (r"does not say what to predict", "task", "Write the task."),
    (r"has no embargo", "embargo", "Write the embargo."),
    (r"has no target\.", "targets", "List the targets."),
    (r"weight 0", "targets", "Give at least one target a weight above 0."),
    (r"evaluation units", "targets", "Give at least one target evaluation units."),
    (r"prediction format", "reader_options", "Correct reader and reader_options."),
    (r"penalty", "missing_penalty", "Declare missing_penalty."),
    (r"upload limit", "upload_limit_bytes", "Lower upload_limit_bytes."),
    (r"[Tt]arget set|target set|shares in", "target_set", "Name a target set with contributors."),
    (r"as primary", "metrics", "Write is_primary: true at the one that ranks."),
    (r"metric", "metrics", "Choose another metric or aggregate."),
)
_PROMPT = re.compile(r"The (.+) still has the template's prompt")
_OF_TARGET = re.compile(r"[Tt]arget ([A-Za-z0-9][A-Za-z0-9_-]*)")
_TARGET_KEYS = (
    (r"reach beyond", "opens_at", "Keep its dates within those of the round."),
    (r"closes before it opens", "closes_at", "Give it a closing date after its opening."),
    (r"no reference answer", "slug", "Add its answer under references, or remove the target."),
    (r"has shape", "shape", "Correct the shape or the answer."),
    (r"no input", "input", "Add an input file or a summary."),
    (r"outside the limits", "low", "Widen low and high, or correct the answer, its unit too."),
)


class Where:
    """Places in the bundle of one round and its challenge."""

    def __init__(self, plan: BundlePlan, round_: RoundPlan) -> None:
        self._plan = plan
        self._round = round_
        self._targets = {item.values["slug"]: item.section for item in round_.targets}
        self._metrics = {item.values["key"]: item.section for item in round_.metrics}
        self._files = {item.name: item.section for item in round_.files}

    def challenge(self, key: str) -> Place:
        return self._plan.challenge.section.place(key)

    def round(self, key: str) -> Place:
        return self._round.section.place(key)

    def target(self, slug: str, key: str = "slug") -> Place:
        section = self._targets.get(slug)
        return section.place(key) if section else self.round("targets")

    def metric(self, key: str, what: str = "metric") -> Place:
        section = self._metrics.get(key)
        return section.place(what) if section else self.round("metrics")

    def file(self, name: str) -> Place:
        section = self._files.get(name)
        return section.place("path") if section else self.round("files")

    def of_sentence(self, sentence: str) -> tuple[Place, str]:
        """Return the place and the remedy of a sentence that keeps a round from opening."""
        for name, told in CHARTER.items():
            if told == sentence:
                return self.challenge(name), f"Write {name!r} of the challenge."
        prompt = _PROMPT.match(sentence)
        if prompt:
            return self._of_prompt(prompt[1]), "Write over the template's prompt."
        found = _OF_TARGET.search(sentence)
        if found and found[1] in self._targets:
            for pattern, key, remedy in _TARGET_KEYS:
                if re.search(pattern, sentence):
                    return self.target(found[1], key), remedy
            return self.target(found[1]), "Correct the target."
        for pattern, key, remedy in _SENTENCES:
            if re.search(pattern, sentence):
                return self.round(key), remedy
        return self.round("slug"), "Correct the round."

    def _of_prompt(self, name: str) -> Place:
        of_target = _OF_TARGET.search(name)
        if of_target:
            return self.target(of_target[1], "summary")
        key = name.replace("machine-learning", "ml").replace(" ", "_")
        if key in CHARTER or key == "summary":
            return self.challenge(key)
        return self.round("design_items" if name.startswith("design") else key)
