"""The admin's title."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin

admin.site.site_header = f"{settings.SITE_NAME}: organizing"
admin.site.site_title = f"{settings.SITE_NAME} admin"
admin.site.index_title = "Challenges, people, submissions and credit"

# The admin has no door of its own: a second factor is asked for at the one door there is.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
