"""A process that looks for what happened and sends it: `python -m tests.community.sender FOLDER`.

Mail goes into files in the folder, one for each.
"""

from __future__ import annotations

import sys

import django


def main(folder: str) -> None:
    """Look and send until a look and a sending find nothing."""
    django.setup()
    from django.conf import settings

    from community.services.deliver import deliver_due
    from community.services.record import record_new

    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = folder
    while record_new() + deliver_due():
        pass


if __name__ == "__main__":
    main(sys.argv[1])
