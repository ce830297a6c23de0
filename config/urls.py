"""All addresses of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config import health

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("api.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("", include("pages.urls")),
]
