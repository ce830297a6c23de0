"""Data and model statements: their fields, their check, and how complete one is."""

from catalog.statements.document import (
    NOT_DISCLOSED,
    Completeness,
    StatementProblem,
    check,
    completeness,
    is_answered,
    json_schema,
)
from catalog.statements.fields import SECTIONS, Field, Section, Shape, fields_of

__all__ = [
    "NOT_DISCLOSED",
    "SECTIONS",
    "Completeness",
    "Field",
    "Section",
    "Shape",
    "StatementProblem",
    "check",
    "completeness",
    "fields_of",
    "is_answered",
    "json_schema",
]
