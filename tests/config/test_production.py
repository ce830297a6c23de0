"""The production topology as plain processes: PostgreSQL, Redis, S3, web, worker, scheduler."""

from __future__ import annotations

import json
import os
import signal
import urllib.request

from tests.production import ProductionSite, is_healthy
from tests.servers import wait_until

WRITE_AND_READ = """
from django.core.files.base import ContentFile
from django.core.files.storage import storages
for area in ("default", "uploads", "references"):
    storage = storages[area]
    name = storage.save("probe.npy", ContentFile(area.encode()))
    with storage.open(name) as file:
        assert file.read() == area.encode()
    print(type(storage).__name__, storage.bucket_name, storage.location, storage.size(name))
"""


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - loopback
        return answer.status, answer.read().decode()


def test_production_site_is_ready(production_site: ProductionSite) -> None:
    status, text = get(f"{production_site.url}/readyz")
    assert status == 200
    assert json.loads(text)["checks"] == {"database": "ok", "broker": "ok", "storage": "ok"}


def test_files_live_in_the_bucket_each_area_by_itself(production_site: ProductionSite) -> None:
    assert production_site.manage("shell", "--no-imports", "-c", WRITE_AND_READ).splitlines() == [
        "S3Storage heldout-files site/public 7",
        "S3Storage heldout-files site/uploads 7",
        "S3Storage heldout-files site/references 10",
    ]


def test_data_live_in_postgresql(production_site: ProductionSite) -> None:
    show = "from django.db import connection; print(connection.vendor, connection.pg_version)"
    vendor, version = production_site.manage("shell", "--no-imports", "-c", show).split()
    assert vendor == "postgresql"
    assert int(version) >= 140_000


def test_static_files_are_served_with_their_digest_in_the_name(
    production_site: ProductionSite,
) -> None:
    _, page = get(f"{production_site.url}/admin/login/")
    address = next(part for part in page.split('"') if "heldout/site." in part and ".css" in part)
    assert len(address.split(".")[-2]) == 12
    assert get(f"{production_site.url}{address}")[0] == 200


def test_health_check_sees_a_worker_that_died(production_site: ProductionSite) -> None:
    worker = production_site.children["worker"]
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait_until_stopped(0)
    assert not is_healthy(production_site, "worker")
    worker.start()
    wait_until(lambda: is_healthy(production_site, "worker"), what="the worker", child=worker)
