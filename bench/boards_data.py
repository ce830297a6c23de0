"""Rows for the benchmark of boards: many rounds, submissions and scores, made set by set in SQL.

Nothing goes through Python row by row, and the score table's indices are made after its rows, so
that twenty million scores take minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

METRICS = ("error", "second", "third", "fourth")  # the first per target, the others pooled


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is: submissions over all rounds."""

    submissions: int
    rounds: int
    targets: int
    teams: int

    @property
    def in_round(self) -> int:
        return self.submissions // self.rounds


def fill(size: Size) -> list[int]:
    """Fill an empty, migrated PostgreSQL database; return the rounds' keys."""
    from django.db import connection

    teams = _teams(size)
    rounds = [_round(place, size) for place in range(size.rounds)]
    with connection.cursor() as cursor:
        # Foreign keys hold by construction; checking each of twenty million rows takes longest.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(_SUBMISSIONS, {"teams": teams, "rounds": rounds, "each": size.in_round})
        cursor.execute(_RUNS)
        indices = _drop_indices(cursor)
        cursor.execute(_SCORES)
        cursor.execute(_POOLED)
        for statement in indices:
            cursor.execute(statement)
        _peers(cursor)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE")
    return rounds


def _teams(size: Size) -> list[int]:
    """Make teams of one, with a method each; return the teams' keys."""
    from django.utils import timezone

    from accounts.models import Membership, Team, User
    from catalog.models import Artifact, Contribution

    numbers = range(size.teams)
    people = User.objects.bulk_create(
        User(username=f"entrant{at}", email=f"p{at}@example.org") for at in numbers
    )
    teams = Team.objects.bulk_create(
        Team(name=f"Entrants {at}", slug=f"entrants-{at}") for at in numbers
    )
    Membership.objects.bulk_create(
        Membership(team=team, user=user) for team, user in zip(teams, people, strict=True)
    )
    methods = Artifact.objects.bulk_create(
        Artifact(
            kind=Artifact.Kind.MODEL,
            slug=f"method-{at}",
            title=f"Method {at}",
            summary="Made for a benchmark.",
            registered_by=user,
            team=team,
        )
        for at, (user, team) in enumerate(zip(people, teams, strict=True))
    )
    Contribution.objects.bulk_create(
        Contribution(artifact=method, person=user, share_bp=10_000, confirmed_at=timezone.now())
        for method, user in zip(methods, people, strict=True)
    )
    return [team.pk for team in teams]


def _round(place: int, size: Size) -> int:
    from django.utils import timezone

    from challenges.models import Target
    from tests import factories as make

    now = timezone.now()
    facts: dict[str, Any] = {
        "opens_at": now - timedelta(days=200),
        "published_at": now - timedelta(days=201),
    }
    challenge = make.make_challenge(slug=f"challenge-{place}")
    round_ = make.make_round(challenge, slug="round", targets=(), **facts)
    Target.objects.bulk_create(
        Target(round=round_, slug=f"t{at:03}", position=at, shape=[]) for at in range(size.targets)
    )
    for key in METRICS[1:]:
        make.make_metric(round_, key, aggregate="pooled", metric="rmse")
    return round_.pk


def _drop_indices(cursor: Any) -> list[str]:
    """Drop what indices of the scores can be made again; return how."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'submissions_score'"
        " AND indexname NOT LIKE '%_pkey'"
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _name, definition in found]


def _peers(cursor: Any) -> None:
    """Give the other patterns the tables they read: a JSON result, and a row for each metric."""
    for statement in _PEERS.split(";"):
        cursor.execute(statement)


# A team's method is the model it registered; the later a submission, the better by a little.
_SUBMISSIONS = """
INSERT INTO submissions_submission (
    code, round_id, team_id, submitted_by_id, method_id, entry_kind, model_index, note,
    idempotency_key, received_at, file, file_name, size_bytes, sha256, answered, file_metadata,
    state, queued_at, attempt, lease_token, finished_at, reason_code, reason, problems,
    organizer_note
)
SELECT 's' || r.place || 'x' || n, r.id, t.id, m.user_id, a.id, 'participant', 1, '', '',
    now() - (%(each)s - n) * interval '1 minute', 'none', 'prediction.npz', 1,
    md5(r.place || '-' || n) || md5(n || '-' || r.place), '[]', '{}', 'scored', now(), 1, '',
    now(), '', '', '[]', ''
