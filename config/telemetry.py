"""What a monitoring system asks every few seconds, in the text format of Prometheus.

Every number is read from the database when it is asked for, so each web process tells the same,
none is lost with a process, and the pipeline pays nothing for being watched.
"""

from __future__ import annotations

import hmac
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Min, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from community.selectors import waiting_by_channel
from leaderboards.models import Board
from submissions.models import FileCheck, Submission, SubmissionState, Tally
from submissions.services.tally import SWEEP, last_time

LATELY = timedelta(hours=1)
QUANTILES = (0.5, 0.95, 1.0)
MOST_TIMED = 10_000


def submissions_by_state() -> Metric:
    gauge = _gauge("submissions", "Submissions by state.", ["state"])
    counted = dict(_grouped(Submission.objects.all(), "state", Count("pk")))
    for state in SubmissionState:
        gauge.add_metric([state.value], counted.get(state.value, 0))
    return gauge


def queue_by_challenge() -> Iterator[Metric]:
    waiting = Submission.objects.filter(state=SubmissionState.QUEUED)
    length = _gauge("queue_length", "Submissions that wait for a worker.", ["challenge"])
    age = _gauge("queue_age_seconds", "How long the oldest of them has waited.", ["challenge"])
    rows = _grouped(waiting, "round__challenge__slug", Count("pk"), Min("queued_at"))
    for challenge, number, oldest in rows:
        length.add_metric([challenge], number)
        age.add_metric([challenge], (timezone.now() - oldest).total_seconds())
    yield from (length, age)


def leases() -> Metric:
    gauge = _gauge("leases", "Submissions in the hands of workers.", ["lease"])
    running = Submission.objects.filter(state=SubmissionState.RUNNING)
    gauge.add_metric(["held"], running.filter(lease_until__gte=Now()).count())
    gauge.add_metric(["expired"], running.filter(lease_until__lt=Now()).count())
    return gauge


def failures_by_reason() -> Metric:
    gauge = _gauge("failures", "Submissions not scored, by reason.", ["state", "reason"])
    without = Submission.objects.exclude(reason_code="").exclude(state=SubmissionState.WITHDRAWN)
    for state, code, number in (
        without.order_by().values_list("state", "reason_code").annotate(Count("pk"))
    ):
        gauge.add_metric([state, code], number)
    return gauge


def attempts() -> Metric:
    gauge = _gauge("attempts_max", "Most attempts that any unfinished submission has had.", [])
    most = Submission.objects.unfinished().aggregate(most=Max("attempt"))["most"]
    gauge.add_metric([], most or 0)
    return gauge


def time_to_score() -> Iterator[Metric]:
    """Quantiles over the last hour: from queued to finished, waiting included."""
    lately = Submission.objects.filter(finished_at__gte=Now() - LATELY)
    spent = ExpressionWrapper(F("finished_at") - F("queued_at"), output_field=DurationField())
    newest = lately.order_by("-finished_at").annotate(spent=spent)
    seconds = sorted(
        each.total_seconds() for each in newest.values_list("spent", flat=True)[:MOST_TIMED]
    )
    number = _gauge("finished_last_hour", "Submissions finished in the last hour.", [])
    number.add_metric([], len(seconds))
    time = _gauge("time_to_score_seconds", "From queued to finished, last hour.", ["quantile"])
    for quantile in QUANTILES if seconds else ():
        place = min(len(seconds) - 1, int(quantile * len(seconds)))
        time.add_metric([f"{quantile:g}"], seconds[place])
    yield from (number, time)


def boards() -> Metric:
    gauge = _gauge("board_age_seconds", "Since the newest revision of any board.", [])
    newest = Board.objects.aggregate(newest=Max("current__created_at"))["newest"]
    if newest is not None:
        gauge.add_metric([], (timezone.now() - newest).total_seconds())
    return gauge


def tallies() -> Metric:
    """Everything counted since the site began: sweeps, lost leases, late results, bad ends."""
    counter = CounterMetricFamily("heldout_events", "What has happened.", labels=["event"])
    for name, number in Tally.objects.values_list("name", "count"):
        counter.add_metric([name], number)
    return counter


def sweep_age() -> Metric:
    gauge = _gauge("sweep_age_seconds", "Since scheduler and worker last swept the queue.", [])
    swept_at = last_time(SWEEP)
    if swept_at is not None:
        gauge.add_metric([], (timezone.now() - swept_at).total_seconds())
    return gauge


def files() -> Metric:
    gauge = _gauge("files", "Stored files by the last check of their bytes.", ["kind", "state"])
    rows = FileCheck.objects.order_by().values_list("kind", "state").annotate(Count("pk"))
    for kind, state, number in rows:
        gauge.add_metric([kind, state], number)
    return gauge


def notifications() -> Metric:
    gauge = _gauge("deliveries_waiting", "Mails and webhooks not sent yet.", ["channel"])
    for channel, number in waiting_by_channel().items():
        gauge.add_metric([channel], number)
    return gauge


def disks() -> Metric:
    gauge = _gauge("storage_free_bytes", "Room on the disk of each storage area.", ["area"])
    for area in ("default", "uploads", "references"):
        storage = storages[area]
        if isinstance(storage, FileSystemStorage) and os.path.isdir(storage.location):
            gauge.add_metric([area], shutil.disk_usage(storage.location).free)
    return gauge


GAUGES: tuple[Callable[[], Any], ...] = (
    submissions_by_state, queue_by_challenge, leases, failures_by_reason, attempts,
    time_to_score, boards, tallies, sweep_age, files, notifications, disks,
)  # fmt: skip


class SiteCollector(Collector):
    """Asks every gauge anew at each scrape."""

    def collect(self) -> Iterator[Metric]:
        for gauge in GAUGES:
            found = gauge()
            yield from [found] if isinstance(found, Metric) else found


def answer(request: HttpRequest) -> HttpResponse:
    """Answer the numbers to who knows the token; to anyone else the address does not exist."""
    known = f"Bearer {settings.TELEMETRY_TOKEN}".encode()
    given = request.headers.get("authorization", "").encode()
    if not settings.TELEMETRY_TOKEN or not hmac.compare_digest(given, known):
        return HttpResponse(status=404)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SiteCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _gauge(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"heldout_{name}", text, labels=labels)


def _grouped(rows: QuerySet[Submission], by: str, *numbers: Any) -> Any:
    return rows.order_by().values_list(by).annotate(*numbers)
