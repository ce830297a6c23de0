"""All addresses of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config.languages import choose

urlpatterns = [
    path("admin/rehearsals/", include("rehearsal.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("api.urls")),
    path("language/", choose, name="language"),
    path("", include("pages.urls")),
    path("", include("config.sign_in_urls")),
]
