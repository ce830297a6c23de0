"""The Celery application; tasks register themselves from each app's tasks.py."""

import os

from celery import Celery
from celery.signals import worker_process_init

from scoring.cage import start_zygote

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("heldout")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # "current" alone is per thread, and web requests run in several
app.autodiscover_tasks()


@worker_process_init.connect
def _warm_up(**_: object) -> None:
    """Load the scoring libraries while the worker waits for its first submission."""
    start_zygote()
