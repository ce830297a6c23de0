"""Storage, disk, and the walls around scoring on this machine."""

from __future__ import annotations

import shutil

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages

from config.doctor.findings import Finding, bad, ok, warning
from config.health import NotReady, check_storage
from scoring.cage import layers

AREAS = ("default", "uploads", "references")
DISK_FREE_BYTES_MIN = 2**30
# Without one of these a file that breaks its reader could reach something.
WALLS = {"landlock", "limits", "seccomp"}


def look_at_storage() -> list[Finding]:
    """Write, read and remove a few bytes in every area, and look how much room is left."""
    return [_area(area) for area in AREAS]


def _area(area: str) -> Finding:
    part = f"storage {area}"
    try:
        check_storage(area)
    except NotReady as problem:
        return bad(part, str(problem), remedy="Look at the disk or the bucket for damage.")
    except Exception as error:  # noqa: BLE001 - a driver of any storage may raise anything
        return bad(
            part,
            f"it cannot be written and read ({type(error).__name__})",
            remedy="Let the site's account write there; STORAGE_URL says where it is.",
        )
    storage = storages[area]
    if not isinstance(storage, FileSystemStorage):
        return ok(part, "can be written and read")
    free = shutil.disk_usage(storage.location).free
    least = settings.STORAGE_FREE_BYTES_MIN
    if free < least:
        return bad(
            part,
            f"{free // 2**20} MiB are free, less than the {least // 2**20} MiB of "
            "STORAGE_FREE_BYTES_MIN: uploads are answered 507",
            remedy="Make room on the disk, or lower STORAGE_FREE_BYTES_MIN.",
        )
    return ok(part, f"can be written and read, {free // 2**20} MiB free")


def look_at_disk() -> Finding:
    """Look how much room is left where database, logs and temporary files of a site may be."""
    free = shutil.disk_usage(settings.HELDOUT_HOME).free
    if free < DISK_FREE_BYTES_MIN:
        return warning(
            "disk",
            f"{free // 2**20} MiB are free",
            remedy="Make room: databases and logs stop when nothing is left.",
        )
    return ok("disk", f"{free // 2**20} MiB free")


def look_at_layers() -> Finding:
    """Tell which walls stand around what a participant's file can do."""
    try:
        found = layers()
    except OSError as error:
        return bad(
            "isolation",
            f"no caged process can be started: {error}",
            remedy="Nothing can be scored until it can; the worker's log says more.",
        )
    standing = ", ".join(layer.name for layer in found if layer.active)
    missing = [layer for layer in found if not layer.active]
    if not missing:
        return ok("isolation", f"all layers are active: {standing}")
    lacking = "; ".join(f"{layer.name}: {layer.detail}" for layer in missing)
    return (bad if WALLS & {layer.name for layer in missing} else warning)(
        "isolation",
        f"not active: {lacking} (active: {standing or 'none'})",
        remedy="Run workers on Linux 6.7 or newer, in a container without network beside the "
        "database and broker; docs/reliability.md says what each layer keeps out.",
    )
