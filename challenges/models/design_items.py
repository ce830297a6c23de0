"""What a preregistered design says in words, beside the rules that a machine reads.

The items are those of the BIAS checklist (doi 10.1016/j.media.2020.101796) and of a
preregistration that no other field of a round holds.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError

LONGEST_ITEM = 5000
DESIGN_ITEMS: Mapping[str, str] = {
    "mission": "What the results are to be used for",
    "cohort": "What the targets stand for, and how they were chosen",
    "annotation": "How the answers were made, by whom, and how disagreement was settled",
    "metrics": "Why these metrics",
    "ranking": "Why this aggregation, ranking and treatment of ties and missed targets",
    "release": "When answers and entries are released",
    "publication": "Who publishes the results, and who is an author",
    "conflicts": "Who organizes, pays or provides data, and so is not ranked",
    "awards": "What is awarded, and to whom",
}


def in_words(items: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what each item is about and its text, in the order of the items."""
    return [(label, items[name]) for name, label in DESIGN_ITEMS.items() if name in items]


def validate_design_items(value: object) -> None:
    """Refuse anything but a mapping of known items to texts."""
    if not isinstance(value, dict):
        raise ValidationError('Write the items as a mapping, like {"mission": "..."}.')
    for name, text in value.items():
        if name not in DESIGN_ITEMS:
            raise ValidationError(
                f"There is no item {name!r}; the items are {', '.join(DESIGN_ITEMS)}."
            )
        if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST_ITEM:
            raise ValidationError(
                f"The item {name!r} is a text of up to {LONGEST_ITEM} characters, or left out."
            )
