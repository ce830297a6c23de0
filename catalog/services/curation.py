"""What a curator does: create, describe, give files to and renew datasets and models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import Team, User
from accounts.selectors import is_member
from catalog.errors import ArtifactRefused, FileRefused, LineageRefused
from catalog.identifiers import next_version, normal_doi, version_key
from catalog.models import Artifact, ArtifactFile, LineageEdge, Statement
from catalog.selectors import is_entered, newest_statement, published_statement
from catalog.services.artifacts import add_file, register_artifact
from catalog.services.lineage import declare_lineage
from catalog.services.shares import Share, set_shares
from catalog.services.statements import refuse_strangers

FIRST_VERSION = "1.0.0"
REGISTRATIONS_PER_DAY = 50  # of one person by hand; bundles have their own way
FILES_MOST = 200
FACTS = ("title", "summary", "description", "licence", "doi", "url", "disclosure")
FREE_SLUGS = 1000


def create_artifact(
    *, kind: str, title: str, summary: str, by: User, origin: str, slug: str = "", **facts: Any
) -> Artifact:
    """Register the first version of a dataset or model; its maker is who registers it.

    A stub has no maker yet: its people claim their shares.

    Raises
    ------
    ArtifactRefused
        With every field that is not allowed.
    """
    _refuse_flood(by)
    _refuse_facts(kind, facts, by=by)
    doi = normal_doi(str(facts.pop("doi", "")))
    with transaction.atomic():
        artifact = register_artifact(
            kind=kind,
            slug=_free_slug(slug or title),
            version=FIRST_VERSION,
            title=title,
            summary=summary,
            by=by,
            origin=origin,
            doi=doi,
            **facts,
        )
        if not artifact.is_stub:
            own = Share(person=by, orcid=by.orcid, affiliation=by.affiliation, confirmed=True)
            set_shares(artifact, [own])
    return artifact


def register_stub(*, title: str, by: User, address: str, **facts: Any) -> Artifact:
    """Register outside data by its DOI or URL, or return what stands for it already."""
    doi = normal_doi(address)
    known = (
        Artifact.objects.filter(doi__iexact=doi) if doi else Artifact.objects.filter(url=address)
    )
    found = known.order_by("-registered_at", "-pk").first()
    if found is not None:
        return found
    return create_artifact(
        kind=facts.pop("kind", Artifact.Kind.DATASET),
        title=title,
        summary=facts.pop("summary", "") or f"Kept elsewhere: {address}",
        origin=facts.pop("origin", Artifact.Origin.ORIGINAL),
        by=by,
        is_stub=True,
        doi=doi,
        url="" if doi else address,
        **facts,
    )


def change_facts(artifact: Artifact, facts: Mapping[str, Any], *, by: User) -> Artifact:
    """Change title, summary, licence and the like until the statement is published.

    Raises
    ------
    NotYours, ArtifactRefused
        If the person may not, the version is published, or a field is not allowed.
    """
    refuse_strangers(artifact, by)
    unknown = set(facts) - set(FACTS)
    if unknown:
        raise ArtifactRefused({name: ["This is not changed here."] for name in sorted(unknown)})
    if published_statement(artifact) is not None:
        told = _("The statement of this version is published. Register a new version.")
        raise ArtifactRefused({"version": [told]})
    _refuse_facts(artifact.kind, {**facts, "is_stub": artifact.is_stub}, by=by, artifact=artifact)
    for name, value in facts.items():
        setattr(artifact, name, normal_doi(value) if name == "doi" else value)
    try:
        artifact.full_clean()
    except ValidationError as error:
        raise ArtifactRefused(error.message_dict) from None
    artifact.save(update_fields=sorted(facts))
    return artifact


def new_version(artifact: Artifact, *, change: str, changes: str, by: User) -> Artifact:
    """Register the next version: people, lineage and answers are copied, files are not.

    Parameters
    ----------
    change : {"patch", "minor", "major"}
        Packed anew with the same content; only added to; anything changed or taken away.
    changes : str
        What changed, for the statement.

    Raises
    ------
    NotYours, ArtifactRefused
    """
    refuse_strangers(artifact, by)
    _refuse_flood(by)
    if artifact.kind == Artifact.Kind.TARGET_SET:
        raise ArtifactRefused({"kind": [_("Target sets come with their rounds.")]})
    with transaction.atomic():
        Artifact.objects.select_for_update().get(pk=artifact.pk)
        there = Artifact.objects.filter(slug=artifact.slug).values_list("version", flat=True)
        newest = max(there, key=version_key)
        copied = {name: getattr(artifact, name) for name in FACTS if name != "doi"}
        new = register_artifact(
            kind=artifact.kind,
            slug=artifact.slug,
            version=next_version(newest, change),
            by=by,
            origin=artifact.origin,
            team=artifact.team,
            is_stub=artifact.is_stub,
            **copied,
        )
        _copy_people(artifact, new, by=by)
        for edge in artifact.parent_edges.select_related("parent"):
            declare_lineage(new, edge.parent, relation=edge.relation, use=edge.use, by=by)
        _copy_answers(artifact, new, changes=changes, by=by)
    return new


def upload_file(
    artifact: Artifact,
    *,
    name: str,
    content: BinaryIO,
    by: User,
    description: str = "",
    media_type: str = "",
) -> ArtifactFile:
    """Store a file that a curator gives.

    Raises
    ------
    NotYours, FileRefused
    """
    refuse_strangers(artifact, by)
    if artifact.files.count() >= FILES_MOST:
        raise FileRefused(
            _("It has %(files_most)s files already.") % {"files_most": FILES_MOST},
            _("Pack them into archives."),
        )
    return add_file(
        artifact,
        name=name,
        content=content,
        description=description[:300],
        media_type=media_type or "application/octet-stream",
        limit_bytes=settings.UPLOAD_LIMIT_BYTES,
    )


def declare_input(
    artifact: Artifact, parent: Artifact, *, relation: str, use: str, by: User
) -> LineageEdge:
    """Declare one input of an artifact that is one's own.

    Raises
    ------
    NotYours, LineageRefused
        Also for a model that results stand on: what they were made with is on record.
    """
    refuse_strangers(artifact, by)
    if use not in LineageEdge.Use.values and not (use == "" and artifact.kind != "model"):
        known = ", ".join(LineageEdge.Use.values)
        raise LineageRefused(
            _("Say what it was used for."), _("Use one of %(known)s.") % {"known": known}
        )
    if is_entered(artifact):
        raise LineageRefused(
            _("Results stand on %(artifact)s, so its lineage is what they were entered with.")
            % {"artifact": artifact},
            _("Register a new version and declare it there."),
        )
    with transaction.atomic():
        _register_after(artifact, parent)
        return declare_lineage(artifact, parent, relation=relation, use=use, by=by)


def _register_after(artifact: Artifact, parent: Artifact) -> None:
    """Move the registration of an artifact that nothing is built on yet behind its new input's.

    Curators describe their data first and name outside sources then. Edges still run from newer
    to older, and nothing that somebody built on can get a younger input.
    """
    locked = Artifact.objects.select_for_update().get(pk=artifact.pk)
    if parent.registered_at > locked.registered_at and not locked.child_edges.exists():
        artifact.registered_at = timezone.now()
        Artifact.objects.filter(pk=artifact.pk).update(registered_at=artifact.registered_at)


def set_people(artifact: Artifact, shares: list[Share], *, by: User) -> None:
    """Replace the contributors; who saves confirms their own share.

    Raises
    ------
    NotYours, SharesRefused
    """
    refuse_strangers(artifact, by)
    set_shares(artifact, shares)


def _refuse_flood(by: User) -> None:
    since = timezone.now() - timedelta(days=1)
    if by.registered_artifacts.filter(registered_at__gt=since).count() >= REGISTRATIONS_PER_DAY:
        told = _("You registered %(limit)s artifacts within a day. Go on tomorrow.") % {
            "limit": REGISTRATIONS_PER_DAY
        }
        raise ArtifactRefused({"__all__": [told]})


def _refuse_facts(
    kind: str, facts: Mapping[str, Any], *, by: User, artifact: Artifact | None = None
) -> None:
    wrong: dict[str, list[str]] = {}
    team: Team | None = facts.get("team")
    if kind not in (Artifact.Kind.DATASET, Artifact.Kind.MODEL) and artifact is None:
        wrong["kind"] = [_("Register a dataset or a model; target sets come with their rounds.")]
    doi, url = facts.get("doi") or "", facts.get("url") or ""
    if doi and not normal_doi(doi):
        wrong["doi"] = [_("A DOI has the form 10.5281/zenodo.1234567.")]
    elif doi and _others_with(doi, artifact).exists():
        other = _others_with(doi, artifact)[0]
        wrong["doi"] = [
            _("%(other)s stands for this DOI already, as %(name)s.")
            % {"other": other, "name": f"{other.slug}@{other.version}"}
        ]
    if url and not url.lower().startswith(("https://", "http://")):
        wrong["url"] = [_("Write an address that begins with https://.")]
    if facts.get("is_stub") and not (doi or url) and artifact is None:
        wrong["doi"] = [_("Outside data is named by its DOI, or by a URL.")]
    if team is not None and not is_member(by, team):
        wrong["team"] = [_("You are not a member of this team.")]
    if wrong:
        raise ArtifactRefused(wrong)


def _others_with(doi: str, artifact: Artifact | None) -> Any:
    rows = Artifact.objects.filter(doi__iexact=normal_doi(doi))
    return rows.exclude(slug=artifact.slug) if artifact else rows


def _free_slug(wanted: str) -> str:
    base = slugify(wanted)[:70].strip("-") or "artifact"
    taken = set(
        Artifact.objects.filter(slug__startswith=base).values_list("slug", flat=True).distinct()
    )
    if base not in taken:
        return base
    return next(
        name for n in range(2, FREE_SLUGS + len(taken)) if (name := f"{base}-{n}") not in taken
    )


def _copy_people(old: Artifact, new: Artifact, *, by: User) -> None:
    shares = [
        Share(
            person=row.person,
            name=row.name,
            orcid=row.orcid,
            affiliation=row.affiliation or "",
            ror=row.ror or "",
            share_bp=row.share_bp,
            roles=tuple(row.roles),
            confirmed=row.person_id == by.pk,
        )
        for row in old.contributions.select_related("person").order_by("pk")
    ]
    if shares and old.shares_sealed:
        set_shares(new, shares)


def _copy_answers(old: Artifact, new: Artifact, *, changes: str, by: User) -> None:
    last = newest_statement(old, with_draft=True)
    answers = dict(last.answers) if last else {}
    answers.pop("released", None)
    if changes.strip():
        answers["changes"] = changes.strip()[:2000]
    Statement.objects.create(artifact=new, number=1, answers=answers, saved_by=by)
