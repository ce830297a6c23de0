"""Parts of pages that are asked for again and again while something is under way."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response


def part_if_changed(
    request: HttpRequest, template: str, context: dict[str, Any]
) -> HttpResponseBase:
    """Answer a part of a page; 304 to who has it as it is now."""
    html = render_to_string(template, context, request)
    etag = f'"{hashlib.sha256(html.encode()).hexdigest()[:32]}"'
    answer = get_conditional_response(request, etag=etag) or HttpResponse(html)
    answer["ETag"] = etag
    return answer
