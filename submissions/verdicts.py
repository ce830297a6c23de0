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
    _("%(number)s name(s) are spelled differently from the round's."),
    _("%(number)s array(s) have names that no target has; left out."),
    _("The file is packed with gzip; it is unpacked."),
    _("The file is in %(encoding)s; it is written in UTF-8."),
    _("The file is one .npy array; it is put into a .npz archive."),
    # The formats, where a file is chosen.
    _("Table (.csv)"),
    _("Table with tabs (.tsv)"),
    _("NumPy array (.npy)"),
    _("NumPy archive (.npz)"),
    _("Parquet table (.parquet)"),
    _("Structure in mmCIF (.cif)"),
    _("Protein structure (.pdb)"),
    _("Text in sections"),
    _("Zarr store, zipped (.zarr.zip)"),
    _("A text file in UTF-8: a header line, then one row for each target with its name and its "
      "value(s). Numbers are plain decimals such as -1.25 or 3.0e-4. Target names are compared "
      "exactly, blank lines do not matter."),
    _("A text file in UTF-8 with one JSON object on each line: {\"target\": \"name\", \"value\": "
      "1.5}, or \"values\" with nested lists where a target is an array. Numbers are finite; "
      "target names are compared exactly."),
    _("One array for each target, named exactly like the target, written with numpy.savez or "
      "numpy.savez_compressed. Each array has the target's shape and holds finite plain numbers "
      "(float64 or float32 is best)."),
    _("One array written with numpy.save. In a round with one target it is that target's "
      "prediction. In a round with several targets of one shape, the first axis runs over the "
      "targets in the order the round lists."),
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

# What stands in the gaps of these.
PHRASES = (
    _("a single number"),
    _("from %(low)s"),
    _("up to %(high)s"),
    _("from %(low)s up to %(high)s"),
)


def in_words_of_the_reader(sentence: str) -> str:
    """Return a sentence of the engine in the language of the page, or as it is."""
    if not sentence or get_language() in {None, settings.LANGUAGE_CODE}:
        return sentence
    return _known(sentence, str(get_language()))


@lru_cache(maxsize=512)
def _known(sentence: str, language: str) -> str:
    return _filled(sentence, SENTENCES)


def _filled(text: str, among: tuple[str, ...]) -> str:
    for known, form in _forms(among):
        found = form.fullmatch(text)
        if found is not None and form.groups:
            gaps = found.groupdict().items()
            return gettext(known) % {name: _filled(said, PHRASES) for name, said in gaps}
        if found is not None:
            return gettext(known)
    return text


@lru_cache(maxsize=2)
def _forms(among: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each sentence with its form, those with fewer gaps first: they say more."""
    forms = []
    for sentence in sorted(among, key=lambda each: (each.count("%("), -len(each))):
        parts = re.split(r"%\((\w+)\)s", sentence)
        form = "".join(
            f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
        )
        forms.append((sentence, re.compile(form, re.DOTALL)))
    return tuple(forms)