FROM unnest(%(rounds)s::bigint[]) WITH ORDINALITY AS r(id, place)
CROSS JOIN generate_series(1, %(each)s) AS n
JOIN unnest(%(teams)s::bigint[]) WITH ORDINALITY AS t(id, place)
    ON t.place = 1 + (n * 7919) %% cardinality(%(teams)s::bigint[])
JOIN accounts_membership AS m ON m.team_id = t.id
JOIN catalog_artifact AS a ON a.team_id = t.id
"""
_RUNS = """
INSERT INTO submissions_scoringrun (
    submission_id, number, attempt, is_current, reference_versions, metric_versions,
    engine_version, worker, started_at, finished_at
)
SELECT s.id, 1, 1, true, v.versions, '{}', '1', 'bench', s.received_at, s.received_at
FROM submissions_submission AS s
JOIN (SELECT round_id, jsonb_object_agg(slug, 1) AS versions FROM challenges_target
      GROUP BY round_id) AS v ON v.round_id = s.round_id
"""
# Without random(): the same rows in every run, a skill of the team and a difficulty of the target.
_SCORES = """
INSERT INTO submissions_score (run_id, target_id, metric_id, status, value, detail)
SELECT r.id, t.id, m.id, 'ok',
    (1 + (s.team_id * 37 %% 101) / 50.0) * (1 + t.position %% 7)
    * (1 + abs(hashint8(r.id * 1000 + t.position)) / 2147483648.0), ''
FROM submissions_scoringrun AS r
JOIN submissions_submission AS s ON s.id = r.submission_id
JOIN challenges_target AS t ON t.round_id = s.round_id
JOIN challenges_roundmetric AS m ON m.round_id = s.round_id AND m.is_primary
""".replace("%%", "%")
_POOLED = """
INSERT INTO submissions_score (run_id, target_id, metric_id, status, value, detail)
SELECT r.id, NULL, m.id, 'ok', 1 + abs(hashint8(r.id * 10 + m.position)) / 2147483648.0, ''
FROM submissions_scoringrun AS r
JOIN submissions_submission AS s ON s.id = r.submission_id
JOIN challenges_roundmetric AS m ON m.round_id = s.round_id AND NOT m.is_primary
"""
_PEERS = """
CREATE TABLE bench_result (
    id bigserial PRIMARY KEY, submission_id bigint NOT NULL, round_id bigint NOT NULL,
    result jsonb NOT NULL, is_shown boolean NOT NULL DEFAULT true);
CREATE TABLE bench_score (
    id bigserial PRIMARY KEY, submission_id bigint NOT NULL, metric_id bigint NOT NULL,
    score numeric(20, 10) NOT NULL);
INSERT INTO bench_score (submission_id, metric_id, score)
    SELECT r.submission_id, c.metric_id, avg(c.value) FROM submissions_score AS c
    JOIN submissions_scoringrun AS r ON r.id = c.run_id GROUP BY r.submission_id, c.metric_id;
INSERT INTO bench_result (submission_id, round_id, result)
    SELECT s.id, s.round_id, jsonb_object_agg(m.key, c.score) FROM bench_score AS c
    JOIN submissions_submission AS s ON s.id = c.submission_id
    JOIN challenges_roundmetric AS m ON m.id = c.metric_id GROUP BY s.id, s.round_id;
CREATE INDEX ON bench_result (round_id);
CREATE INDEX ON bench_result (submission_id);
CREATE INDEX ON bench_score (submission_id);
CREATE INDEX ON bench_score (metric_id);
CREATE TABLE bench_shown AS
    SELECT DISTINCT ON (round_id, team_id) id AS submission_id, round_id
    FROM submissions_submission ORDER BY round_id, team_id, received_at DESC;
CREATE INDEX ON bench_shown (round_id);
ALTER TABLE bench_shown ADD PRIMARY KEY (submission_id)
"""
