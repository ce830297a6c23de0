"""The site's addresses and one view that breaks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as site


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret cause")


urlpatterns = [*site, path("broken/", broken)]
