"""The admin alone: what it shows and refuses does not hang on the site around it."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
