"""Registering artifacts and giving them files."""

from __future__ import annotations

from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Team, User
from catalog.errors import ArtifactRefused, FileRefused
from catalog.models import Artifact, ArtifactFile
from catalog.services.files import check_file_name, store_stream


def register_artifact(
    *,
    kind: str,
    slug: str,
    version: str,
    title: str,
    summary: str,
    by: User,
    origin: str,
    licence: str = "",
    description: str = "",
    team: Team | None = None,
    disclosure: str = Artifact.Disclosure.FULL,
    doi: str = "",
    url: str = "",
    is_stub: bool = False,
) -> Artifact:
    """Register one version of a dataset, model or target set.

    Raises
    ------
    ArtifactRefused
        With every field that is not allowed, and if this version is registered already.
    """
    artifact = Artifact(
        kind=kind,
        slug=slug,
        version=version,
        title=title,
        summary=summary,
        registered_by=by,
        origin=origin,
        licence=licence,
        description=description,
        team=team,
        disclosure=disclosure,
        doi=doi,
        url=url,
        is_stub=is_stub,
    )
    try:
        artifact.full_clean()
    except ValidationError as error:
        raise ArtifactRefused(error.message_dict) from None
    artifact.save()
    return artifact


def add_file(
    artifact: Artifact,
    *,
    name: str,
    content: BinaryIO,
    description: str = "",
    media_type: str = "application/octet-stream",
    limit_bytes: int | None = None,
) -> ArtifactFile:
    """Store a public file of an artifact.

    A version's files do not change: another content under a name that is there already is
    refused, the same content again changes nothing. Once its statement is published, no file
    is added either.

    Raises
    ------
    FileRefused
        If the name is not allowed or holds other content already.
    """
    check_file_name(name)
    stored = store_stream(default_storage, content, folder="artifacts", limit_bytes=limit_bytes)
    try:
        with transaction.atomic():
            Artifact.objects.select_for_update().get(pk=artifact.pk)
            there = ArtifactFile.objects.filter(artifact=artifact, name=name).first()
            if there is None:
                _refuse_published(artifact)
                return ArtifactFile.objects.create(
                    artifact=artifact,
                    name=name,
                    description=description,
                    media_type=media_type,
                    file=stored.key,
                    size_bytes=stored.size_bytes,
                    sha256=stored.sha256,
                )
    except BaseException:
        default_storage.delete(stored.key)
        raise
    default_storage.delete(stored.key)
    if there.sha256 != stored.sha256:
        raise FileRefused(
            _("%(artifact)s has another file named %(name)s already.")
            % {"artifact": artifact, "name": name},
            _("Register a new version of the artifact for changed content."),
        )
    return there


def _refuse_published(artifact: Artifact) -> None:
    if artifact.statements.filter(published_at__isnull=False).exists():
        raise FileRefused(
            _("The statement of %(artifact)s is published, so its files are what they are.")
            % {"artifact": artifact},
            _("Register a new version of the artifact for other files."),
        )
