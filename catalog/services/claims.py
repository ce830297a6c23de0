"""Claiming a share of outside data, and what a steward decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from catalog.errors import ClaimRefused
from catalog.models import Artifact, Contribution, ShareClaim
from catalog.selectors import can_decide_claims
from catalog.services.shares import Share, set_shares


def claim_share(
    artifact: Artifact, *, by: User, evidence: str, name: str = "", roles: Sequence[str] = ()
) -> ShareClaim:
    """Say that one is among the makers of what a stub stands for.

    Parameters
    ----------
    name : str
        The contributor that one is, as it stands there; empty for a name that is missing.

    Raises
    ------
    ClaimRefused
        If it is no stub, the share is one's own already, or a claim waits.
    """
    if not artifact.is_stub:
        raise ClaimRefused(
            _("Only shares of data that is kept elsewhere are claimed here."),
            _("Ask who registered this to name you."),
        )
    if artifact.contributions.filter(person=by).exists():
        raise ClaimRefused(_("You are among its contributors already."))
    if name and not artifact.contributions.filter(person=None, name=name).exists():
        raise ClaimRefused(_("No unclaimed contributor is called %(name)s.") % {"name": repr(name)})
    claim = ShareClaim(
        artifact=artifact, person=by, name=name, roles=list(roles), evidence=evidence.strip()
    )
    try:
        claim.full_clean()
    except ValidationError as error:
        raise ClaimRefused(" ".join(error.messages)) from None
    claim.save()
    return claim


def confirm_claim(claim: ShareClaim, *, by: User, reason: str) -> bool:
    """Give the claimant the named contributor's share, or an equal part; False if decided before.

    Who confirmed a share that becomes smaller by this is asked to confirm the new one.
    """
    with transaction.atomic():
        artifact = Artifact.objects.select_for_update().get(pk=claim.artifact_id)
        if not _decide(claim, ShareClaim.State.CONFIRMED, by=by, reason=reason):
            return False
        set_shares(artifact, _shares_with(claim, artifact))
        audit.record(audit.Act.ADMIN, claim, by=by, after="confirmed", reason=reason)
    return True


def decline_claim(claim: ShareClaim, *, by: User, reason: str) -> bool:
    """Decline a claim; False if it was decided before."""
    with transaction.atomic():
        if not _decide(claim, ShareClaim.State.DECLINED, by=by, reason=reason):
            return False
        audit.record(audit.Act.ADMIN, claim, by=by, after="declined", reason=reason)
    return True


def _decide(claim: ShareClaim, state: str, *, by: User, reason: str) -> bool:
    if not can_decide_claims(by):
        raise ClaimRefused(_("Only a steward of the catalog decides claims."))
    if claim.person_id == by.pk:
        raise ClaimRefused(_("This is your own claim."), _("Another steward decides it."))
    changed = ShareClaim.objects.filter(pk=claim.pk, state=ShareClaim.State.OPEN).update(
        state=state, decided_by=by, decided_at=timezone.now(), reason=reason[:300]
    )
    return changed == 1


def _shares_with(claim: ShareClaim, artifact: Artifact) -> list[Share]:
    rows = list(artifact.contributions.select_related("person").order_by("pk"))
    mine = next((row for row in rows if row.person is None and row.name == claim.name), None)
    if mine is not None:
        return [_as_share(row, claim if row == mine else None) for row in rows]
    new = Share(
        person=claim.person, orcid=claim.person.orcid, roles=tuple(claim.roles), confirmed=True
    )
    return [*(replace(_as_share(row), share_bp=None) for row in rows), new]


def _as_share(row: Contribution, claim: ShareClaim | None = None) -> Share:
    return Share(
        person=claim.person if claim else row.person,
        name="" if claim else row.name,
        orcid=row.orcid or (claim.person.orcid if claim else ""),
        affiliation=row.affiliation or "",
        ror=row.ror or "",
        share_bp=row.share_bp,
        roles=tuple((claim.roles if claim else None) or row.roles),
        confirmed=claim is not None,
    )
