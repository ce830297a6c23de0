"""/telemetry: what it says of the pipeline, to whom, and at what cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from submissions.services import tally
from submissions.services.fixity import check_file_of
from tests import factories

pytestmark = pytest.mark.django_db

TOKEN = {"authorization": "Bearer for-the-scraper"}


@pytest.fixture(autouse=True)
def token(settings: Any) -> None:
    settings.TELEMETRY_TOKEN = "for-the-scraper"


def scraped() -> dict[tuple[str, tuple[str, ...]], float]:
    """Return each sample by its name and the values of its labels, read by Prometheus' parser."""
    answer = Client().get("/telemetry", headers=TOKEN)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name.removeprefix("heldout_"), tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": "for-the-scraper"}]
)
def test_address_does_not_exist_without_the_token(headers: dict[str, str]) -> None:
    assert Client().get("/telemetry", headers=headers).status_code == 404


def test_address_does_not_exist_where_no_token_is_set(settings: Any) -> None:
    settings.TELEMETRY_TOKEN = ""
    assert Client().get("/telemetry", headers={"authorization": "Bearer "}).status_code == 404


def test_empty_site_has_an_empty_queue() -> None:
    told = scraped()
    assert told["submissions", ("queued",)] == 0
    assert told["attempts_max", ()] == 0
    assert told["finished_last_hour", ()] == 0
    assert not any(name == "queue_length" for name, _ in told)


def test_pipeline_is_told_in_numbers() -> None:
    now = timezone.now()
    busy = factories.make_round(factories.make_challenge(slug="busy"))
    calm = factories.make_round(factories.make_challenge(slug="calm"))
    for minutes in (3, 2, 1):
        factories.make_submission(busy, queued_at=now - timedelta(minutes=minutes), attempt=1)
    factories.make_submission(calm, queued_at=now)
    factories.make_submission(calm, state="running", attempt=2)
    factories.make_submission(
        calm, state="running", lease_until=now - timedelta(seconds=1), lease_token="gone"
    )
    factories.make_submission(calm, state="failed", reason_code="SCORER_MEMORY", finished_at=now)
    for seconds in (1, 2, 30):
        factories.make_submission(
            calm, state="scored", queued_at=now - timedelta(seconds=seconds), finished_at=now
        )
    told = scraped()
    assert told["queue_length", ("busy",)] == 3
    assert told["queue_length", ("calm",)] == 1
    assert 180 <= told["queue_age_seconds", ("busy",)] < 240
    assert told["leases", ("held",)] == 1
    assert told["leases", ("expired",)] == 1
    assert told["attempts_max", ()] == 2
    assert told["failures", ("SCORER_MEMORY", "failed")] == 1
    assert told["submissions", ("scored",)] == 3
    assert told["time_to_score_seconds", ("0.5",)] == pytest.approx(2, abs=0.1)
    assert told["time_to_score_seconds", ("1",)] == pytest.approx(30, abs=0.1)
    assert told["storage_free_bytes", ("uploads",)] > 0


def test_number_of_queries_does_not_grow_with_the_site() -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            scraped()
        return len(queries)

    factories.make_submission()
    few = asked()
    for _ in range(5):
        factories.make_submission()
    assert asked() == few


def test_events_and_the_state_of_files_are_told_in_numbers() -> None:
    submission = factories.make_submission()
    tally.count(tally.FENCED)
    tally.count(tally.FENCED, 2)
    tally.count(tally.RELEASED, 0)
    tally.count(tally.SWEEP)
    check_file_of(submission)
    told = scraped()
    assert told["events_total", ("late results dropped",)] == 3
    assert ("events_total", ("leases released",)) not in told
    assert 0 <= told["sweep_age_seconds", ()] < 60
    assert told["files", ("submissions.Submission", "sound")] == 1
