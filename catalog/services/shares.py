"""Who made an artifact, and whose part is how large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.identity import is_identified, remedy_of_identity
from accounts.models import User
from catalog.errors import SharesRefused
from catalog.models import SHARES_TOTAL_BP, Artifact, Contribution


@dataclass(frozen=True, slots=True)
class Share:
    """One contributor: a person with an account, or a name until there is one."""

    person: User | None = None
    name: str = ""
    orcid: str = ""
    affiliation: str = ""
    ror: str = ""
    share_bp: int | None = None  # None for all: equal parts, the remainder by order
    roles: tuple[str, ...] = ()
    confirmed: bool = False


def set_shares(artifact: Artifact, shares: Sequence[Share]) -> list[Contribution]:
    """Replace the contributors of an artifact and seal them.

    A person whose confirmed share stays as large keeps the moment of its confirmation.

    Parameters
    ----------
    shares : sequence of Share
        With parts that sum to 10,000 basis points, or none with a part: then all are equal.

    Raises
    ------
    SharesRefused
        If they do not sum to the whole, or name nobody, or somebody twice.
    """
    parts = _parts(shares)
    _refuse_repeats(shares)
    with transaction.atomic():
        locked = Artifact.objects.select_for_update().get(pk=artifact.pk)
        before = {
            row.person_id: row for row in locked.contributions.all() if row.person_id is not None
        }
        # The database refuses to touch the shares of a sealed artifact, and to seal what is
        # not whole; so the order is: unseal, replace, seal.
        Artifact.objects.filter(pk=locked.pk).update(shares_sealed=False)
        locked.contributions.all().delete()
        rows = [
            _contribution(locked, share, part=part, before=before)
            for share, part in zip(shares, parts, strict=True)
        ]
        Artifact.objects.filter(pk=locked.pk).update(shares_sealed=True)
    artifact.shares_sealed = True
    return rows


def confirm_share(contribution: Contribution, *, by: User) -> bool:
    """Confirm one's own share; False if it was confirmed before.

    Raises
    ------
    SharesRefused
        If the share is somebody else's, or the site does not know who confirms it.
    """
    if contribution.person_id != by.pk:
        raise SharesRefused(
            _("This share is somebody else's."), _("Each person confirms their own.")
        )
    if not is_identified(by):
        raise SharesRefused(_("This site does not know yet who you are."), remedy_of_identity())
    changed = Contribution.objects.filter(
        pk=contribution.pk, person=by, confirmed_at__isnull=True
    ).update(confirmed_at=timezone.now())
    return changed == 1


def _parts(shares: Sequence[Share]) -> list[int]:
    if not shares:
        raise SharesRefused(_("There is no contributor."), _("Name at least one."))
    given = [share.share_bp for share in shares if share.share_bp is not None]
    if not given:
        each, left = divmod(SHARES_TOTAL_BP, len(shares))
        return [each + (index < left) for index in range(len(shares))]
    if len(given) != len(shares):
        raise SharesRefused(
            _("%(given)s of %(shares)s contributors have a share.")
            % {"given": len(given), "shares": len(shares)},
            _("Give every contributor a share, or none (then all are equal)."),
        )
    if sum(given) != SHARES_TOTAL_BP:
        raise SharesRefused(
            _("The shares sum to %(given)s basis points.") % {"given": sum(given)},
            _("They must sum to %(shares_total_bp)s (that is 100 %%).")
            % {"shares_total_bp": SHARES_TOTAL_BP},
        )
    return given


def _refuse_repeats(shares: Sequence[Share]) -> None:
    seen: set[tuple[str, Any]] = set()
    for share in shares:
        key = ("person", share.person.pk) if share.person else ("name", share.orcid or share.name)
        if key in seen:
            who = share.person.public_name if share.person else share.name
            raise SharesRefused(
                _("%(who)s is named twice.") % {"who": who}, _("Give each contributor one share.")
            )
        seen.add(key)


def _contribution(
    artifact: Artifact, share: Share, *, part: int, before: Mapping[int, Contribution]
) -> Contribution:
    earlier = before.get(share.person.pk) if share.person else None
    kept = earlier.confirmed_at if earlier and earlier.share_bp == part else None
    row = Contribution(
        artifact=artifact,
        person=share.person,
        name=share.name,
        orcid=share.orcid,
        affiliation=share.affiliation or None,
        ror=share.ror or None,
        share_bp=part,
        roles=list(share.roles),
        confirmed_at=timezone.now() if share.confirmed and kept is None else kept,
    )
    try:
        row.full_clean(validate_unique=False)
    except ValidationError as error:
        told = "; ".join(" ".join(reasons) for reasons in error.message_dict.values())
        raise SharesRefused(told) from None
    row.save()
    return row
