"""Rounds by their topic, and by the data that feeds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from challenges.models import Round


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a visitor looks for; empty is anything."""

    topic: str
    data: str

    def __bool__(self) -> bool:
        return bool(self.topic or self.data)

    def takes(self, round_: Round) -> bool:
        """Tell whether a round is among what is looked for."""
        topics = {each.slug for each in round_.challenge.topic_list}
        data = {each.slug for each in round_.offered_data.all()}
        return self.topic in {"", *topics} and self.data in {"", *data}


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from: pairs of the word in the address and the name."""

    topics: list[tuple[str, str]]
    data: list[tuple[str, str]]


def choices_of(rounds: Sequence[Round], wanted: Wanted) -> Choices:
    """Return the topics and the datasets of these rounds, and what was asked for besides."""
    topics = {each.slug: each.name for round_ in rounds for each in round_.challenge.topic_list}
    data = {each.slug: each.title for round_ in rounds for each in round_.offered_data.all()}
    for asked, there in ((wanted.topic, topics), (wanted.data, data)):
        if asked:
            there.setdefault(asked, asked)
    return Choices(_sorted(topics), _sorted(data))


def _sorted(choices: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(choices.items(), key=lambda pair: pair[1].casefold())
