"""What the engine says of a file, in the reader's language.

The engine knows neither Django nor languages, and what it found is kept in its words with a run.
So its most frequent sentences are known again by their form when they are shown. What is not
among them stays as it is, and so do codes and places: rows, columns, indices, names.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.conf import settings
from django.utils.translation import get_language, gettext


def _(sentence: str) -> str:
    """Mark a sentence for the catalogue; it is translated when it is shown."""
    return sentence


SENTENCES = (
    # What became of a run.
    _("The file cannot be read as the round asks for."),
    _("Scoring this submission failed, which is not the file's fault."),
    _("Scoring this submission took more memory than allowed."),
    _("Scoring this submission took more time than allowed."),
    _("The worker that scored this submission was lost; it is tried again."),
    # Targets and arrays.
    _("there is no prediction for target %(name)s"),
    _("%(name)s is not a target of this round."),
    _("%(name)s is not a target of this round. Did you mean %(near)s?"),
    _("%(place)s: target %(name)s is answered a second time"),
    _("%(place)s: target %(name)s is answered a second time, first in %(first)s"),
    _("%(place)s: expected %(wanted)s, found %(found)s"),
    _("%(place)s has type %(type)s, which is not a plain number type"),
    _("%(place)s: the value is not finite (NaN or infinite)"),
    _("%(place)s: 1 value is not finite (NaN or infinite), the first at index %(index)s, "
      "counted from 0"),
    _("%(place)s: %(number)s values are not finite (NaN or infinite), the first at index "
      "%(index)s, counted from 0"),
    _("%(place)s: the value is outside the range %(range)s"),
    _("%(place)s: %(number)s values are outside the range %(range)s, the first at index "
      "%(index)s, counted from 0"),
    _("the file holds none of the arrays that were asked for"),
    # Tables and lines.
    _("the file is empty"),
    _("there is no column %(name)s."),
    _("there is no column %(name)s. Did you mean %(near)s?"),
    _("column %(name)s is not expected"),
    _("column %(name)s is there twice"),
    _("%(place)s has %(cells)s cells, the header has %(width)s"),
    _("%(place)s: %(text)s is not a number"),
    _("%(place)s: is empty"),
    _("%(place)s: %(text)s holds no value (%(word)s)"),
    _("%(place)s: %(text)s is infinite"),
    _("%(place)s is not UTF-8 text"),
    _("%(place)s: key %(name)s is not expected"),
    _("%(place)s is not an object with a target's name and its value"),
    # Files.
    _("the file is not a plain zip archive"),
    _("%(place)s is damaged: its bytes end early or fail their checksum"),
    _("the file is damaged, or is encrypted, or is written in a way that is not read"),
    # How to mend it.
    _("add it; this round accepts complete predictions only"),
    _("use the target names of the round exactly: same case, no added spaces"),
    _("keep exactly one answer for each target"),
    _("save it with shape %(shape)s"),
    _("save it with shape %(shape)s; the axes seem to be in another order"),
    _("save it with shape %(shape)s; the number of values is right, so a reshape may be all "
      "it needs"),
    _("convert it to float64 or float32 before saving, e.g. array.astype('float64')"),
    _("replace them by finite numbers, or leave the target out"),
    _("check the unit and the sign"),
    _("name the arrays as the round does, the first one %(name)s"),
    _("write a header line %(header)s and a row for each target"),
    _("write the header line exactly as %(header)s"),
    _("keep the columns %(header)s only"),
    _("write one cell for each column, separated by %(delimiter)s"),
    _("write a finite number, or leave the whole target out"),
    _("write a finite decimal number such as -1.25 or 3.0e-4"),
    _("write a finite number"),
    _("use a point, not a comma, as the decimal mark"),
    _("leave out separators between thousands"),
    _("save it as UTF-8"),
    _("save the file again and upload the new one"),
)  # fmt: skip


def in_words_of_the_reader(sentence: str) -> str:
    """Return a sentence of the engine in the language of the page, or as it is."""
    if not sentence or get_language() in {None, settings.LANGUAGE_CODE}:
        return sentence
    return _known(sentence, str(get_language()))


@lru_cache(maxsize=512)
def _known(sentence: str, language: str) -> str:
    for known, form in _forms():
        found = form.fullmatch(sentence)
        if found is not None:
            return gettext(known) % found.groupdict() if form.groups else gettext(known)
    return sentence


@lru_cache(maxsize=1)
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each sentence with its form, those with fewer gaps first: they say more."""
    forms = []
    for sentence in sorted(SENTENCES, key=lambda each: (each.count("%("), -len(each))):
        parts = re.split(r"%\((\w+)\)s", sentence)
        form = "".join(
            f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
        )
        forms.append((sentence, re.compile(form, re.DOTALL)))
    return tuple(forms)
