"""Notifications: mail and webhooks that wait although they are due, or go nowhere."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone

from community.models import Webhook
from community.selectors import failing_mail, standing_still
from config.doctor.findings import Finding, bad, ok, warning

# A look comes every five seconds and sends for up to twenty.
STANDS_STILL = timedelta(minutes=10)
ATTEMPTS = 3
NAMED = 5


def look_at_deliveries() -> Finding:
    """Find deliveries that have been due for long: nobody sends, or the mail server refuses."""
    waiting = standing_still(longer_than=STANDS_STILL)
    found = waiting.order_by().values("channel").annotate(number=Count("pk"), since=Min("made_at"))
    if found:
        told = ", ".join(f"{row['number']} by {row['channel']}" for row in found)
        oldest = min(row["since"] for row in found)
        minutes = (timezone.now() - oldest).total_seconds() / 60
        return bad(
            "deliveries",
            f"{told} due for more than {STANDS_STILL.total_seconds() / 60:.0f} minutes and not "
            f"sent, the oldest made {minutes:.0f} minutes ago",
            remedy="Run worker and scheduler (`celery -A config worker`, `celery -A config beat`): "
            "they go out by themselves then. After a day they are given up.",
        )
    failing = failing_mail(attempts=ATTEMPTS)
    last = failing.order_by("-attempts", "pk").first()
    if last is not None:
        return bad(
            "deliveries",
            f"{failing.count()} mails failed {ATTEMPTS} times or more: {last.last_error}",
            remedy="Correct EMAIL_URL or start the mail server; they are tried again by "
            "themselves, for a day. Admin → Deliveries has each.",
        )
    return ok("deliveries", "nothing stands still")


def look_at_webhooks() -> Finding:
    """Find webhooks that failures have switched off."""
    off = Webhook.objects.filter(is_active=False).exclude(off_reason="").select_related("owner")
    named = ", ".join(f"{hook.code} of {hook.owner.username}" for hook in off[:NAMED])
    if named:
        return warning(
            "webhooks",
            f"{off.count()} are switched off by failures: {named}",
            remedy="Their owners mend the receiver and switch them on again under Account → "
            "Notifications → Webhooks, where the log says what was answered. If all are off, "
            "look at the firewall of the workers: they must reach port 443 outside.",
        )
    return ok("webhooks", "none is switched off by failures")
