"""Help with a file that is off in a way a machine can see: say so, show it, write a mended one.

Nothing here is used in scoring. A person looks at the mendings of a file and asks for the mended
one, which readers then check like any other.
"""

from scoring.harmonize.door import harmonize, suggestions
from scoring.harmonize.records import DecisionError, Decisions, Harmonized

__all__ = ["DecisionError", "Decisions", "Harmonized", "harmonize", "suggestions"]
