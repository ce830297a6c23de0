"""The bare site of `bench.boards`: what Django starts projects with, and our rows."""

from __future__ import annotations

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "bench"]
django.setup()  # with all middlewares, which some of the installed applications insist on
settings.ROOT_URLCONF = "bench.boards_site"
settings.MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

application = WSGIHandler()
