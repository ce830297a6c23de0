"""Writes of the catalog: artifacts, their files, shares and lineage."""

from catalog.services.artifacts import add_file, register_artifact
from catalog.services.claims import claim_share, confirm_claim, decline_claim
from catalog.services.curation import (
    change_facts,
    create_artifact,
    declare_input,
    new_version,
    register_stub,
    set_people,
    upload_file,
)
from catalog.services.files import StoredFile, check_file_name, store_spooled, store_stream
from catalog.services.inputs import NamedInput, read_inputs, settle_inputs
from catalog.services.lineage import MAX_INPUTS, declare_lineage
from catalog.services.methods import check_method, method_of_team
from catalog.services.shares import Share, confirm_share, set_shares
from catalog.services.statements import publish_statement, save_answers

__all__ = [
    "MAX_INPUTS",
    "NamedInput",
    "Share",
    "StoredFile",
    "add_file",
    "change_facts",
    "check_file_name",
    "check_method",
    "claim_share",
    "confirm_claim",
    "confirm_share",
    "create_artifact",
    "declare_input",
    "declare_lineage",
    "decline_claim",
    "method_of_team",
    "new_version",
    "publish_statement",
    "read_inputs",
    "register_artifact",
    "register_stub",
    "save_answers",
    "set_people",
    "set_shares",
    "settle_inputs",
    "store_spooled",
    "store_stream",
    "upload_file",
]
