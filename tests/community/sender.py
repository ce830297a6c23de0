"""A process that looks for what happened and sends it: `python -m tests.community.sender FOLDER`.

Mail goes into files in the folder, one for each.
"""

from __future__ import annotations

import sys
from datetime import timedelta

import django
from django.utils import timezone


def main(folder: str) -> None:
    """Look and send until nothing is found, then gather and send the daily mails."""
    django.setup()
    from django.conf import settings

    from community.services.daily import gather_due
    from community.services.deliver import deliver_due
    from community.services.record import record_new

    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = folder
    while record_new() + deliver_due():
        pass
    gather_due(now=timezone.now() + timedelta(days=1))  # the day of all this is over by then
    deliver_due()


if __name__ == "__main__":
    main(sys.argv[1])
