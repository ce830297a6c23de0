"""All hostile files."""

from __future__ import annotations

from tests.scoring.hostile import numpy_cases, parquet_cases, text_cases, tree_cases

CASES = (*text_cases.CASES, *numpy_cases.CASES, *tree_cases.CASES, *parquet_cases.CASES)
