"""The name a sender gave a file, made safe to show."""

from __future__ import annotations

import unicodedata

LONGEST = 200
UNNAMED = "prediction"


def clean_file_name(name: str) -> str:
    """Return the last part of a name without anything that is not seen when it is shown.

    Control, direction-changing, private and unassigned characters go (Unicode categories C*).
    The name is only ever shown: files are stored under keys of our own.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    seen = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in last)
    tidy = " ".join(unicodedata.normalize("NFC", seen).split())
    if len(tidy) > LONGEST:
        stem, dot, extension = tidy.rpartition(".")
        keep = dot + extension if stem and len(extension) <= 10 else ""
        tidy = tidy[: LONGEST - len(keep)] + keep
    return tidy or UNNAMED
