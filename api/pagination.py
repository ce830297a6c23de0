"""Lists come in pages that a cursor walks through, newest first."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Pages of fifty, ordered by the given moment and then by age of the row."""

    page_size = 50

    def __init__(self, moment: str) -> None:
        self.ordering = (f"-{moment}", "-id")
