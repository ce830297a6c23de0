"""The order of the examination: what depends on something bad is not looked at."""

from __future__ import annotations

from config.doctor import broker, database, deliveries, machine
from config.doctor.findings import Finding, Verdict, skipped


def examine() -> list[Finding]:
    """Look at everything and return what was found, causes before their consequences."""
    found = [database.look_at_database()]
    has_database = found[0].verdict is Verdict.OK
    if has_database:
        found.append(database.look_at_clock())
    found += [*_broker(has_database=has_database), *machine.look_at_storage()]
    found += [machine.look_at_disk(), machine.look_at_layers()]
    if has_database:
        found += [database.look_at_leases(), database.look_at_queue(), database.look_at_files()]
        found += [deliveries.look_at_deliveries(), deliveries.look_at_webhooks()]
    return found


def _broker(*, has_database: bool) -> list[Finding]:
    reached = broker.look_at_broker()
    if reached.verdict is not Verdict.OK:
        return [reached, *(skipped(part, until="the broker") for part in ("workers", "scheduler"))]
    workers = broker.look_at_workers()
    found = [reached, *broker.look_at_redis(), workers]
    if workers.verdict is not Verdict.OK:
        return [*found, skipped("scheduler", until="the workers")]
    if not has_database:
        return [*found, skipped("scheduler", until="the database")]
    return [*found, broker.look_at_scheduler()]
