"""Queries whose SQL is made once, for what is asked at every request.

For a query of many columns Django takes several times longer to write the SQL than the database
to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler


class Compiled:
    """A query with places for values.

    Parameters
    ----------
    build : function
        Returns the query, with `places` where the values of one request come.
    places : text or int
        By name a value that stands for one to come, and is nowhere else in the query.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]], **places: str | int) -> None:
        self._build = build
        self._name_of = {place: name for name, place in places.items()}

    @cached_property
    def _made(self) -> tuple[SQLCompiler, str, tuple[Any, ...], dict[int, Any]]:
        compiler = self._build().query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        # Django gives numbers classes of their own for PostgreSQL; they are equal all the same.
        found = {self._name_of[each] for each in params if self._is_place(each)}
        if found != set(self._name_of.values()):
            raise ValueError(f"the query has no place for {set(self._name_of.values()) - found}")
        columns = [column for column, _sql, _alias in compiler.select]
        return compiler, sql, params, compiler.get_converters(columns)

    def _is_place(self, param: object) -> bool:
        return isinstance(param, str | int) and param in self._name_of

    def rows(self, **values: Any) -> list[Sequence[Any]]:
        """Return plain rows, their columns as the query's `values_list` names them."""
        compiler, sql, params, converters = self._made
        filled = [values[self._name_of[each]] if self._is_place(each) else each for each in params]
        with connection.cursor() as cursor:
            cursor.execute(sql, filled)
            rows = cursor.fetchall()
        return list(compiler.apply_converters(rows, converters) if converters else rows)
