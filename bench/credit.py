"""How long `recompute_credit --check` takes on a database of many rounds: `python -m bench.credit`.

The rounds are made by the factories of the tests in a database of its own, with real scores,
boards and books; the command then makes every book again from its export and from the scores.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta

TARGETS = tuple(f"t{place}" for place in range(8))
SKILLS = (0.1, 0.3, 0.5, 0.7)  # of the baseline and three teams
EARLY = datetime(2025, 1, 1, tzinfo=UTC)


def main(number: int) -> int:
    with tempfile.TemporaryDirectory(prefix="heldout-bench-") as home:
        os.environ |= {"HELDOUT_HOME": home, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        started = time.perf_counter()
        postings = _build(number)
        built = time.perf_counter()
        print(f"{number} rounds, {postings} postings, made in {built - started:.1f} s", flush=True)
        call_command("recompute_credit", check=True)
        seconds = time.perf_counter() - built
        print(
            f"recompute_credit --check: {seconds:.1f} s, {1000 * seconds / number:.0f} ms a round"
        )
    return 0


def _build(number: int) -> int:
    from django.db import transaction

    from leaderboards.models import CreditEntry

    make = _maker()
    for place in range(number):
        with transaction.atomic():
            make(place)
    return CreditEntry.objects.count()


def _maker():  # type: ignore[no-untyped-def]  # Django's classes exist after its setup only
    from django.utils import timezone

    from catalog.models import LineageEdge
    from leaderboards.services.ledger import post_book
    from leaderboards.services.refresh import refresh_board
    from tests import factories as make

    teams = [make.make_team() for _ in SKILLS]
    source = make.make_artifact(slug="source", licence="CC-BY-4.0", registered_at=EARLY)
    data = make.make_artifact(
        slug="cleaned", origin="derived", licence="CC-BY-4.0", registered_at=EARLY
    )
    methods = [make.make_method(team) for team in teams]
    labs = make.make_artifact(kind="target-set", slug="labs")
    for child in (data, *methods[1:]):
        parent = source if child == data else data
        LineageEdge.objects.create(
            child=child, parent=parent, relation="derived-from", declared_by=labs.registered_by
        )
    challenge = make.make_challenge(data_statement="Measured twice.")
    now = timezone.now()

    def one(place: int) -> None:
        round_ = make.make_round(
            challenge,
            targets=TARGETS,
            opens_at=now - timedelta(days=2),
            published_at=now - timedelta(days=2),
            closes_at=now - timedelta(hours=1),
            revealed_at=now,
            target_set=labs,
            perfect_value=1.0,
        )
        round_.metrics.all().delete()
        make.make_metric(round_, "accuracy", metric="digits_correct", is_primary=True)
        for team, method, skill in zip(teams, methods, SKILLS, strict=True):
            make.make_scored(
                round_,
                {target: skill + 0.01 * at for at, target in enumerate(TARGETS)},
                team=team,
                method=method,
                sha256=f"{place} {team.slug}",
                **({"entry_kind": "baseline"} if team is teams[0] else {}),
            )
        refresh_board(round_)
        post_book(round_, reason="The round was revealed.")

    return one


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    sys.exit(main(parser.parse_args().rounds))
