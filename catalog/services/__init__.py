"""Writes of the catalog: artifacts, their files, shares and lineage."""

from catalog.services.artifacts import add_file, register_artifact
from catalog.services.files import StoredFile, check_file_name, store_spooled, store_stream
from catalog.services.lineage import MAX_INPUTS, declare_lineage
from catalog.services.methods import method_of_team
from catalog.services.shares import Share, confirm_share, set_shares

__all__ = [
    "MAX_INPUTS",
    "Share",
    "StoredFile",
    "add_file",
    "check_file_name",
    "confirm_share",
    "declare_lineage",
    "method_of_team",
    "register_artifact",
    "set_shares",
    "store_spooled",
    "store_stream",
]
