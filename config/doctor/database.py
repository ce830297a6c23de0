"""Database, its migrations, its clock, and what the queue in it tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.utils import timezone

from config.doctor.findings import Finding, bad, ok, warning
from config.health import NotReady, check_database
from submissions.models import FileCheck, Submission, SubmissionState
from submissions.services.claim import claimable
from submissions.services.fixity import not_sound

CLOCKS_AGREE_S = 2.0
# The sweep looks every few seconds; what is overdue for longer, it does not see.
OVERDUE = timedelta(minutes=1)
WAITS_LONG = timedelta(minutes=15)


def look_at_database() -> Finding:
    """Tell whether the database answers and has every migration."""
    try:
        check_database()
    except NotReady as problem:
        return bad(
            "database",
            str(problem).partition(":")[0],
            remedy="Run `manage.py migrate`, then start web, worker and scheduler again.",
        )
    except DatabaseError as error:
        return bad(
            "database",
            f"it does not answer ({type(error).__name__})",
            remedy="Start it, and compare host, port, name and password of DATABASE_URL with it.",
        )
    return ok("database", f"{connection.display_name} answers, all migrations are there")


def look_at_clock() -> Finding:
    """Compare this machine's clock with the database's, by which leases run."""
    before = datetime.now(UTC)
    found = _time_of_database()
    return compare_clocks("database clock", found, before=before)


def compare_clocks(part: str, there: datetime, *, before: datetime) -> Finding:
    """Judge another clock, read at some time between `before` and now."""
    here = datetime.now(UTC)
    apart_s = max((before - there).total_seconds(), (there - here).total_seconds(), 0.0)
    if apart_s > CLOCKS_AGREE_S:
        return bad(
            part,
            f"it is {apart_s:.1f} s away from this machine's",
            remedy="Let every machine of the site keep its clock by NTP (`timedatectl` tells).",
        )
    return ok(part, f"within {CLOCKS_AGREE_S:g} s of this machine's")


def look_at_leases() -> Finding:
    """Find submissions whose lease ran out long ago: nobody sweeps."""
    overdue = Submission.objects.filter(
        state=SubmissionState.RUNNING, lease_until__lt=Now() - OVERDUE
    ).count()
    if overdue:
        return bad(
            "leases",
            f"{overdue} submissions are held by workers that are gone, and no sweep frees them",
            remedy="Start worker and scheduler (`celery -A config beat`); the sweep does the rest.",
        )
    return ok("leases", "none is overdue")


def look_at_queue() -> Finding:
    """Find submissions that wait for long although they may be taken."""
    oldest = claimable().order_by("queued_at").values_list("queued_at", flat=True).first()
    if oldest is not None and timezone.now() - oldest > WAITS_LONG:
        minutes = (timezone.now() - oldest).total_seconds() / 60
        return warning(
            "queue",
            f"{claimable().count()} submissions wait, the oldest for {minutes:.0f} minutes",
            remedy="If nothing above is bad, the workers are too few: start more of them.",
        )
    return ok("queue", "nobody waits for long")


def look_at_files() -> Finding:
    """Tell what the checks of stored files have found."""
    found = list(not_sound().order_by("kind", "object_id")[:5])
    lost = [each for each in found if each.state != FileCheck.State.UNPROVED]
    if lost:
        return bad(
            "files",
            f"{not_sound().count()} stored files are not what they were, among them "
            + ", ".join(f"{each.kind} {each.object_id} ({each.state})" for each in lost),
            remedy="Put them back from a backup, then run `manage.py check_files`.",
        )
    if found:
        return warning(
            "files",
            f"{not_sound().count()} checks of stored files came to no end",
            remedy="Run `manage.py check_files`, and look into the log for why.",
        )
    return ok("files", f"{FileCheck.objects.count()} checked, all sound")


def _time_of_database() -> datetime:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        else:
            cursor.execute("SELECT (julianday('now') - 2440587.5) * 86400.0")
        return datetime.fromtimestamp(float(cursor.fetchone()[0]), UTC)
