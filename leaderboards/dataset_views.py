"""Views of the dataset board: by topic, challenge, window, and among newcomers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from challenges.models import Challenge, Round
from challenges.models.challenge import Topic
from challenges.selectors import Viewer, visible_rounds

YEAR = timedelta(days=365)
NEWCOMER = 2 * YEAR
WINDOW = "12m"  # the one window there is besides all rounds


@dataclass(frozen=True, slots=True)
class DatasetView:
    """What part of all credit is looked at; empty is all of it."""

    topic: str = ""
    challenge: str = ""
    year: bool = False
    newcomers: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> DatasetView:
        """Read a view from the words of an address."""
        return cls(
            topic=query.get("topic", ""),
            challenge=query.get("challenge", ""),
            year=query.get("window") == WINDOW,
            newcomers=query.get("newcomers", "") not in {"", "0", "false"},
        )

    @property
    def words(self) -> dict[str, str]:
        """Return the view as words of an address."""
        window, new = WINDOW if self.year else "", "1" if self.newcomers else ""
        every = {"topic": self.topic, "challenge": self.challenge}
        every |= {"window": window, "newcomers": new}
        return {name: value for name, value in every.items() if value}

    @property
    def is_part(self) -> bool:
        return bool(self.words)

    def registered_since(self, moment: datetime) -> datetime | None:
        """Return since when a dataset counts as new; None where old ones count too."""
        return moment - NEWCOMER if self.newcomers else None


@dataclass(frozen=True, slots=True)
class ViewedRounds:
    """The rounds of a view, and what else there is to choose."""

    rounds: list[Round]
    challenges: list[Challenge]
    topics: list[Topic]


def viewed_rounds(view: DatasetView, viewer: Viewer, moment: datetime) -> ViewedRounds:
    """Return the rounds whose credit a view adds up, among those that the viewer may see.

    A topic that no challenge has is among the choices too, for the form to say what was asked.
    """
    every = list(visible_rounds(viewer).select_related("challenge"))
    challenges = {each.challenge_id: each.challenge for each in every}
    topics = {topic.slug: topic for each in challenges.values() for topic in each.topic_list}
    if view.topic:
        topics.setdefault(view.topic, Topic(view.topic, view.topic))
    return ViewedRounds(
        [each for each in every if _takes(view, each, moment)],
        sorted(challenges.values(), key=lambda each: each.title.casefold()),
        sorted(topics.values(), key=lambda each: each.name.casefold()),
    )


def _takes(view: DatasetView, round_: Round, moment: datetime) -> bool:
    challenge = round_.challenge
    return (
        view.challenge in {"", challenge.slug}
        and view.topic in {"", *(topic.slug for topic in challenge.topic_list)}
        and not (view.year and round_.closes_at < moment - YEAR)
    )
