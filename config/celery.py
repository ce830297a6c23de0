"""The Celery application; tasks register themselves from each app's tasks.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("heldout")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # "current" alone is per thread, and web requests run in several
app.autodiscover_tasks()
