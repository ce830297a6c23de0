"""The admin's title."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin

admin.site.site_header = f"{settings.SITE_NAME}: organizing"
admin.site.site_title = f"{settings.SITE_NAME} admin"
admin.site.index_title = "Challenges, people, submissions and credit"
