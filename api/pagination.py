"""Lists come in pages that a cursor walks through, newest first."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

CURSOR = OpenApiParameter("cursor", str, description="From `next` or `previous` of a page.")


@lru_cache  # one description for one kind of row
def page_of(row: type[serializers.BaseSerializer[Any]]) -> Any:
    """Return how a page of such rows is described."""
    return inline_serializer(
        f"{row.__name__.removesuffix('Serializer')}Page",
        {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": row(many=True),
        },
    )


class NewestFirst(CursorPagination):
    """Pages of fifty, ordered by the given moment and then by age of the row."""

    page_size = 50

    def __init__(self, moment: str) -> None:
        self.ordering = (f"-{moment}", "-id")

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError, OverflowError):
            raise ValidationError(
                {"cursor": ["Take it from `next` or `previous` of a page of this list."]}
            ) from None
