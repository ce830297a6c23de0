"""The Celery application; tasks register themselves from each app's tasks.py."""

import logging.config
import os
from contextlib import ExitStack

from celery import Celery
from celery.signals import (
    setup_logging,
    task_postrun,
    task_prerun,
    worker_process_init,
    worker_shutting_down,
)
from django.conf import settings

from accounts.trace import traced
from scoring.cage import start_zygote
from submissions.services import stopping

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("heldout")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # "current" alone is per thread, and web requests run in several
app.autodiscover_tasks()

_of_tasks: dict[str, ExitStack] = {}


@setup_logging.connect
def _log_as_the_site_does(**_: object) -> None:
    """Keep Celery from raising the level and setting up handlers of its own."""
    logging.config.dictConfig(settings.LOGGING)


@worker_process_init.connect
def _warm_up(**_: object) -> None:
    """Load the scoring libraries while the worker waits for its first submission."""
    start_zygote()


@worker_shutting_down.connect
def _stop_taking(**_: object) -> None:
    """Tell the pool's processes, which hear nothing of a signal to their parent."""
    stopping.begin()


@task_prerun.connect
def _trace_task(task_id: str, **_: object) -> None:
    stack = _of_tasks[task_id] = ExitStack()
    stack.enter_context(traced(task=task_id[:8]))


@task_postrun.connect
def _end_trace(task_id: str, **_: object) -> None:
    stack = _of_tasks.pop(task_id, None)
    if stack is not None:
        stack.close()
