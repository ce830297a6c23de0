"""An artifact in the words of the standards: Croissant, DataCite, CFF, BibTeX, cards.

Only what is published leaves through these: a draft of a statement is nobody's but its makers'.
"""

from catalog.exports.described import Described, describe
from catalog.exports.formats import FORMATS, Format, formats_of

__all__ = ["FORMATS", "Described", "Format", "describe", "formats_of"]
