"""What shapes a metric asks of reference and prediction, in a small language of axis names.

A pattern names the axes in order: a word stands for a length that is the same wherever the word
comes again, in the other pattern too; a number is that length; ``*`` stands for any axes at all,
the same ones wherever it comes again. "n c" against "n" says: for each of n samples c numbers,
against one number. The empty pattern is a single number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ANY = "*"

Length = int | None  # None: the length is free, and known only when there is a file
Axes = tuple[Length, ...]
Bound = dict[str, Length | Axes]


def misfit(patterns: Mapping[str, str], shapes: Mapping[str, Sequence[Length]]) -> str:
    """Return why shapes do not fit their patterns, or nothing if they do.

    Parameters
    ----------
    patterns : mapping of name to pattern
        As ``{"prediction": "n c", "reference": "n"}``; the order is the order of checking.
    shapes : mapping of name to shape
        A length of None is free and fits any.

    Examples
    --------
    >>> patterns = {"prediction": "n c", "reference": "n"}
    >>> misfit(patterns, {"prediction": (5, 3), "reference": (5,)})
    ''
    >>> misfit(patterns, {"prediction": (5, 3), "reference": (4,)})
    'the reference must be of shape (n) with n = 5, it is (4)'
    """
    bound: Bound = {}
    for name, pattern in patterns.items():
        if not _fits(pattern, tuple(shapes[name]), bound):
            return f"the {name} must be {_wanted(pattern, bound)}, it is {_written(shapes[name])}"
    return ""


def _wanted(pattern: str, bound: Bound) -> str:
    same = bound.get(ANY)
    if pattern == ANY and isinstance(same, tuple):
        return f"of the same shape {_written(same)}"
    if not pattern:
        return "a single number"
    known = [f"{axis} = {bound[axis]}" for axis in pattern.split() if bound.get(axis) is not None]
    return f"of shape ({', '.join(pattern.split())})" + (
        f" with {', '.join(known)}" if known else ""
    )


def _written(shape: Sequence[Length]) -> str:
    return f"({', '.join('?' if length is None else str(length) for length in shape)})"


def _fits(pattern: str, shape: Axes, bound: Bound) -> bool:
    words = pattern.split()
    if ANY not in words:
        return len(words) == len(shape) and _all_fit(words, shape, bound)
    at = words.index(ANY)
    after = len(words) - at - 1
    if len(shape) < at + after:
        return False
    middle = shape[at : len(shape) - after]
    named = (*words[:at], *words[at + 1 :])
    lengths = (*shape[:at], *shape[len(shape) - after :])
    if not _all_fit(named, lengths, bound):
        return False
    known = bound.setdefault(ANY, middle)
    return isinstance(known, tuple) and _same_axes(known, middle)


def _all_fit(words: Sequence[str], lengths: Axes, bound: Bound) -> bool:
    return all(_fits_axis(word, length, bound) for word, length in zip(words, lengths, strict=True))


def _fits_axis(word: str, length: Length, bound: Bound) -> bool:
    if word.isdigit():
        return length in (None, int(word))
    known = bound.get(word)
    if known is None:
        bound[word] = length
        return True
    return length is None or known == length


def _same_axes(left: Axes, right: Axes) -> bool:
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) and all(None in pair or pair[0] == pair[1] for pair in pairs)
