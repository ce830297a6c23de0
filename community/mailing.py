"""A delivery as mail: plain text, and a way to end it without signing in."""

from __future__ import annotations

import smtplib
from email.headerregistry import Address

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.languages import speaking_to
from community.messages import message_of, value_line
from community.models import Delivery, Kind
from community.outbound import Outcome
from community.unsubscribing import unsubscribe_url
from community.verified import verified_addresses


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


def mail_of(delivery: Delivery, address: str) -> EmailMessage:
    """Return the mail of a delivery; sent twice it has the same Message-ID."""
    event, person = delivery.event, delivery.recipient
    message = message_of(event)
    leave = unsubscribe_url(person, event.kind)
    wishes = settings.SITE_URL + reverse("pages:notifications")
    parts = [
        message.text,
        value_line(event, person, timezone.now()),
        message.url,
        "-- \n"
        + _("You get this because of: %(kind)s.") % {"kind": Kind(event.kind).label}
        + "\n"
        + _("No more mail of this kind: %(url)s") % {"url": leave}
        + "\n"
        + _("All your choices: %(url)s") % {"url": wishes},
    ]
    subject = " ".join(f"[{settings.SITE_NAME}] {message.title}".split())
    host = settings.SITE_URL.partition("://")[2].partition("/")[0].partition(":")[0]
    return EmailMessage(
        subject=subject[:200],
        body="\n\n".join(part for part in parts if part) + "\n",
        to=[str(Address(person.public_name, addr_spec=address))],
        headers={
            "Message-ID": f"<{delivery.code}@{host or 'localhost'}>",
            "Date": delivery.made_at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{leave}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
