"""A delivery as mail: plain text, and a way to end it without signing in."""

from __future__ import annotations

import smtplib
from email.headerregistry import Address

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.languages import speaking_to
from accounts.models import User
from community.messages import Message, message_of, value_line
from community.models import Delivery, DeliveryState, Event, Kind
from community.outbound import Outcome
from community.unsubscribing import unsubscribe_url
from community.verified import verified_addresses

TOLD_MOST = 100  # in one daily mail


def send_by_mail(delivery: Delivery) -> Outcome:
    """Send a delivery to its person's verified address and tell how it ended."""
    address = verified_addresses([delivery.recipient_id]).get(delivery.recipient_id)
    if address is None:
        text = "The recipient has no verified address any more."
        return Outcome(ok=False, text=text, is_final=True)
    with speaking_to(delivery.recipient):
        message = mail_of(delivery, address)
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused:
        return Outcome(ok=False, text="The mail server refused the recipient.")
    except smtplib.SMTPException as error:
        return Outcome(ok=False, text=f"The mail server refused it: {type(error).__name__}.")
    except OSError as error:
        return Outcome(ok=False, text=f"No mail server: {type(error).__name__}.")
    return Outcome(ok=True, text="Handed to the mail server.")


def gathered_for(mail: Delivery) -> QuerySet[Delivery]:
    """Return what a daily mail is still to tell of, in the order in which it happened."""
    if mail.event.kind != Kind.DAILY:
        return Delivery.objects.none()
    return (
        mail.gathered.filter(state=DeliveryState.LATER)
        .select_related("event__round__challenge", "event__submission__team", "recipient")
        .select_related("event__submission__round__challenge")
        .order_by("event__at", "pk")
    )


def mail_of(delivery: Delivery, address: str) -> EmailMessage:
    """Return the mail of a delivery; sent twice it has the same Message-ID."""
    event, person = delivery.event, delivery.recipient
    leave = unsubscribe_url(person, event.kind)
    if event.kind == Kind.DAILY:
        title, parts = _of_the_day(delivery)
        why = _("You get this once a day, because you chose so.")
        end = _("No more daily mail: %(url)s")
    else:
        message = message_of(event)
        title, parts = message.title, _parts(message, event, person)
        why = _("You get this because of: %(kind)s.") % {"kind": Kind(event.kind).label}
        end = _("No more mail of this kind: %(url)s")
    wishes = settings.SITE_URL + reverse("pages:notifications")
    foot = [why, end % {"url": leave}, _("All your choices: %(url)s") % {"url": wishes}]
    subject = " ".join(f"[{settings.SITE_NAME}] {title}".split())
    return EmailMessage(
        subject=subject[:200],
        body="\n\n".join([*parts, "\n".join(["-- ", *foot])]) + "\n",
        to=[str(Address(person.public_name, addr_spec=address))],
        headers=_headers(delivery, leave=leave),
    )


def _parts(message: Message, event: Event, person: User) -> list[str]:
    parts = [message.text, value_line(event, person, timezone.now()), message.url]
    return [part for part in parts if part]


def _of_the_day(mail: Delivery) -> tuple[str, list[str]]:
    """Return the title of a daily mail, and a paragraph for each thing that happened."""
    rows = list(gathered_for(mail))
    title = ngettext("%(number)s piece of news", "%(number)s pieces of news", len(rows))
    told = []
    for row in rows[:TOLD_MOST]:
        message = message_of(row.event)
        told.append("\n".join([message.title, *_parts(message, row.event, mail.recipient)]))
    if len(rows) > TOLD_MOST:
        news = settings.SITE_URL + reverse("pages:news")
        told.append(_("All of it: %(url)s") % {"url": news})
    return title % {"number": len(rows)}, told


def _headers(delivery: Delivery, *, leave: str) -> dict[str, str]:
    host = settings.SITE_URL.partition("://")[2].partition("/")[0].partition(":")[0]
    return {
        "Message-ID": f"<{delivery.code}@{host or 'localhost'}>",
        "Date": delivery.made_at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{leave}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
