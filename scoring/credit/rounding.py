"""From exact rationals to whole micro-points, once, without losing or inventing one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any, Protocol, TypeVar


class _Ordered(Protocol):
    def __hash__(self) -> int: ...
    def __lt__(self, other: Any, /) -> bool: ...


Key = TypeVar("Key", bound=_Ordered)
Row = TypeVar("Row", bound=_Ordered)


def largest_remainder(amounts: Mapping[Key, Fraction], total: int) -> dict[Key, int]:
    """Round every amount down, then give what is left to the largest fractional parts.

    Parameters
    ----------
    amounts : mapping of key to Fraction, not negative
        Equal fractional parts are served in the order of the keys.
    total : int
        What the rounded amounts must sum to: at least the sum of the floors, and at most one more
        for each key.

    Returns
    -------
    dict of key to int
        Each less than one away from its exact amount.

    Raises
    ------
    ValueError
        If an amount is negative, or no rounding up or down reaches ``total``.
    """
    if any(amount < 0 for amount in amounts.values()):
        raise ValueError("an amount is never negative")
    whole = {key: floor(amount) for key, amount in amounts.items()}
    left = total - sum(whole.values())
    if not 0 <= left <= len(amounts):
        raise ValueError(f"these amounts cannot be rounded to a total of {total}")
    by_key = sorted(amounts)
    by_key.sort(key=lambda key: amounts[key] - whole[key], reverse=True)
    for key in by_key[:left]:
        whole[key] += 1
    return whole


def round_books(rows: Mapping[tuple[Key, Row], Fraction]) -> dict[tuple[Key, Row], int]:
    """Round the rows of many accounts to whole numbers.

    Accounts are rounded first, so that an account is never more than one micro-point away from
    what it earned however many rows it has; then each account's rows are rounded to its total.
    The sum of everything is rounded down: the crumb that several scoring units can leave (R/q is
    not always whole) stays in the open head-room.

    Parameters
    ----------
    rows : mapping of (account, row) to Fraction, not negative

    Returns
    -------
    dict of (account, row) to int
        Sums to the floor of the exact sum.
    """
    accounts: dict[Key, dict[Row, Fraction]] = defaultdict(dict)
    for (account, row), amount in rows.items():
        accounts[account][row] = amount
    exact = {account: sum(held.values(), Fraction(0)) for account, held in accounts.items()}
    totals = largest_remainder(exact, floor(sum(exact.values(), Fraction(0))))
    return {
        (account, row): amount
        for account, held in accounts.items()
        for row, amount in largest_remainder(held, totals[account]).items()
    }


def split(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Divide a whole number in proportion to whole weights, by largest remainder.

    Raises
    ------
    ValueError
        If a weight is negative or all are zero.
    """
    whole = sum(weights.values())
    if whole <= 0:
        raise ValueError("at least one weight must be above zero")
    return largest_remainder(
        {key: Fraction(total * weight, whole) for key, weight in weights.items()}, total
    )
