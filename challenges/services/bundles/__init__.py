"""Challenge bundles: one folder or zip archive with challenge.yaml (docs/bundle.md)."""

from challenges.services.bundles.export import export_bundle, fingerprint_of
from challenges.services.bundles.importing import (
    ImportedRound,
    ImportReport,
    Outcome,
    import_bundle,
    import_whole_bundle,
)

__all__ = [
    "ImportReport",
    "ImportedRound",
    "Outcome",
    "export_bundle",
    "fingerprint_of",
    "import_bundle",
    "import_whole_bundle",
]
