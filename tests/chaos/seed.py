"""Run on the site: make its challenges and teams, and print how to reach them as JSON."""

from __future__ import annotations

import json
import sys

import django


def main(challenges: int, teams: int, per_day: int) -> None:
    """Make one round for each challenge, the last one with the metric that can be poisoned."""
    from accounts.models import ApiToken
    from tests import factories
    from tests.chaos.plan import TARGETS, reference

    rounds = []
    for number in range(challenges):
        round_ = factories.make_round(
            factories.make_challenge(slug=f"chaos-{number}"),
            slug="first",
            targets=TARGETS,
            values={target: reference(number, target) for target in TARGETS},
            submissions_per_day=per_day,
        )
        rounds.append(f"{round_.challenge.slug}/{round_.slug}")
    round_.metrics.update(metric="poison")
    people = []
    for number in range(teams):
        team = factories.make_team(slug=f"team-{number}")
        _, token = ApiToken.objects.create(user=factories.member_of(team), name="chaos")
        people.append({"team": team.slug, "token": token})
    json.dump({"rounds": rounds, "people": people}, sys.stdout)


if __name__ == "__main__":
    django.setup()
    main(*(int(word) for word in sys.argv[1:]))
