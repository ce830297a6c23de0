"""Reading what others wrote about a dataset or model, to fill in a statement."""

from catalog.importing.read import IMPORT_BYTES, Imported, read_description

__all__ = ["IMPORT_BYTES", "Imported", "read_description"]
