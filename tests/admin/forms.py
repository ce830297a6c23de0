"""Filling in admin forms as a browser does: everything that is there, and what is typed."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils.html import strip_tags

from accounts.models import User
from challenges.management.commands.setup_roles import setup_roles
from tests.challenges.builders import person


def organizer(username: str) -> User:
    """Make a staff user in the group of organizers."""
    user = person(username, is_staff=True)
    user.groups.add(setup_roles())
    return user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def filled(response: HttpResponse) -> dict[str, Any]:
    """Return what a browser would send if nothing were typed."""
    context = response.context_data  # type: ignore[attr-defined]
    values = of_form(context["adminform"].form)
    for inline in context["inline_admin_formsets"]:
        formset = inline.formset
        values |= of_form(formset.management_form)
        for form in formset.initial_forms:
            values |= of_form(form)
        values[f"{formset.prefix}-TOTAL_FORMS"] = len(formset.initial_forms)
    return values


def of_form(form: Any) -> dict[str, Any]:
    """Return what a browser would send of one form if nothing were typed."""
    values: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        if value is None or bound.field.widget.needs_multipart_form:
            continue
        widget = bound.field.widget
        if hasattr(widget, "decompress"):
            parts = value if isinstance(value, list) else widget.decompress(value)
            for index, part in enumerate(parts):
                if part is not None:
                    values[f"{bound.html_name}_{index}"] = str(part)
        elif isinstance(value, bool):
            if value:
                values[bound.html_name] = "on"
        elif isinstance(value, list):
            values[bound.html_name] = [str(getattr(item, "pk", item)) for item in value]
        else:
            values[bound.html_name] = value
    return {name: value for name, value in values.items() if value is not None}


def row(prefix: str, index: int, **values: Any) -> dict[str, Any]:
    """Return the values of a new row of an inline, with the count it brings about."""
    named = {f"{prefix}-{index}-{name}": value for name, value in values.items()}
    return {**named, f"{prefix}-TOTAL_FORMS": index + 1}


def errors_of(response: HttpResponse) -> list[str]:
    """Return all errors that an admin form page shows."""
    context = getattr(response, "context_data", None) or {}
    if "adminform" not in context:
        return []
    return [unescape(strip_tags(str(error))) for error in context["errors"]]
