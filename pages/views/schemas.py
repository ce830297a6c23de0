"""Schemas that editors fetch."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from challenges.services.bundles.schema import bundle_schema


@require_safe
def challenge_schema(request: HttpRequest) -> HttpResponse:
    """Answer with the schema of challenge.yaml as this site reads it."""
    return JsonResponse(
        bundle_schema(), json_dumps_params={"indent": 1}, content_type="application/schema+json"
    )
