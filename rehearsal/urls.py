"""Addresses beside the admin's own, for the same people."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from rehearsal import views

app_name = "rehearsal"

urlpatterns = [
    path("<int:pk>/", admin.site.admin_view(views.rehearsal_page), name="round"),
    path("<int:pk>/part/", admin.site.admin_view(views.rehearsal_part), name="part"),
]
